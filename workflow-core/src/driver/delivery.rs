//! Delivery: what one step of a stepwise run did.

use std::fmt;
use std::time::Duration;

use crate::machine::{Given, Input, Token};
use crate::{Emission, Workflow};

/// One delivery: a step that was started by what it took, or that went on with what it waited for, up to
/// its end or its next wait.
///
/// Prints as a line: "`critique_joke` took `Joke`, gave `StopEvent<String>`".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The step's name.
    pub step: &'static str,
    /// The number of the execution, counted from 0 over all steps of the run.
    pub invocation: u64,
    /// Which try it is, counted from 1.
    pub attempt: u32,
    /// The events that it took, by name.
    pub took: Vec<&'static str>,
    /// What came of it.
    pub gave: Gave,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gave {
    /// The step returned these events, in this order; those of a batch too.
    Events(Vec<&'static str>),
    /// The step failed, and is tried again after so long, or not any more.
    Failed {
        /// What with, in the error's words.
        error: String,
        /// How long until the next try.
        again: Option<Duration>,
    },
    /// The step waits for this event.
    Waits(&'static str),
}

impl Delivery {
    pub(super) fn of<W: Workflow>(number: u64, step: u16, attempt: u32, given: &Given<W::Event>) -> Self {
        let name = |event: &W::Event| W::graph().event_name(event.kind());
        let took = match given {
            Given::One(event) => vec![name(event)],
            Given::Several(events) => events.iter().map(name).collect(),
        };
        let step = W::graph().steps[usize::from(step)].name;
        Self { step, invocation: number, attempt, took, gave: Gave::Events(Vec::new()) }
    }

    /// What an execution goes on with that has waited: an event, or nothing.
    pub(super) fn woken<W: Workflow>(number: u64, step: u16, attempt: u32, event: Option<&W::Event>) -> Self {
        let took = event.map(|event| W::graph().event_name(event.kind())).into_iter().collect();
        let step = W::graph().steps[usize::from(step)].name;
        Self { step, invocation: number, attempt, took, gave: Gave::Events(Vec::new()) }
    }
}

impl Gave {
    pub(super) fn of<W: Workflow>(fact: &Input<W::Event>) -> Self {
        match fact {
            Input::StepReturned { emission, .. } => {
                let mut names = Vec::new();
                list::<W>(emission, &mut names);
                Self::Events(names)
            }
            Input::StepFailed { error, again, .. } => {
                Self::Failed { error: error.message().to_owned(), again: *again }
            }
            _ => Self::Events(Vec::new()),
        }
    }
}

fn list<W: Workflow>(emission: &Emission<W::Event>, names: &mut Vec<&'static str>) {
    let name = |event: &W::Event| W::graph().event_name(event.kind());
    match emission {
        Emission::None => (),
        Emission::One(event) => names.push(name(event)),
        Emission::Many(events, _) => names.extend(events.iter().map(name)),
        Emission::All(parts) => parts.iter().for_each(|part| list::<W>(part, names)),
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` took {}", self.step, names(&self.took))?;
        if self.attempt > 1 {
            write!(f, " (try {})", self.attempt)?;
        }
        match &self.gave {
            Gave::Events(events) => write!(f, ", gave {}", names(events)),
            Gave::Failed { error, again: None } => write!(f, ", failed: {error}"),
            Gave::Failed { error, again: Some(wait) } => {
                write!(f, ", failed: {error}; tried again in {wait:?}")
            }
            Gave::Waits(event) => write!(f, ", waits for `{event}`"),
        }
    }
}

fn names(events: &[&str]) -> String {
    match events {
        [] => "nothing".to_owned(),
        events => events.iter().map(|event| format!("`{event}`")).collect::<Vec<_>>().join(", "),
    }
}
