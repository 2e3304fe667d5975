//! Snapshot: a run as it is between two deliveries, to go on with later, perhaps in another process.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::children::{Children, Entry};
use super::collect::Collected;
use super::special::Special;
use super::{Core, Inbound};
use crate::graph::Fingerprint;
use crate::machine::{Machine, State};
use crate::{Events, Workflow};

/// A run, written down. It serialises with any format of serde that describes itself, like JSON.
///
/// It holds what the run has in hand and not what it did before, so its size is that of the state. Steps
/// that were in progress start again, from their beginning, when it is resumed; what they had sent,
/// published, waited for and collected is not repeated, what they changed in the state is kept as it was.
///
/// What was published and [`Run::next`](crate::Run::next) was to give next, the resumed run publishes first.
/// Without `next`, what was published before stays with those who read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Snapshot {
    /// The version of this form.
    version: u32,
    #[serde(flatten)]
    known: Option<Known>,
}

/// What is in a snapshot of a version that is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    workflow: String,
    /// What each step and event of the workflow looked like.
    shape: Fingerprint,
    #[serde(flatten)]
    run: Written,
}

/// A snapshot of any version.
#[derive(Deserialize)]
struct Raw {
    version: u32,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl TryFrom<Raw> for Snapshot {
    type Error = serde_json::Error;

    fn try_from(Raw { version, rest }: Raw) -> Result<Self, serde_json::Error> {
        let is_known = version <= Self::VERSION;
        let known = is_known.then(|| serde_json::from_value(Value::Object(rest))).transpose()?;
        Ok(Self { version, known })
    }
}

/// The run itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Written {
    id: Option<String>,
    elapsed: Duration,
    state: Value,
    values: Map<String, Value>,
    collected: Value,
    children: Vec<Entry>,
    /// What was published and not read by the run's own reader.
    unread: Value,
    machine: Value,
}

/// Why a run could not be written down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The run does not keep what its running steps were given: say [`Run::resumable`](crate::Run::resumable) before it begins.
    #[error("the run does not keep what its steps were given; begin it with `.resumable()`")]
    NotResumable,
    /// The run has ended; its result is all that is left of it: await the run for it.
    #[error("the run is over")]
    Over,
    /// Something in the run cannot be written down, like a transient event: keep it out of the run while that
    /// may be written down, or make it data.
    #[error("the run of `{workflow}` cannot be written down")]
    #[non_exhaustive]
    Unwritable {
        /// The workflow's name.
        workflow: &'static str,
        /// What could not be written, by name.
        source: serde_json::Error,
    },
}

/// Why a snapshot could not be resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// It is a run of another workflow; resume it with that one.
    #[error("the snapshot is of a run of `{found}`, not of `{wanted}`")]
    #[non_exhaustive]
    OtherWorkflow {
        /// The workflow that was to go on with it.
        wanted: &'static str,
        /// The workflow that it is of.
        found: String,
    },
    /// The workflow has changed since; resume it with the program that wrote it, or start anew.
    #[error("`{workflow}` has changed since the snapshot was taken: {}", changes.join("; "))]
    #[non_exhaustive]
    Changed {
        /// The workflow's name.
        workflow: &'static str,
        /// Each step and event that is not what it was.
        changes: Vec<String>,
    },
    /// A newer version of this library has written it; update this one, or resume it with the program that
    /// wrote it.
    #[error("the snapshot has version {found}, and {known} is the newest that is known here")]
    #[non_exhaustive]
    FromTheFuture {
        /// Its version.
        found: u32,
        /// The newest version that can be read.
        known: u32,
    },
    /// It does not read as a run of the workflow; it was cut off or edited: take an older one, or start anew.
    #[error("the snapshot of `{workflow}` cannot be read")]
    #[non_exhaustive]
    Unreadable {
        /// The workflow's name.
        workflow: &'static str,
        /// What did not fit.
        source: serde_json::Error,
    },
}

impl Snapshot {
    const VERSION: u32 = 1;

    /// The name of the workflow that it is a run of; `None` when a newer version of this library has written
    /// it.
    #[must_use]
    pub fn workflow(&self) -> Option<&str> {
        self.known.as_ref().map(|known| &*known.workflow)
    }

