//! Readme: what it shows is what one gets.

use workflow_core::prelude::*;

#[event]
struct Joke {
    text: String,
}

struct JokeFlow;

#[workflow]
impl JokeFlow {
    #[step]
    async fn generate_joke(&self, topic: StartEvent<String>) -> Joke {
        Joke { text: topic.0 }
    }

    #[step]
    async fn critique_joke(&self, joke: Joke) -> StopEvent<String> {
        StopEvent(joke.text)
    }
}

#[test]
fn the_picture_in_the_readme_is_the_one_that_the_flow_draws() {
    let readme = include_str!("../../README.md");
    let picture = format!("```mermaid\n{}```\n", JokeFlow::draw().mermaid());
    assert!(readme.contains(&picture), "{picture}");
}

#[test]
fn the_text_for_a_terminal_names_each_step_with_what_starts_it_and_what_it_gives() {
    insta::assert_snapshot!(JokeFlow::draw(), @"
    JokeFlow
      StartEvent<String> -> [generate_joke] -> Joke
      Joke               -> [critique_joke] -> StopEvent<String> (end)
    ");
}

#[test]
fn a_picture_in_an_unknown_form_is_an_error_that_lists_the_known_ones() {
    let error = JokeFlow::draw().save("joke.bmp").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`joke.bmp` cannot be drawn: the known extensions are `.mmd`, `.mermaid`, `.md`, `.txt`"
    );
}

#[event]
struct Approval;

/// Waits for its caller, and mends its own failures.
struct Asks;

#[workflow(receives(Approval))]
impl Asks {
    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, topic: StartEvent<String>) -> Result<Joke, std::io::Error> {
        ctx.wait_for::<Approval>().await;
        Ok(Joke { text: topic.0 })
    }

    #[step]
    async fn tell(&self, joke: Joke) -> StopEvent<String> {
        StopEvent(joke.text)
    }

    #[step]
    #[catch(of(ask))]
    async fn mend(&self, _failed: StepFailed) -> Joke {
        Joke { text: String::new() }
    }

    #[step]
    #[catch]
    async fn give_up(&self, _failed: StepFailed) -> StopEvent<String> {
        StopEvent(String::new())
    }
}

#[test]
fn a_picture_shows_what_a_step_waits_for_and_where_its_failure_goes() {
    insta::assert_snapshot!(Asks::draw().mermaid(), @r#"
    flowchart TB
        start(((start)))
        stop(((stop)))
        s0["ask"]
        s1["tell"]
        s2["mend"]
        s3["give_up"]
        caller[/"caller"/]
        start -->|"StartEvent#lt;String#gt;"| s0
        caller -.->|"Approval, waited for"| s0
        s0 -->|"Joke"| s1
        s0 -->|"StepFailed"| s2
        s1 -->|"StopEvent#lt;String#gt;"| stop
        s1 -->|"StepFailed"| s3
        s2 -->|"Joke"| s1
        s3 -->|"StopEvent#lt;String#gt;"| stop
        classDef door stroke-dasharray: 4 3
        class caller door
    "#);
}
