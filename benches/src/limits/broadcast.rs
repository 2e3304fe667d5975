//! One sender and several readers, by the channel that tokio has for that.

use futures::FutureExt;
use tokio::sync::broadcast;
use tokio::task::{JoinSet, yield_now};

use super::limit;
use crate::{Entry, Work};

/// How many events are sent before the readers have a turn.
const AT_ONCE: u64 = 128;

pub(super) fn entries() -> Vec<Entry> {
    let name = "tokio broadcast";
    vec![
        limit(Work::Stream1, name, |n| stream(n, 1).boxed()),
        limit(Work::Stream10, name, |n| stream(n, 10).boxed()),
    ]
}

async fn stream(events: u64, readers: usize) -> u64 {
    let (sender, receiver) = broadcast::channel(4_096);
    let mut reading: JoinSet<u64> = (0..readers)
        .map(|_| {
            let mut receiver = receiver.resubscribe();
            async move {
                let mut sum = 0;
                while let Ok(number) = receiver.recv().await {
                    sum += number;
                }
                sum
            }
        })
        .collect();
    drop(receiver);
    for number in 0..events {
        sender.send(number).expect("somebody reads");
        if number % AT_ONCE == AT_ONCE - 1 {
            yield_now().await;
        }
    }
    drop(sender);
    let mut sum = 0;
    while let Some(read) = reading.join_next().await {
        sum += read.expect("it does not panic");
    }
    sum
}
