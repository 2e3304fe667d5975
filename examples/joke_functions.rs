//! Joke, from free functions: the same two steps as in `joke`, without an `impl` block.
//!
//! `cargo run --example joke_functions -- pirates`. Each function says which workflow it is a step of, so
//! steps may stand in other modules and crates than the workflow; the program gathers them when it is linked.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use workflow_core::prelude::*;
use workflow_examples::{AnyLlm, Canned, Failure, Llm, LlmError, program, save_picture};

/// What passes from the first step to the second, and to the caller.
#[event]
struct Joke {
    text: String,
}

/// The workflow: what its steps share, and what a run takes and gives.
#[workflow(input = String, output = String, publishes(Joke))]
struct JokeFlow {
    llm: AnyLlm,
}

/// Writes a joke about the topic.
#[step(workflow = JokeFlow)]
async fn generate_joke(flow: &JokeFlow, topic: StartEvent<String>) -> Result<Joke, LlmError> {
    let text = flow.llm.complete(&format!("Write your best joke about {topic}.")).await?;
    Ok(Joke { text })
}

/// Says what is good and bad about it.
#[step(workflow = JokeFlow)]
async fn critique_joke(flow: &JokeFlow, joke: Joke) -> Result<StopEvent<String>, LlmError> {
    let prompt = format!("Give a thorough analysis and critique of the following joke: {}", joke.text);
    Ok(StopEvent(flow.llm.complete(&prompt).await?))
}

/// What to say when there is no model: a pattern for the prompt, and the reply to it.
const CANNED: Canned = Canned::new(&[
    ("Write your best joke about {}.", "Why did nobody play cards with {}? They always dealt in puns."),
    (
        "Give a thorough analysis and critique of the following joke: {}",
        "A question, a pause and a pun: the form is sound. The pun would fit any topic, so it owes the topic nothing.",
    ),
]);

/// Writes a joke and a critique of it, by steps that are free functions.
#[derive(Parser)]
struct Options {
    /// What the joke is about.
    topic: Vec<String>,

    /// Where the picture of the flow goes: .html, .svg, .md, .mmd, .dot or .txt.
    #[arg(long, default_value = "joke_functions.html")]
    picture: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    program(tell).await
}

async fn tell(options: Options) -> Result<(), Failure> {
    let topic = options.topic.join(" ");
    if topic.trim().is_empty() {
        return Err(
            "no topic; say what the joke is about: `cargo run --example joke_functions -- pirates`".into()
        );
    }
    let llm = AnyLlm::from_env(CANNED)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", llm.describe())?;

    // The compiler sees each function alone. What it checks of an `impl` block, this checks of them together;
    // the first run would do it too.
    JokeFlow::check()?;

    let flow = JokeFlow { llm };
    let mut run = flow.run(topic).timeout(Duration::from_secs(300));
    while let Some(event) = run.next().await {
        if let Some(joke) = event.get::<Joke>() {
            writeln!(out, "\njoke: {}", joke.text)?;
        }
    }
    writeln!(out, "\ncritique: {}", run.await?)?;
    writeln!(out, "\n{}", save_picture(&JokeFlow::draw(), &options.picture)?)?;
    Ok(())
}
