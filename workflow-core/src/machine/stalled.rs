//! Stalled: why a run can never finish, in words.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Plan, State};
use crate::graph::Graph;

/// Why nothing can happen any more: every step that waits, what it holds and what it lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stalled {
    /// The joins that have some of their events, in declaration order.
    pub waiting: Vec<StalledStep>,
    /// The steps that are in the middle of an execution and wait for an event, the oldest wait first.
    pub waits: Vec<StalledWait>,
    /// The step that returned last.
    pub last: Option<String>,
}

/// A step that waits by `ctx.wait_for`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StalledWait {
    /// The step's name.
    pub step: String,
    /// What it waits for.
    pub lacks: Lack,
}

/// A join that has some of its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StalledStep {
    /// The step's name.
    pub step: String,
    /// The events that it has.
    pub holds: Vec<Holding>,
    /// The events that it has not, or not often enough.
    pub lacks: Vec<Lack>,
}

/// Events of one kind that wait in a join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Holding {
    /// The event's name.
    pub event: String,
    /// How many of them.
    pub count: usize,
}

/// An event that did not come, and from where it could have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lack {
    /// The event's name.
    pub event: String,
    /// How many more of them the join needs.
    pub count: usize,
    /// The steps that emit it, and whether each one ran.
    pub from: Vec<(String, bool)>,
}

impl Stalled {
    pub(super) fn of<E>(plan: &Plan, state: &State<E>) -> Self {
        let graph = plan.graph;
        let waiting = (0..graph.steps.len())
            .filter(|step| state.steps[*step].held.iter().any(|held| !held.is_empty()))
            .map(|step| StalledStep::of(plan, state, step))
            .collect();
        let last = state.last_returned.map(|step| graph.steps[step as usize].name.to_owned());
        let waits = state.waits.values().map(|wait| StalledWait {
            step: graph.steps[wait.step as usize].name.to_owned(),
            lacks: Lack {
                event: graph.event_name(wait.event).to_owned(),
                count: 1,
                from: emitters(graph, state, wait.event),
            },
        });
        Self { waiting, waits: waits.collect(), last }
    }
}

impl StalledStep {
    fn of<E>(plan: &Plan, state: &State<E>, step: usize) -> Self {
        let graph = plan.graph;
        let mut holds = Vec::new();
        let mut lacks = Vec::new();
        for (slot, held) in plan.slots[step].iter().zip(&state.steps[step].held) {
            let event = graph.event_name(slot.event).to_owned();
            if held.len() < slot.needs {
                let from = emitters(graph, state, slot.event);
                lacks.push(Lack { event: event.clone(), count: slot.needs - held.len(), from });
            }
            if !held.is_empty() {
                holds.push(Holding { event, count: held.len() });
            }
        }
        Self { step: graph.steps[step].name.to_owned(), holds, lacks }
    }
}

fn emitters<E>(graph: &Graph, state: &State<E>, event: u16) -> Vec<(String, bool)> {
    graph
        .steps
        .iter()
        .zip(&state.steps)
        .filter(|(step, _)| step.emits.has(event) || step.sends.contains(&event))
        .map(|(step, state)| (step.name.to_owned(), state.ran))
        .collect()
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.waiting.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            step.fmt(f)?;
        }
        for (index, wait) in self.waits.iter().enumerate() {
            if index > 0 || !self.waiting.is_empty() {
                f.write_str("; ")?;
            }
            write!(f, "`{}` waits for `{}`{}", wait.step, wait.lacks.event, wait.lacks)?;
        }
        match (&self.waiting[..], &self.last) {
            ([], _) if !self.waits.is_empty() => Ok(()),
            ([], Some(last)) => write!(
                f,
                "nothing runs and no event is left: `{last}` returned last, and nothing that starts a step"
            ),
            ([], None) => f.write_str("nothing runs and no event is left"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for StalledStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds: Vec<_> = self.holds.iter().map(|held| times(held.count, &held.event)).collect();
        let lacks: Vec<_> = self.lacks.iter().map(|lack| self.missing(lack)).collect();
        write!(f, "`{}` holds {}, lacks {}", self.step, holds.join(", "), lacks.join(", "))?;
        self.lacks.iter().try_for_each(|lack| lack.fmt(f))
    }
}

impl StalledStep {
    fn missing(&self, lack: &Lack) -> String {
        let has_some = self.holds.iter().any(|held| held.event == lack.event);
        match lack.count {
            1 if has_some => format!("another `{}`", lack.event),
            count => times(count, &lack.event),
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from[..] {
            [] => write!(f, "; no step emits `{}`", self.event),
            [(only, ran)] => {
                write!(f, "; `{}` comes only from `{only}`, which {}", self.event, ran_or_not(*ran))
            }
            several => {
                let from: Vec<_> =
                    several.iter().map(|(step, ran)| format!("`{step}` ({})", ran_or_not(*ran))).collect();
                write!(f, "; `{}` comes from {}", self.event, from.join(", "))
            }
        }
    }
}

fn ran_or_not(ran: bool) -> &'static str {
    if ran { "ran" } else { "never ran" }
}

fn times(count: usize, event: &str) -> String {
    if count == 1 { format!("`{event}`") } else { format!("{count} `{event}`") }
}
