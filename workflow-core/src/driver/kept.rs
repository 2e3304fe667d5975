//! Kept: the first and the last of many, with what is in between counted.

use std::collections::VecDeque;

/// Things in the order in which they came, of which those in the middle may be left out.
pub(super) struct Kept<T> {
    /// The first, never left out.
    first: Vec<T>,
    most_first: usize,
    last: VecDeque<T>,
    /// The number of the first of `last`.
    next_out: u64,
    left_out: u64,
    closed: bool,
}

/// Where a thing is, for as long as it is there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    First(usize),
    Last(u64),
}

impl<T> Kept<T> {
    /// Nothing; of what comes, so many are never left out.
    pub(super) fn new(most_first: usize) -> Self {
        Self { first: Vec::new(), most_first, last: VecDeque::new(), next_out: 0, left_out: 0, closed: false }
    }

    pub(super) fn push(&mut self, one: T) -> Place {
        if self.first.len() < self.most_first && self.left_out == 0 {
            self.first.push(one);
            return Place::First(self.first.len() - 1);
        }
        self.last.push_back(one);
        Place::Last(self.next_out + self.last.len() as u64 - 1)
    }

    /// Leaves out the one in the middle that is next.
    pub(super) fn leave_out(&mut self) -> Option<T> {
        let out = self.last.pop_front()?;
        self.next_out += 1;
        self.left_out += 1;
        Some(out)
    }

    /// One more came that could not be kept.
    pub(super) fn note_left_out(&mut self) {
        self.left_out += 1;
    }

    /// Lets go of all.
    pub(super) fn close(&mut self) {
        *self = Self { closed: true, ..Self::new(0) };
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        match place {
            Place::First(place) => self.first.get_mut(place),
            Place::Last(number) => {
                self.last.get_mut(usize::try_from(number.checked_sub(self.next_out)?).ok()?)
            }
        }
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.first.iter().chain(&self.last)
    }

    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many stand before those that were left out.
    pub(super) fn gap(&self) -> usize {
        self.first.len()
    }
}
