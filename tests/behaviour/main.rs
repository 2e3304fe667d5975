//! Behaviour: the promises of the library, by its public API alone, on paused time.
//!
//! One file a section of promises; a test is named for the promise that it keeps.

mod abandoned;
mod batches;
mod contexts;
mod driving;
mod failure;
mod holding_back;
mod joins;
mod parallel;
mod readers;
mod readme;
mod retries;
mod routing;
mod running;
mod streams;
mod waits;
mod workers;

use std::sync::Mutex;

/// What the steps of a test did, in order.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
