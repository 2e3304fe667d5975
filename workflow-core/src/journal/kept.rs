//! Kept: what passes between a run and its journal.

use std::sync::Arc;
use std::time::Duration;

use super::Held;
use crate::graph::Fingerprint;

/// Which run somebody wants to write to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// The run's id.
    pub id: String,
    /// The workflow's name.
    pub workflow: String,
    /// What to begin it with, where it may be new.
    pub opening: Option<Opening>,
}

impl Claim {
    /// The run of this id; a new one begins with `opening`.
    #[must_use]
    pub fn new(id: impl Into<String>, workflow: impl Into<String>, opening: Option<Opening>) -> Self {
        Self { id: id.into(), workflow: workflow.into(), opening }
    }
}

/// What a new run begins with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opening {
    /// The event that opens it, as JSON.
    pub input: String,
    /// What the workflow looks like.
    pub fingerprint: Fingerprint,
    /// The workflow's steps and events, as JSON.
    pub definition: Option<Arc<str>>,
    /// The run that has called it.
    pub parent: Option<String>,
    /// What it has behind it; nothing but for a fork.
    pub past: Past,
}

/// What a new run has behind it when it begins: what another one had up to some moment. It is kept together with
/// the opening, so that a crash leaves no run without it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Past {
    /// The newest checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// The records since, and before as far as they are kept.
    pub records: Vec<Record>,
    /// How long ago the new run counts as begun.
    pub age: Duration,
}

impl Opening {
    /// What a run begins with that nobody has called.
    #[must_use]
    pub fn new(input: impl Into<String>, fingerprint: Fingerprint) -> Self {
        Self { input: input.into(), fingerprint, definition: None, parent: None, past: Past::default() }
    }

    /// The same of a workflow with these steps and events.
    #[must_use]
    pub fn of_definition(self, definition: Option<Arc<str>>) -> Self {
        Self { definition, ..self }
    }

    /// The same with what another run had behind it.
    #[must_use]
    pub fn after(self, past: Past) -> Self {
        Self { past, ..self }
    }

    /// The same, called by this run.
    #[must_use]
    pub fn of_parent(self, parent: Option<String>) -> Self {
        Self { parent, ..self }
    }
}

/// A run that somebody has taken hold of.
#[non_exhaustive]
pub struct Claimed {
    /// What is there of it.
    pub kept: Kept,
    /// Where to write; `None` when the run has ended.
    pub held: Option<Box<dyn Held>>,
}

impl Claimed {
    /// A run that is held, or one that has ended.
    #[must_use]
    pub fn new(kept: Kept, held: Option<Box<dyn Held>>) -> Self {
        Self { kept, held }
    }
}

/// A run as it is kept.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Kept {
    /// The workflow's name.
    pub workflow: String,
    /// The event that opened it, as JSON.
    pub input: String,
    /// What the workflow looked like.
    pub fingerprint: Fingerprint,
    /// The workflow's steps and events, as JSON; none of a run from before they were kept.
    pub definition: Option<Arc<str>>,
    /// The run that has called it.
    pub parent: Option<String>,
    /// The newest checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// The records, in order: all of them that are kept, from before the checkpoint too.
    pub records: Vec<Record>,
    /// How it ended, if it has.
    pub end: Option<End>,
    /// How long ago it began.
    pub age: Duration,
}

impl Kept {
    /// A run that has only been opened.
    #[must_use]
    pub fn new(workflow: impl Into<String>, opening: Opening) -> Self {
        let Opening { input, fingerprint, definition, parent, past } = opening;
        let Past { checkpoint, records, age } = past;
        let workflow = workflow.into();
        Self { workflow, input, fingerprint, definition, parent, checkpoint, records, end: None, age }
    }
}

/// One thing that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Counted from 0 over the run.
    pub number: u64,
    /// How long after the run's start.
    pub at: Duration,
    /// What kind of thing, in snake case: `step_returned`.
    pub kind: String,
    /// The step that it is about.
    pub step: Option<String>,
    /// The execution that it is about.
    pub invocation: Option<u64>,
    /// All of it, as JSON.
    pub body: String,
}

impl Record {
    /// A record.
    #[must_use]
    pub fn new(number: u64, at: Duration, kind: impl Into<String>, body: impl Into<String>) -> Self {
        Self { number, at, kind: kind.into(), step: None, invocation: None, body: body.into() }
    }

    /// The same, about an execution of a step.
    #[must_use]
    pub fn about(self, step: Option<String>, invocation: Option<u64>) -> Self {
        Self { step, invocation, ..self }
    }
}

/// A run as it was at one moment: what its records before that add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The number of the first record that it does not hold.
    pub before: u64,
    /// All of it, as JSON.
    pub body: String,
}

impl Checkpoint {
    /// A checkpoint.
    #[must_use]
    pub fn new(before: u64, body: impl Into<String>) -> Self {
        Self { before, body: body.into() }
    }
}

/// What is added to a run at once.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Page {
    /// Records, in order.
    pub records: Vec<Record>,
    /// What all records up to the last one add up to. Those before it may go.
    pub checkpoint: Option<Checkpoint>,
    /// The run is over.
    pub end: Option<End>,
    /// The run goes on as one of this version of its workflow. All records before the checkpoint, which comes with
    /// it, must go: they are of another version.
    pub version: Option<Version>,
}

/// What a run counts as begun with after its workflow has changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Version {
    /// The event that opened it, as JSON.
    pub input: String,
    /// What the workflow looks like.
    pub fingerprint: Fingerprint,
    /// The workflow's steps and events, as JSON.
    pub definition: Arc<str>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// With a result: the event that ended it, as JSON.
    Completed(String),
    /// With an error, in its words.
    Failed(String),
    /// Its caller did not want the result any more.
    Cancelled,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It has not ended, and somebody holds it.
    Running,
    /// It has not ended, and nobody holds it.
    Left,
    /// It has given its result.
    Completed,
    /// It has failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl Status {
    /// The word for it, in lower case, as a journal and its tools say it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Left => "left",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl End {
    /// The status that goes with it.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Completed(_) => Status::Completed,
            Self::Failed(_) => Status::Failed,
            Self::Cancelled => Status::Cancelled,
        }
    }
}
