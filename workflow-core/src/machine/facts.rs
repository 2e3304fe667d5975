//! Facts and orders: all that passes between the machine and whoever drives it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Stalled;
use crate::Emission;

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
        /// The event, which leaves the sender's batch.
        event: E,
    },
    /// A step gave up.
    StepFailed {
        /// Which execution.
        invocation: InvocationId,
    },
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

/// One execution of a step: its number, counted from 0 over the run, and where the state keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InvocationId {
    /// Never used twice in a run.
    pub number: u64,
    pub(super) slot: u32,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome<E> {
    /// By the first stop event.
    Stopped(E),
    /// By a step that gave up.
    Failed {
        /// The step's place in the graph.
        step: u16,
        /// The execution that failed.
        invocation: InvocationId,
    },
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
        /// The steps that were running, in the order in which they had started.
        running: Vec<u16>,
    },
    /// The caller did not want the result any more.
    Cancelled,
}
