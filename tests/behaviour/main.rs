//! Behaviour: the promises of the library, by its public API alone, on paused time.
//!
//! One file a section of promises; a test is named for the promise that it keeps.

#[macro_use]
mod twins;

mod abandoned;
mod attached;
mod batches;
mod catches;
mod children;
mod collect;
mod contexts;
mod cuts;
mod driving;
mod failure;
mod fans;
mod holding_back;
mod joins;
mod journals;
mod long;
mod parallel;
mod readers;
mod recording;
mod resting;
mod retries;
mod routing;
mod running;
mod several_waits;
#[path = "../flows/shop.rs"]
mod shop;
mod snapshots;
mod stalls;
mod state;
mod stepwise;
mod streams;
mod waits;
mod watching;
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
