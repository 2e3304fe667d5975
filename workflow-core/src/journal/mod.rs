//! Journal: where a run writes down what happened, before anything follows from it.
//!
//! Only the traits and what passes through them; [`MemoryJournal`] keeps it in this process, other crates on disk.
//! A journal reads nothing of what it keeps: records go in and come out as they are.

mod fork;
mod memory;
mod migration;
mod recording;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::graph::Fingerprint;
use crate::{BoxError, Recording};

pub use fork::{Instead, fork_at};
pub use memory::MemoryJournal;
pub use migration::Migration;

/// What a journal answers, later.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, JournalError>> + Send>>;

/// Keeps the records of runs. Cloning is cheap: clones write to the same place.
///
/// Say it before a run begins: `flow.run(order).id("order-42").journal(&journal).await`. When a run of that id is
/// there already, it goes on from where it was; when it has ended, its result is given again.
pub trait Journal: Send + Sync + 'static {
    /// Takes hold of a run, so that nobody else writes to it: of a new one, or of one that is there and has not
    /// ended. One that has ended is only read.
    ///
    /// # Errors
    ///
    /// [`JournalError::Busy`] while somebody else holds it, [`JournalError::Unknown`] when it is to be there and
    /// is not, and whatever is wrong with the place where it is kept.
    fn claim(&self, claim: Claim) -> Answer<Claimed>;

    /// The runs that are kept, the newest first.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the place where they are kept.
    fn list(&self, filter: Filter) -> Answer<Vec<RunInfo>>;

    /// A run as it is kept, without taking hold of it; `None` when there is none of that id.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the place where it is kept.
    fn load(&self, id: &str) -> Answer<Option<Kept>>;

    /// What a run has done, with the runs that it called, made from what is kept of them; of a run with more records
    /// than are kept, since its newest checkpoint. What it published is not known to have been read.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unknown`] when there is no such run, [`JournalError::Undefined`] where nothing is known of its
    /// workflow, and whatever is wrong with the place where it is kept.
    fn recording<'j>(
        &'j self,
        id: &'j str,
    ) -> Pin<Box<dyn Future<Output = Result<Recording, JournalError>> + Send + 'j>> {
        Box::pin(recording::of(self, id))
    }
}

/// A run in the hands of the one who writes to it. Dropped, it lets go of the run.
pub trait Held: Send + Sync {
    /// Adds to the run; ready when it is kept for good. All of a page is kept or nothing of it.
    ///
    /// # Errors
    ///
    /// [`JournalError::Lost`] when somebody else has taken hold of the run meanwhile, [`JournalError::TooLarge`],
    /// and whatever is wrong with the place where it is kept. Nothing of the page counts then.
    fn append(&mut self, page: Page) -> Answer<()>;
}

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

/// Which runs to list; the default is all of them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Filter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// With this status.
    pub status: Option<Status>,
    /// That began at least so long ago.
    pub older_than: Option<Duration>,
    /// Called by this run.
    pub parent: Option<String>,
}

impl Filter {
    /// Runs of this workflow only.
    #[must_use]
    pub fn workflow(self, workflow: impl Into<String>) -> Self {
        Self { workflow: Some(workflow.into()), ..self }
    }

    /// Runs with this status only.
    #[must_use]
    pub fn status(self, status: Status) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Runs only that this one has called.
    #[must_use]
    pub fn parent(self, id: impl Into<String>) -> Self {
        Self { parent: Some(id.into()), ..self }
    }

