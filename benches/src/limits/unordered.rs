//! `FuturesUnordered`: the set that most people know; an allocation for each future.

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use super::steps::{Fan, Given, Loop, Part, Stage, Three, Turn};
use super::{in_turn, limit};
use crate::{Entry, Msg, Payload, Work, tasks};

pub(super) fn entries() -> Vec<Entry> {
    let name = "FuturesUnordered";
    vec![
        limit(Work::Chain, name, |n| chain::<u64>(n).boxed()),
        limit(Work::ChainText, name, |n| chain::<Msg>(n).boxed()),
        limit(Work::Fan1k, name, |n| fan(n).boxed()),
        limit(Work::Fan10k, name, |n| fan(n).boxed()),
        limit(Work::Fan100k, name, |n| fan(n).boxed()),
        limit(Work::Runs, name, |n| in_turn(n, |number| run(number, false)).boxed()),
        limit(Work::Suspended, name, |n| tasks(n, |number| run(number, true)).boxed()),
    ]
}

async fn chain<P: Payload>(last: u64) -> u64 {
    let steps = Loop { last };
    let mut running = FuturesUnordered::new();
    running.push(steps.dispatch(Turn::Ping(P::new(0))));
    while let Some(turn) = running.next().await {
        match turn {
            Turn::Stop(payload) => return payload.number(),
            turn => running.push(steps.dispatch(turn)),
        }
    }
    unreachable!("each step gives an event")
}

async fn fan(width: u64) -> u64 {
    let steps = Fan::new(width);
    let mut running = FuturesUnordered::new();
    running.push(steps.dispatch(Part::Start));
    while let Some(given) = running.next().await {
        match given {
            Given::Nothing => (),
            Given::One(part) => running.push(steps.dispatch(part)),
            Given::Many(parts) => parts.into_iter().for_each(|part| running.push(steps.dispatch(part))),
            Given::Stop(sum) => return sum,
        }
    }
    unreachable!("the last member stops it")
}

async fn run(number: u64, parks: bool) -> u64 {
    let steps = Three::new(parks);
    let mut running = FuturesUnordered::new();
    running.push(steps.dispatch(Stage::First(number)));
    while let Some(stage) = running.next().await {
        match stage {
            Stage::Stop(number) => return number,
            stage => running.push(steps.dispatch(stage)),
        }
    }
    unreachable!("each step gives an event")
}
