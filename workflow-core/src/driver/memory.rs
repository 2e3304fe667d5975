//! Memory: what the steps of a run have put away, of which many programs have nothing.

use serde_json::{Map, Value};

use super::children::Children;
use super::collect::Collected;
use crate::machine::Token;

/// What steps have put away.
pub(super) struct Memory<E> {
    /// The dynamic keys.
    pub(super) values: Map<String, Value>,
    pub(super) collected: Collected<E>,
    pub(super) children: Children,
}

impl<E> Default for Memory<E> {
    fn default() -> Self {
        Self { values: Map::new(), collected: Collected::default(), children: Children::default() }
    }
}

/// The memory as the run knows it: by its trait, so that what it takes to keep and to drop it is in those programs only
/// in which something is put away.
pub(super) trait Remembers<E>: Send {
    /// An execution has come to its end: what is kept for a later try of it goes when there is none.
    fn forget(&mut self, number: u64, is_tried_again: bool);

    /// The memory itself.
    fn memory(&mut self) -> &mut Memory<E>;
}

impl<E: Token + Send> Remembers<E> for Memory<E> {
    fn forget(&mut self, number: u64, is_tried_again: bool) {
        self.children.forget(number);
        if is_tried_again {
            self.collected.rewind(number);
        } else {
            self.collected.forget(number);
        }
    }

    fn memory(&mut self) -> &mut Memory<E> {
        self
    }
}