    /// Runs only that began at least so long ago.
    #[must_use]
    pub fn older_than(self, age: Duration) -> Self {
        Self { older_than: Some(age), ..self }
    }
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunInfo {
    /// Its id.
    pub id: String,
    /// The workflow's name.
    pub workflow: String,
    /// The run that has called it.
    pub parent: Option<String>,
    /// How it stands.
    pub status: Status,
    /// How long ago it began.
    pub age: Duration,
    /// How many records it has written.
    pub records: u64,
}

impl RunInfo {
    /// A run in a list.
    #[must_use]
    pub fn new(id: impl Into<String>, workflow: impl Into<String>, status: Status, age: Duration) -> Self {
        let (id, workflow) = (id.into(), workflow.into());
        Self { id, workflow, parent: None, status, age, records: 0 }
    }
}

/// Why a journal could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Somebody else runs it; wait until that one has ended, or its hold has.
    #[error("run `{id}` is held by another process, at most for {left:?} more")]
    #[non_exhaustive]
    Busy {
        /// The run.
        id: String,
        /// How long that hold lasts, unless it is renewed.
        left: Duration,
    },
    /// Somebody else has taken hold of the run, since this process was too slow to renew its own; look for the
    /// run there.
    #[error("run `{id}` was taken over by another process")]
    #[non_exhaustive]
    Lost {
        /// The run.
        id: String,
    },
    /// There is no such run; list those that there are.
    #[error("there is no run `{id}`")]
    #[non_exhaustive]
    Unknown {
        /// The run.
        id: String,
    },
    /// The id is that of a run which began otherwise; give this one another id.
    #[error("run `{id}` is one of `{found}` that began with another input")]
    #[non_exhaustive]
    Other {
        /// The run.
        id: String,
        /// The workflow that it is a run of.
        found: String,
    },
    /// The run cannot be forked there: it had not come so far, or had ended, or what was before is not kept any
    /// more. Choose another record.
    #[error("run `{id}` cannot be forked at record {at}; its records {first} to {last} are kept")]
    #[non_exhaustive]
    OutOfReach {
        /// The run.
        id: String,
        /// Where it was to be forked.
        at: u64,
        /// The first record at which it can be.
        first: u64,
        /// The one after the last.
        last: u64,
    },
    /// Nothing is kept of what the workflow of the run looks like, as the run began before that was: its facts can be
    /// read, but no recording can be made of them.
    #[error("what the workflow of run `{id}` looks like is not kept")]
    #[non_exhaustive]
    Undefined {
        /// The run.
        id: String,
    },
    /// The run was begun by another version of the workflow, and its records cannot be told to this one as its
    /// [`Migration`] says; let that version finish it, or start anew.
    #[error("run `{id}` cannot go on with the workflow of today")]
    #[non_exhaustive]
    NotMigrated {
        /// The run.
        id: String,
        /// What does not fit.
        source: BoxError,
    },
    /// A record is larger than may be; keep large things elsewhere and pass on where they are.
    #[error("a `{kind}` of run `{id}` has {size} bytes, and {limit} are allowed")]
    #[non_exhaustive]
    TooLarge {
        /// The run.
        id: String,
        /// The kind of record.
        kind: String,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Something in the run cannot be written down, like a transient event: keep it out of a run with a journal,
    /// or make it data.
    #[error("a `{kind}` of run `{id}` cannot be written down")]
    #[non_exhaustive]
    Unwritable {
        /// The run.
        id: String,
        /// The kind of record.
        kind: String,
        /// What could not be written, by name.
        source: serde_json::Error,
    },
    /// A record does not read as one of the run; the place where it is kept was damaged or edited: restore it.
    #[error("record {number} of run `{id}`, a `{kind}`, cannot be read")]
    #[non_exhaustive]
    Unreadable {
        /// The run.
        id: String,
        /// The record's number.
        number: u64,
        /// Its kind.
        kind: String,
        /// What did not fit.
        source: BoxError,
    },
    /// The place where runs are kept does not work; its own error says why.
    #[error("the journal does not work")]
    Store(#[source] BoxError),
}

impl JournalError {
    /// Something is wrong with the place where runs are kept.
    pub fn store(source: impl Into<BoxError>) -> Self {
        Self::Store(source.into())
    }

    /// Somebody else holds the run, so long at most.
    pub fn busy(id: impl Into<String>, left: Duration) -> Self {
        Self::Busy { id: id.into(), left }
    }

    /// Somebody else has taken hold of the run.
    pub fn lost(id: impl Into<String>) -> Self {
        Self::Lost { id: id.into() }
    }

    /// There is no such run.
    pub fn unknown(id: impl Into<String>) -> Self {
        Self::Unknown { id: id.into() }
    }

    /// The run of that id is another one, of workflow `found`.
    pub fn other(id: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Other { id: id.into(), found: found.into() }
    }

    pub(crate) fn out_of_reach(id: &str, at: u64, first: u64, last: u64) -> Self {
        Self::OutOfReach { id: id.to_owned(), at, first, last }
    }

    pub(crate) fn not_migrated(id: &str, source: BoxError) -> Self {
        Self::NotMigrated { id: id.to_owned(), source }
    }

    pub(crate) fn undefined(id: &str) -> Self {
        Self::Undefined { id: id.to_owned() }
    }

    /// A record is larger than may be.
    pub fn too_large(id: impl Into<String>, record: &Record, limit: usize) -> Self {
        Self::TooLarge { id: id.into(), kind: record.kind.clone(), size: record.body.len(), limit }
    }

    /// A record does not read as one of the run.
    pub fn unreadable(id: impl Into<String>, record: &Record, source: impl Into<BoxError>) -> Self {
        let (number, kind) = (record.number, record.kind.clone());
        Self::Unreadable { id: id.into(), number, kind, source: source.into() }
    }

    pub(crate) fn unwritable(id: &str, kind: &str, source: serde_json::Error) -> Self {
        Self::Unwritable { id: id.to_owned(), kind: kind.to_owned(), source }
    }
}
