//! Findings: what is wrong with the functions that are attached to a workflow.
//!
//! Each module that is named for a file of `ui/fail/graph` is its wrong workflow as free functions; the
//! first findings in that file are what the compiler says of the block, word for word.

use workflow_core::prelude::*;

#[event]
struct Draft;
#[event]
struct Review;
#[event]
struct Page;

/// The findings in what the compiler prints, in order, each once.
fn printed(text: &str) -> Vec<String> {
    let (mut all, mut lines): (Vec<String>, _) = (Vec::new(), text.lines().peekable());
    while let Some(line) = lines.next() {
        let said = line.split_once(": ").filter(|(kind, _)| kind.starts_with("error"));
        let finding = match said {
            Some((_, what)) => {
                let what = what.trim_start_matches("evaluation panicked: ");
                let help = lines.peek().map_or("", |help| help.trim_start());
                if help.starts_with("help: ") { format!("{what}\n{help}") } else { what.to_owned() }
            }
            None => match (line.trim_start().strip_prefix("= note: let a step"), all.last_mut()) {
                (Some(help), Some(last)) if !last.contains("help: ") => {
                    *last += &format!("\nhelp: let a step{help}");
                    continue;
                }
                _ => continue,
            },
        };
        if !all.contains(&finding) {
            all.push(finding);
        }
    }
    all
}

/// The findings about a workflow, for which the first run ends with the same.
async fn found<W: Workflow>(flow: W, input: impl Into<W::Input>) -> Vec<String> {
    let error = W::check().unwrap_err();
    let Err(RunError::Graph(first_run)) = flow.run(input).await else {
        panic!("a workflow that cannot run does not");
    };
    assert_eq!(first_run, error);
    let listed = workflow_core::workflows().filter_map(|listed| listed.check().err());
    assert!(listed.collect::<Vec<_>>().contains(&error));
    error.findings().to_vec()
}

macro_rules! wrong {
    ($file:ident $name:literal: [$($options:tt)*] $($steps:tt)*) => {
        mod $file {
            use super::*;

            #[workflow(name = $name, input = String, output = u32, $($options)*)]
            struct Flow;

            $($steps)*

            #[tokio::test]
            async fn is_said_in_the_words_of_the_compiler() {
                let text = include_str!(concat!("../../ui/fail/graph/", stringify!($file), ".stderr"));
                let found = found(Flow, "pirates").await;
                assert_eq!(found, printed(text)[..found.len()]);
                assert_ne!(found.len(), 0);
            }
        }
    };
}

wrong! { no_start "Plain": []
    #[step(workflow = Flow)]
    async fn write(_: Draft) -> StopEvent<u32> {
        StopEvent(1)
    }
}

wrong! { no_stop "Plain": []
    #[step(workflow = Flow)]
    async fn write(_: StartEvent<String>) -> Draft {
        Draft
    }

    #[step(workflow = Flow)]
    async fn review(_: Draft) {}
}