    /// The run's id, where it had one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.known.as_ref()?.run.id.as_deref()
    }

    pub(super) fn of<W: Workflow>(run: Written) -> Self {
        let known = Known { workflow: W::NAME.to_owned(), shape: W::fingerprint(), run };
        Self { version: Self::VERSION, known: Some(known) }
    }

    /// The run, when it is one of `W`.
    pub(super) fn open<W: Workflow>(self) -> Result<Written, ResumeError> {
        let Some(Known { workflow, shape, run }) = self.known else {
            return Err(ResumeError::FromTheFuture { found: self.version, known: Self::VERSION });
        };
        if workflow != W::NAME {
            return Err(ResumeError::OtherWorkflow { wanted: W::NAME, found: workflow });
        }
        let changes = shape.changes(&W::fingerprint());
        if !changes.is_empty() {
            return Err(ResumeError::Changed { workflow: W::NAME, changes });
        }
        Ok(run)
    }
}

/// A run that was written down, put together again.
pub(super) struct Read<W: Workflow> {
    pub(super) core: Arc<Core<W>>,
    pub(super) limit: Option<Duration>,
    pub(super) special: Box<Special<W::Event>>,
}

impl Written {
    pub(super) fn of<W: Workflow>(core: &Core<W>) -> Result<Self, SnapshotError> {
        let unwritable = |source| SnapshotError::Unwritable { workflow: W::NAME, source };
        if core.over.load(Ordering::Acquire) {
            return Err(SnapshotError::Over);
        }
        if !core.is_resumable() {
            return Err(SnapshotError::NotResumable);
        }
        let guard = core.machine();
        let machine = guard.as_deref().ok_or(SnapshotError::NotResumable)?;
        let elapsed = core.elapsed();
        // What has come in and was not looked at is a part of the run; the live one is left as it is.
        let mut ahead = None;
        for fact in core.inbox().into_iter().map(Inbound::into_fact) {
            ahead.get_or_insert_with(|| machine.clone()).handle_input(elapsed, fact);
        }
        let machine = ahead.as_ref().unwrap_or(machine);
        let (values, collected, children) = core
            .if_memory(|memory| {
                let collected = serde_json::to_value(&memory.collected);
                (memory.values.clone(), collected, memory.children.list())
            })
            .unwrap_or_else(|| (Map::new(), Ok(Value::Null), Vec::new()));
        Ok(Self {
            id: core.known_id().map(str::to_owned),
            elapsed,
            state: serde_json::to_value(&*core.state()).map_err(unwritable)?,
            values,
            collected: collected.map_err(unwritable)?,
            machine: serde_json::to_value(machine.state()).map_err(unwritable)?,
            children: Children::write(children)?,
            unread: serde_json::to_value(core.unread()).map_err(unwritable)?,
        })
    }

    /// The time that the run had spent.
    #[cfg(feature = "testing")]
    pub(super) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Puts the run together again.
    pub(super) fn read<W: Workflow>(self, special: Special<W::Event>) -> Result<Read<W>, ResumeError> {
        let unreadable = |source| ResumeError::Unreadable { workflow: W::NAME, source };
        let core = Core::<W>::default();
        *core.state() = serde_json::from_value(self.state).map_err(unreadable)?;
        let collected: Option<Collected<W::Event>> =
            serde_json::from_value(self.collected).map_err(unreadable)?;
        let state: State<W::Event> = serde_json::from_value(self.machine).map_err(unreadable)?;
        if !state.fits(W::Event::plan()) {
            return Err(unreadable(serde::de::Error::custom("its steps are not those of the workflow")));
        }
        let machine = Machine::resume(W::Event::plan(), state, self.elapsed);
        let limit = machine.deadline();
        *core.machine() = Some(Box::new(machine));
        core.with_memory(|memory| {
            memory.values = self.values;
            memory.collected = collected.unwrap_or_default();
            memory.children = Children::read(self.children);
        });
        core.remembers.store(true, Ordering::Relaxed);
        if let Some(id) = self.id {
            core.set_id(id.into());
        }
        let unread: Vec<W::Event> = serde_json::from_value(self.unread).map_err(unreadable)?;
        unread.into_iter().for_each(|event| core.publish(event));
        let special = Box::new(Special { before: self.elapsed.into(), ..special });
        Ok(Read { core: Arc::new(core), limit, special })
    }
}
