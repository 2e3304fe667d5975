//! Notes: what the steps of a run did to what they share, on its way to the journal, and what executions that
//! start again had done to it before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use json_patch::Patch;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::{Journal, JournalError, Migration};

/// What a run with a journal needs beside its machine.
pub(crate) struct Notes {
    journal: Arc<dyn Journal>,
    parent: Option<String>,
    source: Option<Source>,
    migration: Option<Migration>,
    sheet: Mutex<Sheet>,
}

/// The notes as the run knows them: by their trait, so that a program without journals is without them too.
pub(crate) trait Noted: Send + Sync {
    /// The execution has ended, or begins a new try.
    fn forget(&self, invocation: u64);

    /// The notes themselves.
    fn notes(&self) -> &Notes;

    /// The notes themselves, before the run begins.
    fn notes_mut(&mut self) -> &mut Notes;
}

impl Noted for Notes {
    fn forget(&self, invocation: u64) {
        self.sheet().repeats.forget(invocation);
    }

    fn notes(&self) -> &Notes {
        self
    }

    fn notes_mut(&mut self) -> &mut Notes {
        self
    }
}

/// The run of which this one is a fork.
pub(in crate::driver) struct Source {
    pub(in crate::driver) id: String,
    /// The number of the first record that is not taken over.
    pub(in crate::driver) at: u64,
}

/// What was noted. Its lock is taken last: under that of the state, or that of the door.
#[derive(Default)]
struct Sheet {
    notes: Vec<Note>,
    /// The state as it was noted last.
    state: Value,
    repeats: Repeats,
}

/// One thing that a step did to what is shared.
pub(in crate::driver) struct Note {
    pub(super) kind: &'static str,
    pub(super) invocation: u64,
    pub(super) body: Result<String, serde_json::Error>,
}

/// A change of the state.
#[derive(Serialize, Deserialize)]
pub(super) struct StateChanged {
    pub(super) invocation: u64,
    /// How often the try had looked at the state before.
    pub(super) look: u32,
    pub(super) patch: Patch,
}

/// A dynamic key has a value.
#[derive(Serialize, Deserialize)]
pub(super) struct ValueSet {
    pub(super) invocation: u64,
    pub(super) key: String,
    pub(super) value: Value,
}

/// A step has collected events.
#[derive(Serialize, Deserialize)]
pub(super) struct EventsCollected<E> {
    pub(super) invocation: u64,
    pub(super) step: u16,
    pub(super) events: E,
    pub(super) wanted: Vec<(u16, usize)>,
}

/// What executions that have not ended did to what is shared: when they start again, they do not do it twice.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Repeats(BTreeMap<u64, Repeat>);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Repeat {
    /// By look: the state before a change.
    looks: BTreeMap<u32, Value>,
    /// How many dynamic keys it has set.
    sets: u32,
}

impl Repeats {
    pub(super) fn note_change(&mut self, invocation: u64, look: u32, before: Value) {
        self.0.entry(invocation).or_default().looks.insert(look, before);
    }

    pub(super) fn note_set(&mut self, invocation: u64) {
        self.0.entry(invocation).or_default().sets += 1;
    }

    /// The states that are kept.
    pub(super) fn states(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0.values_mut().flat_map(|repeat| repeat.looks.values_mut())
    }

    /// The execution has ended, or begins a new try.
    pub(super) fn forget(&mut self, invocation: u64) {
        self.0.remove(&invocation);
    }
}

impl Notes {
    pub(crate) fn new(journal: Arc<dyn Journal>, parent: Option<String>) -> Self {
        Self { journal, parent, source: None, migration: None, sheet: Mutex::default() }
    }

    /// The run is a fork of another one.
    pub(in crate::driver) fn of_fork(&mut self, source: Source) {
        self.source = Some(source);
    }

    /// Another version of the workflow may have begun the run.
    pub(in crate::driver) fn migrating(&mut self, migration: Migration) {
        self.migration = Some(migration);
    }

    pub(super) fn migration(&self) -> Option<&Migration> {
        self.migration.as_ref()
    }

    pub(super) fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    pub(crate) fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    pub(super) fn parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }

    /// The run begins with this state.
    pub(super) fn begin(&self, id: &str, state: &impl Serialize) -> Result<Value, JournalError> {
        let state = serde_json::to_value(state);
        let state = state.map_err(|error| JournalError::unwritable(id, "state", error))?;
        self.sheet().state = state.clone();
        Ok(state)
    }

    /// The run goes on with this state.
    pub(super) fn resume(&self, state: Value, repeats: Repeats) {
        *self.sheet() = Sheet { notes: Vec::new(), state, repeats };
    }

    /// The state before a change that this look had made when the execution ran before.
    pub(crate) fn before(&self, invocation: u64, look: u32) -> Option<Value> {
        self.sheet().repeats.0.get(&invocation)?.looks.get(&look).cloned()
    }

    /// A look at the state has left it so. Under the state's lock.
    pub(crate) fn state_is(&self, invocation: u64, look: u32, state: &impl Serialize) {
        let sheet = &mut *self.sheet();
        let note = |body| Note { kind: STATE_CHANGED, invocation, body };
        match serde_json::to_value(state) {
            Err(error) => sheet.notes.push(note(Err(error))),
            Ok(state) => {
                let patch = json_patch::diff(&sheet.state, &state);
                if patch.0.is_empty() {
                    return;
                }
                let changed = StateChanged { invocation, look, patch };
                sheet.notes.push(note(serde_json::to_string(&changed)));
                let before = std::mem::replace(&mut sheet.state, state);
                sheet.repeats.note_change(invocation, look, before);
            }
        }
    }

    /// Whether the execution had set this value, its `set`-th, when it ran before.
    pub(crate) fn has_set(&self, invocation: u64, set: u32) -> bool {
        self.sheet().repeats.0.get(&invocation).is_some_and(|repeat| set < repeat.sets)
    }

    /// A dynamic key has a value. Under the door's lock.
    pub(crate) fn value_is(&self, invocation: u64, key: &str, value: &Value) {
        let sheet = &mut *self.sheet();
        let set = ValueSet { invocation, key: key.to_owned(), value: value.clone() };
        sheet.notes.push(Note { kind: VALUE_SET, invocation, body: serde_json::to_string(&set) });
        sheet.repeats.note_set(invocation);
    }

    /// A step has collected events. Under the door's lock.
    pub(crate) fn collected(
        &self,
        invocation: u64,
        step: u16,
        events: &impl Serialize,
        wanted: &[(u16, usize)],
    ) {
        let body = EventsCollected { invocation, step, events, wanted: wanted.to_vec() };
        let body = serde_json::to_string(&body);
        self.sheet().notes.push(Note { kind: EVENTS_COLLECTED, invocation, body });
    }

    /// What was noted since this was asked last.
    pub(in crate::driver) fn take(&self) -> Vec<Note> {
        std::mem::take(&mut self.sheet().notes)
    }

    /// The state as it was noted last, and what would have to be repeated.
    pub(super) fn with_shared<R>(&self, does: impl FnOnce(&Value, &Repeats) -> R) -> R {
        let sheet = self.sheet();
        does(&sheet.state, &sheet.repeats)
    }

    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.sheet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) const STATE_CHANGED: &str = "state_changed";
pub(super) const VALUE_SET: &str = "value_set";
pub(super) const EVENTS_COLLECTED: &str = "events_collected";
