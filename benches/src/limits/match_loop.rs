//! A `match` in a loop: nothing can be faster, and nothing runs beside anything else.

use futures::FutureExt;

use super::steps::{Loop, Stage, Three, Turn};
use super::{in_turn, limit};
use crate::{Entry, Msg, Payload, Work, tasks};

pub(super) fn entries() -> Vec<Entry> {
    let name = "match loop";
    vec![
        limit(Work::Chain, name, |n| chain::<u64>(n).boxed()),
        limit(Work::ChainText, name, |n| chain::<Msg>(n).boxed()),
        limit(Work::Runs, name, |n| in_turn(n, |number| run(number, false)).boxed()),
        limit(Work::Suspended, name, |n| tasks(n, |number| run(number, true)).boxed()),
    ]
}

async fn chain<P: Payload>(last: u64) -> u64 {
    let steps = Loop { last };
    let mut turn = Turn::Ping(P::new(0));
    loop {
        turn = match turn {
            Turn::Ping(payload) => steps.ping(payload).await,
            Turn::Pong(payload) => steps.pong(payload).await,
            Turn::Stop(payload) => return payload.number(),
        };
    }
}

async fn run(number: u64, parks: bool) -> u64 {
    let steps = Three::new(parks);
    let mut stage = Stage::First(number);
    loop {
        stage = match stage {
            Stage::First(number) => steps.first(number).await,
            Stage::Second(number) => steps.second(number).await,
            Stage::Third(number) => steps.third(number).await,
            Stage::Stop(number) => return number,
        };
    }
}
