//! Graph: one row a step and one a event, as constants.
//!
//! The macros write the rows; nothing in here runs a step. `solve` answers what can happen, `check`
//! turns the answers into findings, `words` holds the sentences.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

mod check;
#[cfg(feature = "runtime")]
pub(crate) mod definition;
mod fingerprint;
mod rows;
mod shape;
mod solve;
mod ways;
mod words;

pub use check::{
    batch_findings, deny_batch, deny_event, deny_flow, deny_step, event_findings, findings, flow_findings,
    step_findings,
};
pub use fingerprint::Fingerprint;
#[doc(hidden)]
pub use rows::{events, steps};
pub use shape::Shape;
pub use solve::{Solution, memory, solve, solve_into};
pub use words::Text;

/// A workflow as data: which events it knows, which step takes and emits which of them.
///
/// An event is named by its place in [`events`](Graph::events), a step by its place in
/// [`steps`](Graph::steps); both count from 0, in source order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// The workflow's name, as the user wrote it.
    #[serde(deserialize_with = "leaked")]
    pub name: &'static str,
    /// Every event that the workflow knows.
    #[serde(deserialize_with = "leaked")]
    pub events: &'static [EventNode],
    /// Every step, in declaration order.
    #[serde(deserialize_with = "leaked")]
    pub steps: &'static [StepNode],
}

/// One event of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventNode {
    /// The event as the user spelled it.
    #[serde(deserialize_with = "leaked")]
    pub name: &'static str,
    /// Whether it opens or ends a run.
    pub role: Role,
    /// It goes to the caller when a step emits it.
    pub published: bool,
    /// The caller may send it at any time.
    pub received: bool,
}

/// What an event is to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// It passes between steps.
    Between,
    /// It carries the input: a run begins with it.
    Start,
    /// It carries the result: a run ends with it.
    Stop,
}

/// One step of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepNode {
    /// The method's name.
    #[serde(deserialize_with = "leaked")]
    pub name: &'static str,
    /// The first paragraph of its doc comment, or nothing.
    #[serde(deserialize_with = "leaked")]
    pub doc: &'static str,
    /// Its signature with its options above, as the user wrote them, or nothing.
    #[serde(deserialize_with = "leaked")]
    pub signature: &'static str,
    /// Which events start it, and in which way.
    pub takes: Takes,
    /// What its return type may send out.
    pub emits: Shape,
    /// What it sends by `ctx.send` before it returns.
    #[serde(deserialize_with = "leaked")]
    pub sends: &'static [u16],
    /// What it waits for by `ctx.wait_for`.
    #[serde(deserialize_with = "leaked")]
    pub waits: &'static [u16],
    /// How many of its executions may run at once in one run; at least 1.
    pub workers: u32,
    /// How long one try of it may take.
    pub timeout: Option<Duration>,
    /// Whether a policy decides, when it fails, if it is tried again.
    pub retries: bool,
    /// Which steps it runs for when they have given up.
    pub catches: Option<Catches>,
    /// Where its code runs.
    pub runs: RunsOn,
    /// The user says that it may be unreachable.
    pub allow_unreachable: bool,
    /// The user says that nothing need follow from it.
    pub allow_dead_end: bool,
}

/// What a step with `#[catch]` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catches {
    /// The places of the steps that it catches; empty for all steps that have no catch of their own.
    #[serde(deserialize_with = "leaked")]
    pub of: &'static [u16],
    /// How often it may run in one line of events, each following from the one before.
    pub times: u32,
}

/// Where the code of a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunsOn {
    /// Where the run is driven.
    Run,
    /// On a task of its own: `spawn`.
    Task,
    /// On a thread that may block: `blocking`.
    Pool,
}

/// Which events start a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Takes {
    /// Each of any of these.
    Any(#[serde(deserialize_with = "leaked")] &'static [u16]),
    /// One of each, in the order of the parameters; an event may stand there twice.
    Join(#[serde(deserialize_with = "leaked")] &'static [u16]),
    /// A whole batch, when it has settled, or its first `first` arrivals.
    Batch {
        /// The event whose arrivals are gathered.
        event: u16,
        /// `#[take(n)]`: how many arrivals are enough.
        first: Option<u32>,
    },
}

impl Graph {
    /// How many steps a workflow may have.
    pub const STEPS: usize = 256;

    /// The event's name.
    #[must_use]
    pub const fn event_name(&self, event: u16) -> &'static str {
        self.events[event as usize].name
    }

    /// The event that ends a run; none in a graph that has not been checked.
    #[must_use]
    pub const fn stop(&self) -> Option<u16> {
        self.with_role(Role::Stop)
    }

    /// The event that opens a run; none in a graph that has not been checked.
    #[must_use]
    pub const fn start(&self) -> Option<u16> {
        self.with_role(Role::Start)
    }

    /// The step that catches failures of `step`: one for it by name before one for all. A catch is not
    /// caught.
    #[must_use]
    pub const fn catcher(&self, step: usize) -> Option<usize> {
        if self.steps[step].catches.is_some() {
            return None;
        }
        let (mut general, mut index) = (None, 0);
        while index < self.steps.len() {
            if let Some(Catches { of, .. }) = self.steps[index].catches {
                let mut named = 0;
                while named < of.len() {
                    if of[named] as usize == step {
                        return Some(index);
                    }
                    named += 1;
                }
                if of.is_empty() {
                    general = Some(index);
                }
            }
            index += 1;
        }
        general
    }

    /// Whether nothing but its own worker limit stands between the step and the event that starts it: it
    /// is not timed, not tried again and not caught.
    #[must_use]
    pub const fn is_plain(&self, step: usize) -> bool {
        let node = &self.steps[step];
        node.timeout.is_none() && !node.retries && self.catcher(step).is_none()
    }

    const fn with_role(&self, role: Role) -> Option<u16> {
        let mut event = 0;
        while event < self.events.len() {
            if self.events[event].role as u8 == role as u8 {
                return Some(event as u16);
            }
            event += 1;
        }
        None
    }
}

/// Reads what a constant refers to.
fn leaked<'de, D, T>(deserializer: D) -> Result<&'static T, D::Error>
where
    D: Deserializer<'de>,
    T: ?Sized,
    Box<T>: Deserialize<'de>,
{
    Ok(Box::leak(Box::deserialize(deserializer)?))
}

impl StepNode {
    /// A step with four workers and no option set.
    #[must_use]
    pub const fn new(name: &'static str, takes: Takes, emits: Shape) -> Self {
        Self {
            name,
            doc: "",
            signature: "",
            takes,
            emits,
            sends: &[],
            waits: &[],
            workers: Self::WORKERS,
            timeout: None,
            retries: false,
            catches: None,
            runs: RunsOn::Run,
            allow_unreachable: false,
            allow_dead_end: false,
        }
    }

    /// How many executions of a step may run at once where its options do not say.
    pub const WORKERS: u32 = 4;
}

impl EventNode {
    /// An event that passes between steps and stays inside.
    #[must_use]
    pub const fn new(name: &'static str, role: Role) -> Self {
        Self { name, role, published: false, received: false }
    }
}

impl Takes {
    /// The events that a step waits for, in the order of its parameters.
    #[must_use]
    pub const fn events(&self) -> &[u16] {
        match self {
            Self::Any(events) | Self::Join(events) => events,
            Self::Batch { event, .. } => std::slice::from_ref(event),
        }
    }
}
