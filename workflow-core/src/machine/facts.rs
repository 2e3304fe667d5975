//! Facts and orders: all that passes between the machine and whoever drives it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Stalled;
use crate::{Emission, StepError};

/// A fact, in the past tense: what has happened since the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input<E> {
    /// The caller gave the input.
    Started {
        /// The event that opens the run.
        event: E,
    },
    /// A step came to its end.
    StepReturned {
        /// Which execution.
        invocation: InvocationId,
        /// What it returned.
        emission: Emission<E>,
    },
    /// A running step sent an event.
    StepSent {
        /// Which execution.
        invocation: InvocationId,
        /// The event, which leaves the sender's batch.
        event: E,
    },
    /// A running step gave an event to the caller.
    StepPublished {
        /// Which execution.
        invocation: InvocationId,
        /// The event.
        event: E,
    },
    /// A try of a step failed.
    StepFailed {
        /// Which execution.
        invocation: InvocationId,
        /// What with.
        error: StepError,
        /// The verdict of its policy: after how long it is tried again, or not any more.
        again: Option<Duration>,
    },
    /// A running step began to wait for an event.
    StepWaits {
        /// Which execution.
        invocation: InvocationId,
        /// The wait's name: any number that no other open wait has.
        wait: u64,
        /// How many waits this try of the execution began before.
        index: u32,
        /// The event's place in the graph.
        event: u16,
        /// How long it waits at most.
        timeout: Option<Duration>,
    },
    /// A step does not wait any more, although it has seen nothing come.
    WaitDropped {
        /// Which execution.
        invocation: InvocationId,
        /// How many waits this try of the execution began before that one.
        index: u32,
        /// The step's place in the graph.
        step: u16,
        /// The wait.
        wait: u64,
        /// What [`Output::Wake`] brought for it, if that was carried out.
        unread: Option<E>,
    },
    /// The answer to [`Output::Match`].
    Matched {
        /// The event that was offered.
        offer: u64,
        /// Those of the waits that want it, oldest first; of each step the first one gets it.
        waits: Vec<u64>,
    },
    /// The answer to [`Output::MatchKept`].
    MatchedKept {
        /// The wait.
        wait: u64,
        /// Which of the events that were kept it wants, counted from 0, the oldest first.
        taken: Option<u32>,
    },
    /// Every step that waits does nothing else meanwhile.
    WaitsAreAll,
    /// An event came from outside.
    Received {
        /// The event.
        event: E,
    },
    /// Time went by; [`Machine::handle_input`](super::Machine::handle_input) is told how much.
    TimePassed,
    /// The caller does not want the result any more.
    Cancelled,
}

impl<E> Input<E> {
    /// The execution that it is about.
    #[must_use]
    pub fn invocation(&self) -> Option<InvocationId> {
        match self {
            Self::StepReturned { invocation, .. }
            | Self::StepSent { invocation, .. }
            | Self::StepPublished { invocation, .. }
            | Self::StepFailed { invocation, .. }
            | Self::StepWaits { invocation, .. }
            | Self::WaitDropped { invocation, .. } => Some(*invocation),
            Self::Started { .. }
            | Self::Matched { .. }
            | Self::MatchedKept { .. }
            | Self::WaitsAreAll
            | Self::Received { .. }
            | Self::TimePassed
            | Self::Cancelled => None,
        }
    }
}

