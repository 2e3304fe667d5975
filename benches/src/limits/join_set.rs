//! A task for each step: what it costs to let the runtime do all.

use std::sync::Arc;

use futures::FutureExt;
use tokio::task::JoinSet;

use super::one_thread::compute;
use super::steps::{Fan, Given, Loop, Part, Stage, Three, Turn};
use super::{in_turn, limit};
use crate::{Entry, Msg, Payload, Work, tasks};

pub(super) fn entries() -> Vec<Entry> {
    let name = "JoinSet, a task a step";
    vec![
        limit(Work::Chain, name, |n| chain::<u64>(n).boxed()),
        limit(Work::ChainText, name, |n| chain::<Msg>(n).boxed()),
        limit(Work::Fan1k, name, |n| fan(n).boxed()),
        limit(Work::Fan10k, name, |n| fan(n).boxed()),
        limit(Work::Fan100k, name, |n| fan(n).boxed()),
        limit(Work::Runs, name, |n| in_turn(n, |number| run(number, false)).boxed()),
        limit(Work::Suspended, name, |n| tasks(n, |number| run(number, true)).boxed()),
        limit(Work::Cores, name, |n| cores(n).boxed()),
    ]
}

async fn chain<P: Payload>(last: u64) -> u64 {
    let steps = Arc::new(Loop { last });
    let mut running = JoinSet::new();
    let mut turn = Turn::Ping(P::new(0));
    loop {
        if let Turn::Stop(payload) = turn {
            return payload.number();
        }
        let steps = Arc::clone(&steps);
        running.spawn(async move { steps.dispatch(turn).await });
        turn = running.join_next().await.expect("one runs").expect("it does not panic");
    }
}

async fn fan(width: u64) -> u64 {
    let steps = Arc::new(Fan::new(width));
    let mut running = JoinSet::new();
    let spawn = |running: &mut JoinSet<Given>, part| {
        let steps = Arc::clone(&steps);
        running.spawn(async move { steps.dispatch(part).await });
    };
    spawn(&mut running, Part::Start);
    while let Some(given) = running.join_next().await {
        match given.expect("it does not panic") {
            Given::Nothing => (),
            Given::One(part) => spawn(&mut running, part),
            Given::Many(parts) => parts.into_iter().for_each(|part| spawn(&mut running, part)),
            Given::Stop(sum) => return sum,
        }
    }
    unreachable!("the last member stops it")
}

async fn run(number: u64, parks: bool) -> u64 {
    let steps = Arc::new(Three::new(parks));
    let mut running = JoinSet::new();
    let mut stage = Stage::First(number);
    loop {
        if let Stage::Stop(number) = stage {
            return number;
        }
        let steps = Arc::clone(&steps);
        running.spawn(async move { steps.dispatch(stage).await });
        stage = running.join_next().await.expect("one runs").expect("it does not panic");
    }
}

async fn cores(members: u64) -> u64 {
    let mut running: JoinSet<u64> = (0..members).map(|number| async move { compute(number) }).collect();
    let mut done = 0;
    while let Some(one) = running.join_next().await {
        done += one.expect("it does not panic");
    }
    done
}
