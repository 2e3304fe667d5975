//! Runs: three steps in a row, run to the end, and suspended in the second.

use std::hint::black_box;

use futures::FutureExt;
use workflow_core::prelude::*;

use super::{named, ours};
use crate::{Entry, Payload, Work, arrive, opened, park, tasks};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        ours(Work::Runs, |n| runs(n).boxed()),
        ours(Work::Suspended, |n| tasks(n, parked).boxed()),
        named(Work::Suspended, "ours, in wait_for", |n| waiting(n).boxed()),
    ]
}

#[event]
struct Second(u64);
#[event]
struct Third(u64);

struct Three {
    parks: bool,
}

#[workflow]
impl Three {
    #[step]
    async fn first(&self, number: StartEvent<u64>) -> Second {
        Second(number.0.next())
    }

    #[step]
    async fn second(&self, second: Second) -> Third {
        if self.parks {
            park().await;
        }
        Third(second.0.next())
    }

    #[step]
    async fn third(&self, third: Third) -> StopEvent<u64> {
        StopEvent(third.0.next())
    }
}

async fn runs(n: u64) -> u64 {
    let flow = Three { parks: black_box(false) };
    let mut sum = 0;
    for number in 0..n {
        sum += flow.run(number).await.expect("no step fails");
    }
    sum
}

async fn parked(number: u64) -> u64 {
    static FLOW: Three = Three { parks: true };
    FLOW.run(number).await.expect("no step fails")
}

#[event]
struct Asked(u64);
#[event]
struct Answered(u64);
#[event]
struct Answer;

/// The same three steps, but the second waits for an event from outside.
struct Waiting;

#[workflow(receives(Answer))]
impl Waiting {
    #[step]
    async fn first(&self, number: StartEvent<u64>) -> Asked {
        Asked(number.0.next())
    }

    #[step(waits(Answer))]
    async fn second(&self, ctx: &Context<Self>, asked: Asked) -> Answered {
        arrive();
        ctx.wait_for::<Answer>().await;
        Answered(asked.0.next())
    }

    #[step]
    async fn third(&self, answered: Answered) -> StopEvent<u64> {
        StopEvent(answered.0.next())
    }
}

async fn waiting(n: u64) -> u64 {
    let mut handles = Vec::new();
    let mut running = Vec::new();
    for number in 0..n {
        let run = Waiting.run(number);
        handles.push(run.handle());
        running.push(tokio::spawn(async { run.await.expect("no step fails") }));
    }
    opened().await;
    let mut sum = 0;
    for (handle, task) in handles.into_iter().zip(running) {
        handle.send(Answer).expect("the run waits for it");
        sum += task.await.expect("a run does not panic");
    }
    sum
}