/// An order, in the imperative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Output<E> {
    /// Run a step, and say by a fact how it ended.
    RunStep {
        /// The execution's name, for that fact.
        invocation: InvocationId,
        /// The step's place in the graph.
        step: u16,
        /// What it takes.
        given: Given<E>,
        /// What is known of it from before: `None` when it starts for the first time.
        again: Option<Box<Again<E>>>,
    },
    /// Ask the waits which of them want the event [`Machine::offered`](super::Machine::offered), and say so
    /// by [`Input::Matched`] before any other fact.
    Match {
        /// The event's number.
        offer: u64,
        /// The waits that are open for such an event, oldest first, each with its step.
        waits: Vec<(u64, u16)>,
    },
    /// Ask the wait which of the events [`Machine::kept`](super::Machine::kept) it wants, and say so by
    /// [`Input::MatchedKept`] before any other fact.
    MatchKept {
        /// The wait.
        wait: u64,
    },
    /// A wait is over: with the event, or because its time is.
    Wake {
        /// The execution that goes on.
        invocation: InvocationId,
        /// Its step's place in the graph.
        step: u16,
        /// The wait.
        wait: u64,
        /// What it waited for.
        event: Option<E>,
    },
    /// Give an event to the caller.
    Publish {
        /// The event.
        event: E,
    },
    /// The run is over: drop whatever still runs.
    Finish(Outcome<E>),
    /// Nothing to do until the next fact, or until the time `until`, counted from the run's start.
    Wait {
        /// When to come back with [`Input::TimePassed`]; `None`: not before another fact.
        until: Option<Duration>,
    },
}

/// The events that start one execution of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Given<E> {
    /// One event.
    One(E),
    /// The events of a join, in the order of its parameters, or of a batch, in the order of arrival.
    Several(Vec<E>),
}

/// What is known of an execution that starts again: after a failure, or because its run was resumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Again<E> {
    /// Which try it is.
    pub attempt: Attempt,
    /// What this try did before the run was written down.
    pub history: History<E>,
}

/// One try of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// From the start of the first try to the start of this one.
    pub elapsed: Duration,
    /// What the try before failed with, in its own words.
    pub last_error: Option<String>,
}

impl Attempt {
    /// The first try.
    pub const FIRST: Self = Self { number: 1, elapsed: Duration::ZERO, last_error: None };
}

/// What one try of a step has done so far, so that it is not done twice when the try starts again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History<E> {
    /// How many events it has sent.
    pub sent: u32,
    /// How many events it has given to the caller.
    pub published: u32,
    /// Its waits, in the order in which it began them.
    pub waits: Vec<Waited<E>>,
}

impl<E> Default for History<E> {
    fn default() -> Self {
        Self { sent: 0, published: 0, waits: Vec::new() }
    }
}

/// What became of one wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Waited<E> {
    /// It goes on.
    Open {
        /// The event's place in the graph.
        event: u16,
        /// When it ends at the latest, counted from the run's start.
        until: Option<Duration>,
    },
    /// The step has stopped waiting, although nothing came.
    Dropped,
    /// It got this event.
    Got(E),
    /// Its time was over.
    TimedOut,
}

/// One execution of a step: its number, counted from 0 over the run, and where the state keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InvocationId {
    /// Never used twice in a run; a step that is tried again keeps it.
    pub number: u64,
    pub(crate) slot: u32,
}

#[cfg(feature = "runtime")]
impl InvocationId {
    /// No execution: what is said of it goes into no history.
    pub(crate) const NONE: Self = Self { number: u64::MAX, slot: u32::MAX };
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome<E> {
    /// By the first stop event.
    Stopped(E),
    /// By a step that gave up.
    Failed(Box<GaveUp>),
    /// Nothing is left that could happen.
    Stalled(Stalled),
    /// An event reached the join of a batch without being part of one.
    OutsideBatch {
        /// The step that gathers.
        step: u16,
        /// The event.
        event: u16,
    },
    /// The run's time was over.
    TimedOut {
        /// The steps that were active, in the order in which they had started.
        running: Vec<u16>,
    },
    /// The caller did not want the result any more.
    Cancelled,
}

/// A step that gave up, and that nothing catches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GaveUp {
    /// The step's place in the graph.
    pub step: u16,
    /// The execution that failed.
    pub invocation: InvocationId,
    /// How many times it was tried.
    pub attempts: u32,
    /// From the start of the first try until it gave up.
    pub elapsed: Duration,
    /// What the last try failed with.
    pub error: StepError,
}
