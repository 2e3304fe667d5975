//! Snapshot: a run with a long past is written down as text, read again, resumed and ended.

use futures::FutureExt;
use workflow_core::prelude::*;

use super::ours;
use crate::{Entry, Work, measure_from_here};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        ours(Work::Snapshot1k, |times| snapshots(1_000, times).boxed()),
        ours(Work::Snapshot100k, |times| snapshots(100_000, times).boxed()),
    ]
}

#[event]
struct Round(u64);
#[event]
struct Enough;
#[event]
struct Asked;
#[event]
struct Answer;

#[derive(OneOf)]
enum Next {
    Round(Round),
    Enough(Enough),
}

struct Long;

#[workflow(publishes(Asked), receives(Answer))]
impl Long {
    #[step]
    async fn open(&self, rounds: StartEvent<u64>) -> Round {
        Round(*rounds)
    }

    #[step]
    async fn round(&self, round: Round) -> Next {
        if round.0 == 0 { Enough.into() } else { Round(round.0 - 1).into() }
    }

    #[step(waits(Answer))]
    async fn ask(&self, ctx: &Context<Self>, _: Enough) -> StopEvent<()> {
        ctx.publish(Asked);
        ctx.wait_for::<Answer>().await;
        StopEvent(())
    }
}

async fn snapshots(transitions: u64, times: u64) -> u64 {
    let mut run = Long.run(transitions);
    run.next().await.expect("it asks");
    measure_from_here();
    let mut resumed = 0;
    for _ in 0..times {
        let written = serde_json::to_string(&run.snapshot().expect("all can be written")).expect("it can");
        let read = serde_json::from_str(&written).expect("it was written so");
        let again = Long.resume(read).expect("nothing has changed");
        again.send(Answer).expect("it waits for that");
        again.await.expect("no step fails");
        resumed += 1;
    }
    resumed
}
