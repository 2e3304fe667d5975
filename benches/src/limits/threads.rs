//! Threads for what blocks: each member on one, all at once or four at a time as a step's workers are.

use futures::{FutureExt, StreamExt, stream};
use tokio::task::{JoinSet, spawn_blocking};

use super::limit;
use super::one_thread::compute;
use crate::{Entry, Work};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        limit(Work::Cores, "spawn_blocking", |n| four_at_a_time(n).boxed()),
        limit(Work::Cores, "spawn_blocking, all at once", |n| all_at_once(n).boxed()),
    ]
}

async fn four_at_a_time(members: u64) -> u64 {
    let threads = stream::iter(0..members).map(|number| spawn_blocking(move || compute(number)));
    threads
        .buffer_unordered(4)
        .map(|done| done.expect("it does not panic"))
        .collect::<Vec<_>>()
        .await
        .iter()
        .sum()
}

async fn all_at_once(members: u64) -> u64 {
    let mut running = JoinSet::new();
    for number in 0..members {
        running.spawn_blocking(move || compute(number));
    }
    running.join_all().await.iter().sum()
}