wrong! { received_event_is_not_taken "Flow": [receives(Approval)]
    #[event]
    struct Approval;

    #[step(workflow = Flow)]
    async fn write(_: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

wrong! { sent_event_is_gathered "Flow": []
    #[step(workflow = Flow, sends(Page))]
    async fn write(_: StartEvent<String>) -> Vec<Page> {
        vec![]
    }

    #[step(workflow = Flow)]
    async fn gather(_: Vec<Page>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

wrong! { sent_event_is_not_taken "Flow": []
    #[event]
    struct Progress;

    #[step(workflow = Flow, sends(Progress))]
    async fn write(_: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

wrong! { step_takes_the_stop "Flow": []
    #[step(workflow = Flow)]
    async fn write(_: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step(workflow = Flow)]
    async fn after(_: StopEvent<u32>) -> StopEvent<u32> {
        StopEvent(2)
    }
}

wrong! { two_starts "Flow": []
    #[step(workflow = Flow)]
    async fn write(_: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step(workflow = Flow)]
    async fn count(_: StartEvent<u32>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

wrong! { two_stops "Flow": []
    #[step(workflow = Flow)]
    async fn write(_: StartEvent<String>) -> (Draft, Option<StopEvent<u32>>) {
        (Draft, Some(StopEvent(1)))
    }

    #[step(workflow = Flow)]
    async fn review(_: Draft) -> Result<StopEvent<String>, std::io::Error> {
        Ok(StopEvent(String::new()))
    }
}

wrong! { event_goes_nowhere "Plain": []
    #[step(workflow = Flow)]
    async fn write(_: StartEvent<String>) -> Draft {
        Draft
    }

    #[step(workflow = Flow)]
    async fn finish(_: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

wrong! { event_of_an_enum_goes_nowhere "Plain": []
    #[derive(OneOf)]
    enum Verdict {
        Again(Draft),
        Done(StopEvent<u32>),
    }

    #[step(workflow = Flow)]
    async fn judge(_: StartEvent<String>) -> Verdict {
        if true { StopEvent(1).into() } else { Draft.into() }
    }
}

wrong! { step_never_runs "Plain": []
    #[step(workflow = Flow)]
    async fn write(_: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step(workflow = Flow)]
    async fn review(_: Draft) -> StopEvent<u32> {
        StopEvent(2)
    }
}

wrong! { loop_without_exit "Plain": []
    #[step(workflow = Flow)]
    async fn begin(_: StartEvent<String>) -> (Draft, Option<StopEvent<u32>>) {
        (Draft, Some(StopEvent(1)))
    }

    #[step(workflow = Flow)]
    async fn write(_: Draft) -> Review {
        Review
    }

    #[step(workflow = Flow)]
    async fn review(_: Review) -> Draft {
        Draft
    }
}

wrong! { dead_join "Flow": []
    #[event]
    struct Good;
    #[event]
    struct Bad;

    #[derive(OneOf)]
    enum Verdict {
        Good(Good),
        Bad(Bad),
    }

    #[step(workflow = Flow)]
    async fn judge(_: StartEvent<String>) -> Verdict {
        if true { Good.into() } else { Bad.into() }
    }

    #[step(workflow = Flow)]
    async fn print(_: Good, _: Bad) -> StopEvent<u32> {
        StopEvent(1)
    }
}

wrong! { vec_in_a_vec "Flow": []
    #[step(workflow = Flow)]
    async fn write(_: StartEvent<String>) -> Vec<Vec<Draft>> {
        vec![]
    }

    #[step(workflow = Flow)]
    async fn gather(_: Vec<Draft>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

wrong! { batch_that_no_vec_brings "Flow": []
    #[step(workflow = Flow)]
    async fn write(_: StartEvent<String>) -> Draft {
        Draft
    }

    #[step(workflow = Flow)]
    async fn gather(_: Vec<Draft>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

#[workflow]
struct Empty;

#[workflow(input = u32)]
struct Mixed;

#[step(workflow = Mixed)]
async fn write(_: StartEvent<Vec<String>>) -> StopEvent<u32> {
    StopEvent(1)
}

mod again {
    use super::*;

    #[step(workflow = Mixed)]
    async fn write(_: StartEvent<Vec<String>>) -> StopEvent<u32> {
        StopEvent(2)
    }
}

#[tokio::test]
async fn a_workflow_without_a_step_says_how_one_is_attached() {
    assert_eq!(
        found(Empty, 1).await,
        [
            "workflow `Empty` has no step\nhelp: write `#[step(workflow = Empty)]` above a function that takes `StartEvent<T>`; one in another crate counts when that crate is used: `use its_crate as _;`"
        ]
    );
}

#[tokio::test]
async fn two_steps_of_one_name_and_an_input_of_another_type_are_found_and_told_together() {
    let found = found(Mixed, 1u32).await;
    let (twice, input) = (&found[0], &found[1]);
    assert!(
        twice
            .starts_with("two steps are named `write`: one stands in `behaviour::attached::findings`, line ")
    );
    assert!(twice.ends_with("\nhelp: rename one of the two"));
    assert_eq!(
        input,
        "the workflow says `input = u32`, but its first step takes `StartEvent<Vec<String>>`\nhelp: write `#[workflow(input = Vec<String>)]`, or take `StartEvent<u32>`"
    );
    let text = Mixed::check().unwrap_err().to_string();
    assert!(text.starts_with("workflow `Mixed` cannot run\n- two steps are named `write`"));
    assert!(text.contains("\n- the workflow says `input = u32`") && text.contains("\n  help: write "));
}

#[test]
fn what_cannot_run_can_be_drawn() {
    assert!(Empty::draw().to_string().contains("Empty"));
    assert!(Mixed::draw().mermaid().contains("write"));
    assert_eq!(event_goes_nowhere_graph(), ["StartEvent<String>", "StopEvent<u32>", "Draft"]);
}

fn event_goes_nowhere_graph() -> Vec<&'static str> {
    let flow = workflow_core::workflows().find(|listed| listed.module().ends_with("event_goes_nowhere"));
    flow.unwrap().graph().events.iter().map(|event| event.name).collect()
}
