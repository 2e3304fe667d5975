//! Reflection: a typed record out of a text. What does not fit the record's schema goes back to the model.
//!
//! `cargo run --example reflection`, or with a text of your own. `extract` asks, `validate` holds the reply
//! against the schema, `reflect` says what is wrong with it, and the loop is in the picture.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow_core::prelude::*;
use workflow_examples::{
    AnyLlm, Canned, Chat, Failure, Line, Llm, LlmError, Message, Reply, Schema, program, save_picture,
};

/// What to find in a text. The JSON schema that the model gets is made from this type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Meeting {
    /// What it is about, in a few words.
    topic: String,
    /// The day, as YYYY-MM-DD.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    date: String,
    /// When it begins, as HH:MM.
    #[schemars(regex(pattern = r"^\d{2}:\d{2}$"))]
    time: String,
    /// How long it takes.
    #[schemars(range(min = 5, max = 480))]
    minutes: u16,
    /// The first names of those who come.
    #[schemars(length(min = 1))]
    people: Vec<String>,
}

/// The conversation so far, to be answered for the `attempt`-th time.
#[event]
struct Task {
    messages: Vec<Message>,
    attempt: u32,
}

/// What the model made of it.
#[event]
struct Draft {
    task: Task,
    text: String,
}

/// A draft that is no such record, for the model and for the caller to see.
#[event]
struct Rejected {
    draft: Draft,
    errors: Vec<String>,
}

#[derive(OneOf)]
enum Verdict {
    Good(StopEvent<Meeting>),
    Bad(Rejected),
}

/// The model has had its attempts.
#[derive(Debug, thiserror::Error)]
#[error("the model wrote no such record in {attempts} attempts; the last one: {}", errors.join("; "))]
struct GivenUp {
    attempts: u32,
    errors: Vec<String>,
}

struct Reflection<L> {
    llm: L,
    schema: Schema<Meeting>,
    attempts: u32,
}

#[workflow(publishes(Rejected))]
impl<L: Llm> Reflection<L> {
    /// Says what to do.
    #[step]
    async fn begin(&self, text: StartEvent<String>) -> Task {
        let task = "You extract one meeting from a text. Reply with one JSON object of this schema and nothing else:";
        let system = Message::System(format!("{task}\n{}", self.schema.json()));
        Task { messages: vec![system, Message::User(text.0)], attempt: 1 }
    }

    /// Asks the model for the record.
    #[step(retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn extract(&self, task: Task) -> Result<Draft, LlmError> {
        let chat = Chat::new(task.messages.clone()).schema(&self.schema);
        match self.llm.reply(&chat).await {
            Ok(reply) => Ok(Draft { task, text: reply.text }),
            Err(error) => Err(error.heeded().await),
        }
    }

    /// Holds the reply against the schema.
    #[step]
    async fn validate(&self, draft: Draft) -> Verdict {
        match self.schema.read(&draft.text) {
            Ok(meeting) => Verdict::Good(StopEvent(meeting)),
            Err(errors) => Verdict::Bad(Rejected { draft, errors }),
        }
    }

    /// Tells the model what is wrong, as long as it has attempts left.
    #[step]
    async fn reflect(&self, rejected: Rejected) -> Result<Task, GivenUp> {
        let Rejected { draft: Draft { mut task, text }, errors } = rejected;
        if task.attempt >= self.attempts {
            return Err(GivenUp { attempts: self.attempts, errors });
        }
        task.messages.push(Message::Assistant(Reply::text(text)));
        let advice = "Write the whole object again, with these errors mended:";
        task.messages.push(Message::User(format!("{advice}\n{}", errors.join("\n"))));
        task.attempt += 1;
        Ok(task)
    }
}

/// The text, unless the caller brings one.
const TEXT: &str = "Hi Ben and Chloe, the budget needs all three of us. Does Thursday, 4 March 2027, half past \
                    two suit you? Three quarters of an hour should do. Ann";

/// What to say to that text when there is no model; wrong at first, so that the loop is seen.
const CANNED: Canned = Canned::dialogue(&[
    Line::User("Three quarters of an hour should do. Ann"),
    Line::Model(
        r#"{"topic": "the budget", "date": "4 March 2027", "time": "14:30", "minutes": "45", "people": []}"#,
    ),
    Line::Model(
        r#"{"topic": "the budget", "date": "2027-03-04", "time": "14:30", "minutes": 45, "people": ["Ann", "Ben", "Chloe"]}"#,
    ),
]);

/// Finds the meeting in a text.
#[derive(Parser)]
struct Options {
    /// The text; without one, a text that has a meeting in it.
    text: Vec<String>,

    /// How often the model may try.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,

    /// Where the picture of the flow goes: .html, .svg, .md, .mmd, .dot or .txt.
    #[arg(long, default_value = "reflection.html")]
    picture: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    program(find).await
}

async fn find(options: Options) -> Result<(), Failure> {
    let text = if options.text.is_empty() { TEXT.to_owned() } else { options.text.join(" ") };
    if text.trim().is_empty() {
        return Err("no text; leave it out, or write one that has a meeting in it".into());
    }
    let llm = AnyLlm::from_env(CANNED)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", llm.describe())?;
    writeln!(out, "\n{text}")?;

    let flow = Reflection { llm, schema: Schema::new(), attempts: options.attempts };
    let mut run = flow.run(text).timeout(Duration::from_secs(300));
    while let Some(ReflectionEvent::Rejected(Rejected { draft, errors })) = run.next().await {
        writeln!(out, "\nattempt {}: {}", draft.task.attempt, draft.text)?;
        for error in errors {
            writeln!(out, "  {error}")?;
        }
    }
    writeln!(out, "\n{:#?}", run.await?)?;

    writeln!(out, "\n{}", save_picture(&Reflection::<AnyLlm>::draw(), &options.picture)?)?;
    Ok(())
}
