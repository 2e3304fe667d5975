//! Fingerprint: what a workflow looked like, so that a run that was written down meets the same one again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Graph;
use crate::hash::fnv_1a;

/// A number for each step and each event of a workflow, by name.
///
/// It covers what a run in hand depends on: which steps there are and in which order, what they take, emit,
/// send, wait for and catch, and what the events look like. Limits, timeouts and policies may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(BTreeMap<String, u64>);

impl Fingerprint {
    /// The fingerprint of a graph; `shapes` describes its events, in their order.
    #[must_use]
    pub fn new(graph: &Graph, shapes: &[String]) -> Self {
        let names =
            |events: &[u16]| -> Vec<&str> { events.iter().map(|event| graph.event_name(*event)).collect() };
        let steps = graph.steps.iter().enumerate().map(|(place, step)| {
            let emits = step.emits.named(graph);
            let takes = (std::mem::discriminant(&step.takes), names(step.takes.events()));
            let looks = format!(
                "{place} {takes:?} {emits} {:?} {:?} {:?}",
                names(step.sends),
                names(step.waits),
                step.catches.map(|catches| (catches.of, catches.times)),
            );
            (format!("step `{}`", step.name), fnv_1a(looks.as_bytes()))
        });
        let events = graph.events.iter().enumerate().map(|(place, event)| {
            let shape = shapes.get(place).map_or("", String::as_str);
            (
                format!("event `{}`", event.name),
                fnv_1a(format!("{place} {:?} {shape}", event.role).as_bytes()),
            )
        });
        Self(steps.chain(events).collect())
    }

    /// What is not the same in `now`, in words, each by its name.
    #[must_use]
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let gone = self.0.keys().filter(|name| !now.0.contains_key(*name));
        let new = now.0.keys().filter(|name| !self.0.contains_key(*name));
        let other = self.0.iter().filter(|(name, looks)| now.0.get(*name).is_some_and(|now| now != *looks));
        let gone = gone.map(|name| format!("{name} is gone"));
        let new = new.map(|name| format!("{name} is new"));
        gone.chain(new).chain(other.map(|(name, _)| format!("{name} is not what it was"))).collect()
    }
}
