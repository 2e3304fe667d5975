//! Stream: a run that publishes, and readers that miss nothing.

use futures::FutureExt;
use tokio::task::{JoinSet, yield_now};
use workflow_core::prelude::*;

use super::ours;
use crate::{Entry, Work};

/// How many events are published before the readers have a turn.
const AT_ONCE: u64 = 128;

pub(super) fn entries() -> Vec<Entry> {
    vec![ours(Work::Stream1, |n| stream(n, 1).boxed()), ours(Work::Stream10, |n| stream(n, 10).boxed())]
}

#[event]
struct Told(u64);

struct Tells;

#[workflow(publishes(Told))]
impl Tells {
    #[step]
    async fn tell(&self, ctx: &Context<Self>, events: StartEvent<u64>) -> StopEvent<()> {
        for number in 0..*events {
            ctx.publish(Told(number));
            if number % AT_ONCE == AT_ONCE - 1 {
                yield_now().await;
            }
        }
        StopEvent(())
    }
}

async fn stream(events: u64, readers: usize) -> u64 {
    let run = Tells.run(events);
    let mut reading: JoinSet<u64> = (0..readers)
        .map(|_| {
            let mut events = run.events();
            async move {
                let mut sum = 0;
                while let Some(TellsEvent::Told(told)) = events.next().await {
                    sum += told.0;
                }
                sum
            }
        })
        .collect();
    run.await.expect("no step fails");
    let mut sum = 0;
    while let Some(read) = reading.join_next().await {
        sum += read.expect("it does not panic");
    }
    sum
}
