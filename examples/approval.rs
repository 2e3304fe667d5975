//! Approval: a run that waits for a person, and outlives the process in which it waits.
//!
//! `cargo run --example approval -- "the new opening hours"`. A model drafts an announcement, and you approve
//! it, say what to change, or reject it. Kill the program while it asks: the next start asks again, and goes
//! on from there; the model is not asked for the draft a second time.

use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde::{Deserialize, Serialize};
use workflow_core::Snapshot;
use workflow_core::prelude::*;
use workflow_examples::{AnyLlm, Canned, Failure, Llm, LlmError, program, save_picture};

/// A text that nobody has approved yet.
#[event]
struct Draft {
    text: String,
}

/// Goes out to the person.
#[event]
struct Question {
    draft: String,
}

/// Comes in from the person.
#[event]
enum Answer {
    Approve,
    Reject,
    Change(String),
}

/// A draft, and what is to be changed in it.
#[event]
struct Objection {
    draft: String,
    wish: String,
}

/// What follows from an answer: the end, with the approved text or none, or another draft.
#[derive(OneOf)]
enum Decision {
    Final(StopEvent<Option<String>>),
    Again(Objection),
}

struct Announcement<L> {
    llm: L,
}

#[workflow(publishes(Question), receives(Answer))]
impl<L: Llm> Announcement<L> {
    /// Writes the first draft.
    #[step(retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn write(&self, topic: StartEvent<String>) -> Result<Draft, LlmError> {
        let text = self.llm.complete(&format!("Write a one-sentence announcement of {topic}.")).await?;
        Ok(Draft { text })
    }

    /// Asks the person, and waits for as long as it takes.
    #[step(waits(Answer))]
    async fn ask(&self, ctx: &Context<Self>, draft: Draft) -> Decision {
        ctx.publish(Question { draft: draft.text.clone() });
        match ctx.wait_for::<Answer>().await {
            Answer::Approve => Decision::Final(StopEvent(Some(draft.text))),
            Answer::Reject => Decision::Final(StopEvent(None)),
            Answer::Change(wish) => Decision::Again(Objection { draft: draft.text, wish }),
        }
    }

    /// Writes the draft anew, as the person wishes.
    #[step(retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn revise(&self, objection: Objection) -> Result<Draft, LlmError> {
        let Objection { draft, wish } = objection;
        let prompt = format!("Rewrite this announcement. Change this: {wish}. The announcement: {draft}");
        Ok(Draft { text: self.llm.complete(&prompt).await? })
    }
}

/// What is kept in the file while the person thinks: the question, and the run that waits for the answer.
#[derive(Serialize, Deserialize)]
struct Waiting {
    question: Question,
    run: Snapshot,
}

impl Waiting {
    /// What is in the file; `None` when there is none.
    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        if !path.exists() {
            return Ok(None);
        }
        let unreadable = |error| format!("{} holds no run that waits: {error}; delete it", path.display());
        Ok(Some(serde_json::from_slice(&fs::read(path)?).map_err(unreadable)?))
    }

    /// Replaces the file at once, so that a kill at any moment leaves the old one or the new one.
    fn write(&self, path: &Path) -> Result<(), Failure> {
        let new = path.with_extension("new");
        fs::write(&new, serde_json::to_vec(self)?)?;
        Ok(fs::rename(new, path)?)
    }
}

/// What to say when there is no model: a pattern for the prompt, and the reply to it.
const CANNED: Canned = Canned::new(&[
    ("Write a one-sentence announcement of {}.", "We are pleased to announce {}."),
    ("Rewrite this announcement. Change this: {}", "As you wished, {}"),
]);

/// Drafts an announcement and asks you to approve it; killed while it waits, the next start goes on.
#[derive(Parser)]
struct Options {
    /// What to announce; without it, the run in the file goes on.
    topic: Vec<String>,

    /// Where the run is kept while it waits for you.
    #[arg(long, default_value = "approval.json")]
    file: PathBuf,

    /// Where the picture of the flow goes: .html, .svg, .md, .mmd, .dot or .txt.
    #[arg(long, default_value = "approval.html")]
    picture: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    program(announce).await
}

async fn announce(options: Options) -> Result<(), Failure> {
    let topic = options.topic.join(" ").trim().to_owned();
    let file = &options.file;
    let waiting = Waiting::read(file)?;
    let begun = waiting.as_ref().and_then(|waiting| waiting.run.id()).unwrap_or_default().to_owned();
    if topic.is_empty() && waiting.is_none() {
        return Err("no topic; say what to announce: `cargo run --example approval -- a party`".into());
    }
    if !topic.is_empty() && waiting.is_some() && topic != begun {
        let file = file.display();
        return Err(
            format!("a run about `{begun}` waits in {file}; start without a topic, or delete it").into()
        );
    }
    let llm = AnyLlm::from_env(CANNED)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", llm.describe())?;

    let flow = Announcement { llm };
    let (mut run, mut open_question) = match waiting {
        Some(waiting) => {
            writeln!(out, "\ngoing on with the run about {begun} that waits in {}", file.display())?;
            (flow.resume(waiting.run)?, Some(waiting.question))
        }
        None => (flow.run(topic.clone()).id(topic), None),
    };
    loop {
        // A question that was put before the kill is not published again: the run has done that.
        let question = match open_question.take() {
            Some(question) => question,
            None => match run.next().await {
                Some(AnnouncementEvent::Question(question)) => question,
                _ => break,
            },
        };
        Waiting { question: question.clone(), run: run.snapshot()? }.write(file)?;
        let Some(answer) = ask(&question)? else {
            writeln!(out, "\nno answer; the run waits in {}, start again to go on", file.display())?;
            return Ok(());
        };
        run.send(answer)?;
    }
    match run.await? {
        Some(text) => writeln!(out, "\napproved: {text}")?,
        None => writeln!(out, "\nrejected, nothing is announced")?,
    }
    if file.exists() {
        fs::remove_file(file)?;
    }
    writeln!(out, "\n{}", save_picture(&Announcement::<AnyLlm>::draw(), &options.picture)?)?;
    Ok(())
}

/// Asks at the terminal until the answer is one; `None` when the input ends.
fn ask(question: &Question) -> Result<Option<Answer>, Failure> {
    let (mut out, mut input) = (std::io::stdout(), std::io::stdin().lock());
    writeln!(out, "\n{}", question.draft)?;
    loop {
        write!(out, "approve? (y = yes, n = no, or write what to change): ")?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        return Ok(Some(match line.trim() {
            "" => continue,
            "y" | "yes" => Answer::Approve,
            "n" | "no" => Answer::Reject,
            wish => Answer::Change(wish.to_owned()),
        }));
    }
}
