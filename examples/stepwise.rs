//! Stepwise: a run that is taken one delivery at a time, to watch it or to stop in the middle.
//!
//! `cargo run --example stepwise -- pirates`. Between two calls of `run.step()` nothing runs; add `--pause` to
//! look around there for as long as you like.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use clap::Parser;
use workflow_core::prelude::*;
use workflow_examples::{AnyLlm, Canned, Failure, Llm, LlmError, program, save_picture};

/// A joke, and how many were written before it.
#[event]
struct Joke {
    text: String,
    revision: u32,
}

/// What to do better.
#[event]
struct Critique {
    joke: Joke,
    text: String,
}

/// What follows from a joke: a critique of it, or the end.
#[derive(OneOf)]
enum Verdict {
    Again(Critique),
    Enough(StopEvent<String>),
}

/// Writes a joke and improves it, a few times over.
struct Writer<L> {
    llm: L,
    revisions: u32,
}

#[workflow]
impl<L: Llm> Writer<L> {
    /// Writes a joke about the topic.
    #[step(retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn generate_joke(&self, topic: StartEvent<String>) -> Result<Joke, LlmError> {
        let text = self.llm.complete(&format!("Write your best joke about {topic}.")).await?;
        Ok(Joke { text, revision: 0 })
    }

    /// Says what to do better, until the joke was improved often enough.
    #[step(retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn critique_joke(&self, joke: Joke) -> Result<Verdict, LlmError> {
        if joke.revision == self.revisions {
            return Ok(Verdict::Enough(StopEvent(joke.text)));
        }
        let prompt = format!("Say in one sentence what would improve this joke: {}", joke.text);
        let text = self.llm.complete(&prompt).await?;
        Ok(Verdict::Again(Critique { joke, text }))
    }

    /// Writes the joke anew, as the critique says.
    #[step(retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn improve_joke(&self, critique: Critique) -> Result<Joke, LlmError> {
        let Critique { joke, text: advice } = critique;
        let prompt = format!("Improve this joke. Do this: {advice} The joke: {}", joke.text);
        let text = self.llm.complete(&prompt).await?;
        Ok(Joke { text, revision: joke.revision + 1 })
    }
}

/// What to say when there is no model: a pattern for the prompt, and the reply to it.
const CANNED: Canned = Canned::new(&[
    ("Write your best joke about {}.", "Why did nobody play cards with {}? They always dealt in puns."),
    ("Say in one sentence what would improve this joke: {}", "Make it shorter."),
    (
        "Improve this joke. Do this: Make it shorter. The joke: Why did nobody play cards with {}? They always dealt in puns.",
        "No cards with {}: all puns.",
    ),
    ("Improve this joke. Do this: Make it shorter. The joke: {}", "{}"),
]);

/// Writes a joke and improves it, and prints each delivery of the run.
#[derive(Parser)]
struct Options {
    /// What the joke is about.
    topic: Vec<String>,

    /// How often the joke is improved.
    #[arg(long, default_value_t = 1)]
    revisions: u32,

    /// Wait for the return key before each delivery.
    #[arg(long)]
    pause: bool,

    /// Where the picture of the flow goes: .html, .svg, .md, .mmd, .dot or .txt.
    #[arg(long, default_value = "stepwise.html")]
    picture: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    program(watch).await
}

async fn watch(options: Options) -> Result<(), Failure> {
    let topic = options.topic.join(" ");
    if topic.trim().is_empty() {
        return Err("no topic; say what the joke is about: `cargo run --example stepwise -- pirates`".into());
    }
    let llm = AnyLlm::from_env(CANNED)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}\n", llm.describe())?;

    let flow = Writer { llm, revisions: options.revisions };
    let mut run = flow.run(topic);
    let mut deliveries = 0;
    while !run.is_done() {
        if options.pause {
            write!(out, "return for the next delivery: ")?;
            out.flush()?;
            std::io::stdin().lock().read_line(&mut String::new())?;
        }
        if let Some(delivery) = run.step().await {
            deliveries += 1;
            writeln!(out, "{deliveries}. {delivery}")?;
        }
    }
    // `run.result()` looks at the result; to await the run takes it.
    writeln!(out, "\nafter {deliveries} deliveries: {}", run.await?)?;
    writeln!(out, "\n{}", save_picture(&Writer::<AnyLlm>::draw(), &options.picture)?)?;
    Ok(())
}
