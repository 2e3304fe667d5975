//! Execution: one try of one step, as it went.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Passed, Recorded};

/// One try of a step: what it took and gave, when, and what became of it.
///
/// Times are counted from the run's start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub(crate) step: Cow<'static, str>,
    /// The step's place in the graph.
    pub(crate) place: u16,
    pub(crate) number: u64,
    pub(crate) attempt: u32,
    pub(crate) began: Duration,
    pub(crate) lasted: Duration,
    pub(crate) ended: Ended,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(crate) took: List<Passed>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(crate) gave: List<Passed>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(crate) waits: List<Waited>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(crate) follows: List<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) batch: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) called: Vec<Recorded>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) calls_left_out: u64,
}

/// What became of one try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Ended {
    /// Nothing yet.
    Running,
    /// It returned.
    Returned,
    /// It failed.
    #[non_exhaustive]
    Failed {
        /// What with, in the error's words and those of its causes.
        error: String,
        /// After how long it is tried again, if it is.
        again: Option<Duration>,
    },
    /// It was dropped when the run ended.
    Dropped,
}

/// A wait for an event, in the middle of an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waited {
    pub(crate) event: Cow<'static, str>,
    pub(crate) began: Duration,
    pub(crate) lasted: Duration,
    pub(crate) ended: WaitEnded,
}

/// What became of a wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WaitEnded {
    /// It goes on, or went on until the execution ended.
    Open,
    /// The event came.
    Got(Passed),
    /// Its time was over.
    TimedOut,
    /// The step did not want it any more.
    Dropped,
}

/// The first of many, and how many more there were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) kept: Vec<T>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) more: u64,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), more: 0 }
    }
}

impl<T> List<T> {
    /// The most that is kept.
    #[cfg(feature = "runtime")]
    pub(crate) const ROOM: usize = 16;

    /// Whether there was none at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.more == 0
    }

    /// Keeps what comes next, or counts it; what is not kept is not made.
    #[cfg(feature = "runtime")]
    pub(crate) fn push(&mut self, next: impl FnOnce() -> T) {
        if self.kept.len() < Self::ROOM {
            self.kept.push(next());
        } else {
            self.more += 1;
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Execution {
    /// The step's name.
    #[must_use]
    pub fn step(&self) -> &str {
        &self.step
    }

    /// The number of the execution, counted from 0 over all steps of the run; every try of it has the same.
    #[must_use]
    pub fn invocation(&self) -> u64 {
        self.number
    }

    /// Which try it is, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> Duration {
        self.began
    }

    /// How long it took, or has gone on.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.lasted
    }

    /// What became of it.
    #[must_use]
    pub fn ended(&self) -> &Ended {
        &self.ended
    }

    /// After how long it is tried again, if it is.
    #[must_use]
    pub fn again(&self) -> Option<Duration> {
        match self.ended {
            Ended::Failed { again, .. } => again,
            Ended::Running | Ended::Returned | Ended::Dropped => None,
        }
    }

    /// The events that it was given, the first of them when there were many: see
    /// [`took_more`](Execution::took_more).
    #[must_use]
    pub fn took(&self) -> &[Passed] {
        &self.took.kept
    }

    /// How many more events it was given.
    #[must_use]
    pub fn took_more(&self) -> u64 {
        self.took.more
    }

    /// The events that it returned, sent and published, in that order in which it did; the first of them when
    /// there were many.
    #[must_use]
    pub fn gave(&self) -> &[Passed] {
        &self.gave.kept
    }

    /// How many more events it gave.
    #[must_use]
    pub fn gave_more(&self) -> u64 {
        self.gave.more
    }

    /// What it waited for, the first of it when there was much.
    #[must_use]
    pub fn waits(&self) -> &[Waited] {
        &self.waits.kept
    }

    /// The numbers of the executions whose events started it; of a batch the first of them. An event of the
    /// caller's has none. In a resumed run, what comes from before is not among them.
    ///
    /// Of two batches whose events look the same, the older one counts as the one that was gathered.
    #[must_use]
    pub fn follows(&self) -> &[u64] {
        &self.follows.kept
    }

    /// The number of the execution that opened the batch to which this one belongs.
    #[must_use]
    pub fn batch(&self) -> Option<u64> {
        self.batch
    }

    /// How many runs it has called of which nothing is recorded for want of room.
    #[must_use]
    pub fn calls_left_out(&self) -> u64 {
        self.calls_left_out
    }
}

impl Waited {
    /// The event's name.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// When the wait began.
    #[must_use]
    pub fn began(&self) -> Duration {
        self.began
    }

    /// How long it was.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.lasted
    }

    /// What became of it.
    #[must_use]
    pub fn ended(&self) -> &WaitEnded {
        &self.ended
    }
}
