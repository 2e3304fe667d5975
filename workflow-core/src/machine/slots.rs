//! Slots: things that come and go, each found by its place.
//!
//! The free places are part of what is written down, so that a state that was read back gives out the
//! same places as the one that was written: facts recorded after a snapshot still name the right execution.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// A list with holes, which are filled again, the latest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Slots<T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }

    /// Puts `value` at a free place, which it returns.
    pub(super) fn insert(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.entries[slot as usize] = Some(value);
            return slot;
        }
        self.entries.push(Some(value));
        self.entries.len() as u32 - 1
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.entries.reserve(more.saturating_sub(self.free.len()));
    }

    /// Takes out what is at a place; the last thing to go leaves no holes behind.
    #[inline]
    pub(super) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.entries.get_mut(slot as usize)?.take()?;
        self.note_free(slot);
        Some(value)
    }

    /// Drops what is at a place, which is filled.
    #[inline]
    pub(super) fn clear(&mut self, slot: u32) {
        self.entries[slot as usize] = None;
        self.note_free(slot);
    }

    #[inline]
    fn note_free(&mut self, slot: u32) {
        self.free.push(slot);
        if self.is_empty() {
            self.entries.clear();
            self.free.clear();
        }
    }

    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let places = self.entries.iter().enumerate();
        places.filter_map(|(slot, entry)| entry.as_ref().map(|value| (slot as u32, value)))
    }
}

impl<T> Index<u32> for Slots<T> {
    type Output = T;

    fn index(&self, slot: u32) -> &T {
        self.get(slot).expect("who holds a slot's number keeps it filled")
    }
}

impl<T> IndexMut<u32> for Slots<T> {
    fn index_mut(&mut self, slot: u32) -> &mut T {
        self.entries[slot as usize].as_mut().expect("who holds a slot's number keeps it filled")
    }
}
