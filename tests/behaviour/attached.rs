//! Attached: workflows whose steps are free functions, gathered when the program is linked.
//!
//! That they behave as an `impl` block does is for the twins; here is what only they have.

use serde_json::{Value, json};
use workflow_attached_steps::{Desk, Draft};
use workflow_core::prelude::*;

mod findings;
mod options;
mod order;

#[event]
struct Joke {
    text: String,
}

#[workflow(timeout = "60s")]
struct JokeFlow {
    opinion: &'static str,
}

/// Writes a joke.
#[step(workflow = JokeFlow)]
async fn generate_joke(topic: StartEvent) -> Result<Joke, workflow_core::FieldError> {
    let topic: String = topic.get("topic")?;
    Ok(Joke { text: format!("a joke about {topic}") })
}

#[step(workflow = JokeFlow)]
async fn critique_joke(flow: &JokeFlow, joke: Joke) -> StopEvent<String> {
    StopEvent(format!("{} is {}", joke.text, flow.opinion))
}

#[tokio::test]
async fn free_functions_are_the_steps_of_a_workflow() {
    let flow = JokeFlow { opinion: "old" };
    let critique = flow.run(fields! { "topic" => "pirates" }).await.unwrap();
    assert_eq!(critique, json!("a joke about pirates is old"));
    JokeFlow::check().unwrap();
}

#[tokio::test]
async fn a_step_stays_a_function_that_a_test_calls() {
    let joke = Joke { text: "this".into() };
    assert_eq!(critique_joke(&JokeFlow { opinion: "new" }, joke).await.0, "this is new");
}

#[tokio::test]
async fn an_input_that_is_not_what_the_first_step_takes_says_what_that_is() {
    let error = JokeFlow { opinion: "" }.run("pirates").await.unwrap_err();
    assert!(matches!(&error, RunError::Input { wanted, .. } if wanted == "Fields"));
    assert_eq!(error.to_string(), "the input is no `Fields`");
    let started = std::sync::Arc::new(JokeFlow { opinion: "" }).start(7);
    assert_eq!(started.await.unwrap_err().to_string(), "the input is no `Fields`");
}

#[test]
fn the_graph_and_its_picture_are_those_of_a_block() {
    let graph = JokeFlow::graph();
    let steps: Vec<_> = graph.steps.iter().map(|step| (step.name, step.doc)).collect();
    assert_eq!(steps, [("generate_joke", "Writes a joke."), ("critique_joke", "")]);
    let events: Vec<_> = graph.events.iter().map(|event| event.name).collect();
    assert_eq!(events, ["StartEvent", "Joke", "StopEvent<String>"]);
    assert!(JokeFlow::draw().mermaid().contains("critique_joke"));
}

/// Attached to a workflow of another crate, which has a step of its own.
#[step(workflow = Desk)]
async fn begin(_: &Desk, topic: StartEvent<String>) -> Draft {
    Draft { text: format!("on {topic}") }
}

#[tokio::test]
async fn the_steps_of_a_workflow_may_stand_in_several_crates() {
    Desk::check().unwrap();
    assert_eq!(Desk.run("pirates").await.unwrap(), "on pirates.");
}

mod elsewhere {
    //! A workflow of the same name as one above.

    use super::*;

    #[workflow(input = bool)]
    pub struct JokeFlow;

    #[step(workflow = JokeFlow)]
    fn only(funny: StartEvent<bool>) -> StopEvent<bool> {
        StopEvent(funny.0)
    }
}

#[tokio::test]
async fn two_workflows_of_one_name_are_two() {
    assert_eq!(elsewhere::JokeFlow.run(true).await.unwrap(), Value::Bool(true));
    assert_eq!(elsewhere::JokeFlow::graph().steps.len(), 1);
    assert_eq!(JokeFlow::graph().steps.len(), 2);
}

/// Its result has keys that JSON has not.
#[workflow]
struct Pairs;

#[step(workflow = Pairs)]
async fn pairs(_: StartEvent<()>) -> StopEvent<std::collections::HashMap<(u8, u8), u8>> {
    StopEvent([((1, 2), 3)].into())
}

#[tokio::test]
async fn a_result_that_has_no_form_in_json_wants_its_type_said() {
    let error = Pairs.run(()).await.unwrap_err();
    assert!(matches!(error, RunError::Output { .. }), "{error}");
}

#[event]
struct Page(u32);
#[event]
struct Note;

/// Receives what a step gathers, and tells what the caller and the steps may not send.
#[workflow(input = u32, output = usize, receives(Page), publishes(Note))]
struct Doors;

#[step(workflow = Doors)]
async fn open(ctx: &Context<Doors>, pages: StartEvent<u32>) -> Result<Vec<Page>, SendError> {
    match pages.0 {
        98 => ctx.send(Page(1))?,
        99 => ctx.publish(Page(1)),
        _ => ctx.publish(Note),
    }
    Ok((0..pages.0).map(Page).collect())
}

#[step(workflow = Doors)]
async fn gather(pages: Vec<Page>) -> StopEvent<usize> {
    StopEvent(pages.len())
}

