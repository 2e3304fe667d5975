//! Payload: what the events of a chain carry.

use std::fmt::Debug;
use std::hint::black_box;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What the events of a chain carry: a number, or a number and a text.
pub trait Payload: Clone + Debug + PartialEq + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The payload of the first event.
    fn new(number: u64) -> Self;

    /// Its number.
    fn number(&self) -> u64;

    /// The payload of the next event: what every step does.
    #[must_use]
    fn next(self) -> Self;
}

impl Payload for u64 {
    #[inline]
    fn new(number: u64) -> Self {
        number
    }

    #[inline]
    fn number(&self) -> u64 {
        *self
    }

    #[inline]
    fn next(self) -> Self {
        black_box(self + 1)
    }
}

/// A small event with a text, which is moved from step to step and never copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Msg {
    /// Counts the transitions.
    pub number: u64,
    /// Goes along.
    pub text: String,
}

impl Payload for Msg {
    fn new(number: u64) -> Self {
        Self { number, text: "a short event payload".to_owned() }
    }

    #[inline]
    fn number(&self) -> u64 {
        self.number
    }

    #[inline]
    fn next(self) -> Self {
        Self { number: black_box(self.number + 1), text: self.text }
    }
}
