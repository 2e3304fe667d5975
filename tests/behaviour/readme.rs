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
