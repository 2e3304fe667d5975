//! Execution: what one try of a step knows of itself, and has done so far.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::machine::{Again, Attempt, History, Waited};

/// One try of a step that is not simply the first: it is a later one, or its run can be written down.
#[derive(Debug)]
pub(crate) struct Execution<E> {
    pub(crate) attempt: Attempt,
    /// How many events this try had sent and published before its run was written down.
    sent: u32,
    published: u32,
    /// What it had waited for by then.
    waited: Mutex<Vec<Waited<E>>>,
    sends: AtomicU32,
    publishes: AtomicU32,
    waits: AtomicU32,
    calls: AtomicU32,
    /// How often it has looked at the state.
    looks: AtomicU32,
    /// How many dynamic keys it has set.
    sets: AtomicU32,
    /// It does something with what a workflow that it has called has published.
    passes_on: AtomicBool,
}

impl<E> Execution<E> {
    pub(super) fn new(again: Option<Again<E>>) -> Self {
        let (attempt, history) = match again {
            Some(Again { attempt, history }) => (attempt, history),
            None => (Attempt::FIRST, History::default()),
        };
        let none = || AtomicU32::new(0);
        Self {
            attempt,
            sent: history.sent,
            published: history.published,
            waited: Mutex::new(history.waits),
            sends: none(),
            publishes: none(),
            waits: none(),
            calls: none(),
            looks: none(),
            sets: none(),
            passes_on: AtomicBool::new(false),
        }
    }

    /// Does something with what a called workflow has published. That run itself knows how far it has come,
    /// so what follows from it is neither counted nor compared with the record.
    pub(crate) fn pass_on(&self, does: impl FnOnce()) {
        self.passes_on.store(true, Relaxed);
        does();
        self.passes_on.store(false, Relaxed);
    }

    pub(crate) fn passes_on(&self) -> bool {
        self.passes_on.load(Relaxed)
    }

    /// Whether this send was on record already.
    pub(crate) fn has_sent(&self) -> bool {
        self.sends.fetch_add(1, Relaxed) < self.sent
    }

    /// Whether this publish was on record already.
    pub(crate) fn has_published(&self) -> bool {
        self.publishes.fetch_add(1, Relaxed) < self.published
    }

    /// How many waits this try has begun before this one, and what came of this one, where it is on record.
    pub(crate) fn next_wait(&self) -> (u32, Option<Waited<E>>)
    where
        E: Clone,
    {
        let index = self.waits.fetch_add(1, Relaxed);
        (index, self.recorded_wait(index))
    }

    /// What came of this wait, where that is on record.
    pub(crate) fn recorded_wait(&self, index: u32) -> Option<Waited<E>>
    where
        E: Clone,
    {
        let waited = self.waited.lock().unwrap_or_else(PoisonError::into_inner);
        waited.get(index as usize).cloned()
    }

    /// How many events this try has sent and published, with those that were on record.
    #[cfg(feature = "testing")]
    pub(super) fn given_out(&self) -> u32 {
        self.sends.load(Relaxed) + self.publishes.load(Relaxed)
    }

    /// How often this try has looked at the state before.
    pub(crate) fn next_look(&self) -> u32 {
        self.looks.fetch_add(1, Relaxed)
    }

    /// How many dynamic keys this try has set before.
    pub(crate) fn next_set(&self) -> u32 {
        self.sets.fetch_add(1, Relaxed)
    }

    /// How many other workflows this try has called before.
    pub(crate) fn next_call(&self) -> u32 {
        self.calls.fetch_add(1, Relaxed)
    }
}
