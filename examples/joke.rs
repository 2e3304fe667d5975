//! Joke: two steps, one of which writes a joke and the other criticises it.
//!
//! `cargo run --example joke -- pirates`. The signatures are the wiring: `generate_joke` takes the input
//! and gives a `Joke`, `critique_joke` takes the `Joke` and gives the result.

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

/// A flow is any type of yours; this one is generic over the model that it asks.
struct JokeFlow<L> {
    llm: L,
}

#[workflow(publishes(Joke))]
impl<L: Llm> JokeFlow<L> {
    /// Writes a joke about the topic.
    #[step]
    async fn generate_joke(&self, topic: StartEvent<String>) -> Result<Joke, LlmError> {
        let text = self.llm.complete(&format!("Write your best joke about {topic}.")).await?;
        Ok(Joke { text })
    }

    /// Says what is good and bad about it.
    #[step]
    async fn critique_joke(&self, joke: Joke) -> Result<StopEvent<String>, LlmError> {
        let prompt = format!("Give a thorough analysis and critique of the following joke: {}", joke.text);
        Ok(StopEvent(self.llm.complete(&prompt).await?))
    }
}

/// What to say when there is no model: a pattern for the prompt, and the reply to it.
const CANNED: Canned = Canned::new(&[
    ("Write your best joke about {}.", "Why did nobody play cards with {}? They always dealt in puns."),
    (
        "Give a thorough analysis and critique of the following joke: {}",
        "A question, a pause and a pun: the form is sound. The pun would fit any topic, so it owes the topic nothing.",
    ),
]);

/// Writes a joke and a critique of it.
#[derive(Parser)]
struct Options {
    /// What the joke is about.
    topic: Vec<String>,

    /// Where the picture of the flow goes: .md, .mmd or .txt.
    #[arg(long, default_value = "joke_flow.md")]
    picture: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    program(tell).await
}

async fn tell(options: Options) -> Result<(), Failure> {
    let topic = options.topic.join(" ");
    if topic.trim().is_empty() {
        return Err("no topic; say what the joke is about: `cargo run --example joke -- pirates`".into());
    }
    let llm = AnyLlm::from_env(CANNED)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", llm.describe())?;

    let flow = JokeFlow { llm };
    let mut run = flow.run(topic).timeout(Duration::from_secs(300));
    while let Some(JokeFlowEvent::Joke(joke)) = run.next().await {
        writeln!(out, "\njoke: {}", joke.text)?;
    }
    writeln!(out, "\ncritique: {}", run.await?)?;

    writeln!(out, "\n{}", save_picture(&JokeFlow::<AnyLlm>::draw(), &options.picture)?)?;
    Ok(())
}
