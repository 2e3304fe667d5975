//! Migration: how a run that an older version of its workflow began reads for the version of today.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::BoxError;

/// What has changed in a workflow since a run of it began: for [`Run::migrate`](crate::Run::migrate).
///
/// Only what cannot be told from the names need be said. An event that has a new field with a default, or a step that
/// was added, takes nothing.
///
/// ```
/// # use workflow_core::journal::Migration;
/// let migration = Migration::new()
///     .step("pack", "wrap") // it has another name
///     .event("Order", "Purchase")
///     .fields("Purchase", |purchase| {
///         purchase["currency"] = "EUR".into(); // it was always that
///         Ok(())
///     });
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Migration {
    steps: BTreeMap<String, String>,
    events: BTreeMap<String, String>,
    fields: BTreeMap<String, Change>,
    state: Option<Change>,
}

type Change = Arc<dyn Fn(&mut Value) -> Result<(), BoxError> + Send + Sync>;

impl Migration {
    /// Nothing has another name or other fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was the step `old` is the step `new`.
    pub fn step(mut self, old: impl Into<String>, new: impl Into<String>) -> Self {
        self.steps.insert(old.into(), new.into());
        self
    }

    /// What was the event `old` is the event `new`, by the names that stand in the records.
    pub fn event(mut self, old: impl Into<String>, new: impl Into<String>) -> Self {
        self.events.insert(old.into(), new.into());
        self
    }

    /// What the fields of an event were, made to what they are; by the name of today. The input of a run is the event
    /// `StartEvent`.
    pub fn fields(
        mut self,
        event: impl Into<String>,
        change: impl Fn(&mut Value) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Self {
        self.fields.insert(event.into(), Arc::new(change));
        self
    }

    /// What the state was, made to what it is.
    pub fn state(
        mut self,
        change: impl Fn(&mut Value) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Self {
        self.state = Some(Arc::new(change));
        self
    }

    /// What the step is called today.
    pub(crate) fn step_of<'n>(&'n self, old: &'n str) -> &'n str {
        self.steps.get(old).map_or(old, |new| new)
    }

    /// What the event is called today.
    pub(crate) fn event_of<'n>(&'n self, old: &'n str) -> &'n str {
        self.events.get(old).map_or(old, |new| new)
    }

    /// Makes the fields of an event of today's name to what they are.
    pub(crate) fn change_fields(&self, event: &str, fields: &mut Value) -> Result<(), BoxError> {
        self.fields.get(event).map_or(Ok(()), |change| change(fields))
    }

    /// Makes the state to what it is.
    pub(crate) fn change_state(&self, state: &mut Value) -> Result<(), BoxError> {
        self.state.as_ref().map_or(Ok(()), |change| change(state))
    }
}

impl fmt::Debug for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&String> = self.fields.keys().collect();
        f.debug_struct("Migration")
            .field("steps", &self.steps)
            .field("events", &self.events)
            .field("fields", &fields)
            .field("state", &self.state.is_some())
            .finish()
    }
}
