//! A channel that the loop reads and its own steps' events go into.

use futures::FutureExt;
use tokio::sync::mpsc;

use super::steps::{Loop, Stage, Three, Turn};
use super::{in_turn, limit};
use crate::{Entry, Msg, Payload, Work, tasks};

pub(super) fn entries() -> Vec<Entry> {
    let name = "tokio mpsc loop";
    vec![
        limit(Work::Chain, name, |n| chain::<u64>(n).boxed()),
        limit(Work::ChainText, name, |n| chain::<Msg>(n).boxed()),
        limit(Work::Runs, name, |n| in_turn(n, |number| run(number, false)).boxed()),
        limit(Work::Suspended, name, |n| tasks(n, |number| run(number, true)).boxed()),
    ]
}

async fn chain<P: Payload>(last: u64) -> u64 {
    let steps = Loop { last };
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut turn = Turn::Ping(P::new(0));
    loop {
        sender.send(turn).expect("the receiver is here");
        match receiver.recv().await.expect("the sender is here") {
            Turn::Stop(payload) => return payload.number(),
            taken => turn = steps.dispatch(taken).await,
        }
    }
}

async fn run(number: u64, parks: bool) -> u64 {
    let steps = Three::new(parks);
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut stage = Stage::First(number);
    loop {
        sender.send(stage).expect("the receiver is here");
        match receiver.recv().await.expect("the sender is here") {
            Stage::Stop(number) => return number,
            taken => stage = steps.dispatch(taken).await,
        }
    }
}