#[tokio::test]
async fn an_event_that_the_caller_may_not_send_is_an_error_with_the_line_to_write() {
    let run = Doors.run(2u32);
    let unknown = run.send(Joke { text: String::new() }).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "this workflow does not receive `Joke`: write `#[workflow(receives(Joke))]`, and let a step take it"
    );
    assert!(matches!(run.send(Note), Err(SendError::NotReceived { event: "Note", .. })));
    let gathered = run.send(Page(1)).unwrap_err();
    assert_eq!(
        gathered.to_string(),
        "`Page` is sent, and step `gather` gathers it with its batch, to which a sent event does not belong"
    );
    assert_eq!(run.await.unwrap(), 2);
}

#[tokio::test]
async fn a_step_that_sends_or_publishes_what_is_not_declared_fails_with_the_line_to_write() {
    let sent = Doors.run(98u32).await.unwrap_err();
    assert_eq!(
        sent.step_error::<SendError>().unwrap().to_string(),
        "step `open` does not declare that it sends `Page`: write `#[step(sends(Page))]`"
    );
    let published = Doors.run(99u32).await.unwrap_err();
    assert_eq!(
        published.step_error::<workflow_core::StepPanicked>().unwrap().message,
        "this workflow does not publish `Page`: write `#[workflow(publishes(Page))]`"
    );
}

#[tokio::test]
async fn a_stream_yields_events_that_are_asked_for_by_type() {
    let mut run = Doors.run(1u32);
    let event = run.next().await.unwrap();
    assert!(event.is::<Note>() && !event.is::<Page>());
    assert_eq!((event.name(), event.get::<Page>().is_none()), ("Note", true));
    assert!(event.take::<Page>().unwrap_err().take::<Note>().is_ok());
}

#[test]
fn every_workflow_of_the_program_is_listed_by_name() {
    let all: Vec<_> = workflow_core::workflows().collect();
    assert!(all.is_sorted_by_key(|listed| (listed.name(), listed.module())));
    let named = |name: &str| -> Vec<_> {
        all.iter().filter(|listed| listed.name() == name).map(|listed| listed.module()).collect()
    };
    assert_eq!(named("JokeFlow"), ["behaviour::attached", "behaviour::attached::elsewhere"]);
    assert_eq!(named("Desk"), ["workflow_attached_steps"]);
    assert_eq!(named("Loop"), ["behaviour::routing::a_loop::attached", "behaviour::routing::a_loop::block"]);
    assert_eq!(named("Generic"), ["behaviour::attached"]);
    let desk = all.iter().find(|listed| listed.name() == "Desk").unwrap();
    assert_eq!(desk.graph().steps.len(), 2);
    desk.check().unwrap();
}

#[derive(OneOf)]
enum Either {
    Page(Page),
    Joke(Joke),
}

/// Takes either of two events, the first two of a batch, and functions that are not async or not there.
#[workflow(input = u32, output = String, state = Vec<String>)]
struct Forms;

#[step(workflow = Forms)]
fn make(pages: StartEvent<u32>) -> Vec<Either> {
    let joke = Joke { text: "joke".into() };
    (0..pages.0).map(|page| Page(page).into()).chain([joke.into()]).collect()
}

/// Its events are told apart when the program runs.
#[step(workflow = Forms, on(Page, Joke), workers = 1)]
async fn either(ctx: &Context<Forms>, event: Either) -> Option<Draft> {
    let text = match event {
        Either::Page(page) => format!("page {}", page.0),
        Either::Joke(joke) => joke.text,
    };
    ctx.state(|seen| seen.push(text.clone()));
    Some(Draft { text })
}

#[cfg(any())]
#[step(workflow = Forms)]
async fn is_not_compiled(_: StartEvent<u32>) -> StopEvent<u8> {
    StopEvent(1)
}

#[step(workflow = Forms)]
#[cfg(any())]
async fn is_not_compiled(_: StartEvent<u32>) -> StopEvent<u8> {
    StopEvent(1)
}

#[step(workflow = Forms)]
async fn two_are_enough(ctx: &Context<Forms>, #[take(2)] drafts: Vec<Draft>, _: &Forms) -> StopEvent<String> {
    let drafts: Vec<_> = drafts.into_iter().map(|draft| draft.text).collect();
    StopEvent(format!("{} of {}", drafts.join(" and "), ctx.state(|seen| seen.len())))
}

#[tokio::test]
async fn a_function_takes_and_gives_what_a_method_does() {
    assert_eq!(Forms.run(3u32).await.unwrap(), "page 0 and page 1 of 2");
    assert_eq!(Forms.run(0u32).state(vec!["before".into()]).await.unwrap(), "joke of 2");
    let names: Vec<_> = Forms::graph().steps.iter().map(|step| (step.name, step.workers)).collect();
    assert_eq!(names, [("make", 4), ("either", 1), ("two_are_enough", 4)]);
}

struct Generic<L>(L);

#[workflow]
impl<L: Into<u32> + Copy> Generic<L> {
    #[step]
    async fn only(&self, _: StartEvent<()>) -> StopEvent<u32> {
        StopEvent(self.0.into())
    }
}

#[tokio::test]
async fn a_generic_workflow_is_listed_once() {
    assert_eq!(Generic(7u8).run(()).await.unwrap(), 7);
}
