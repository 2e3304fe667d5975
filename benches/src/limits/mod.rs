//! Limits: what one would write by hand, from the bare loop to what a library usually does inside.
//!
//! All share the steps of [`steps`]; each file is one way to get an event to its step.

mod any_map;
mod broadcast;
mod buffered;
mod channel;
mod join_set;
mod match_loop;
mod one_thread;
mod steps;
mod threads;
mod unordered;

use futures::future::BoxFuture;

pub(crate) use one_thread::compute;

use crate::{Entry, Group, Work};

/// All that is written by hand.
#[must_use]
pub fn entries_of_limits() -> Vec<Entry> {
    [
        match_loop::entries(),
        buffered::entries(),
        channel::entries(),
        unordered::entries(),
        any_map::entries(),
        join_set::entries(),
        one_thread::entries(),
        threads::entries(),
        broadcast::entries(),
    ]
    .concat()
}

const fn limit(work: Work, name: &'static str, run: fn(u64) -> BoxFuture<'static, u64>) -> Entry {
    Entry { work, name, group: Group::Limit, run }
}

/// `n` runs, one after the other, and the sum of what they give.
async fn in_turn<F: Future<Output = u64>>(n: u64, run: impl Fn(u64) -> F) -> u64 {
    let mut sum = 0;
    for number in 0..n {
        sum += run(number).await;
    }
    sum
}
