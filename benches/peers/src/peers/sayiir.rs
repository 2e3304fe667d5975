//! sayiir: closures in a row, run in process without a backend, each input and output encoded by its rkyv codec.
//! Its runner gives no output, so the last step leaves the number in an atomic. A fork has a branch for each member.
//!
//! The body of a loop is one task, not two by turns: that is the chain.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sayiir_core::LoopResult;
use sayiir_core::task::BranchOutputs;
use sayiir_runtime::prelude::*;
use workflow_benches::{Entry, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "sayiir 1.0.0";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain(n))),
        entry("sayiir then", Work::Chain, |n| Box::pin(chain_then(n))),
        entry(NAME, Work::ChainText, |n| Box::pin(chain_text(n))),
        entry(NAME, Work::Fan1k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan10k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan100k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(suspended(n))),
    ]
}

type Flow<Input> = Workflow<RkyvCodec, Input, ()>;

fn context() -> WorkflowContext<RkyvCodec, ()> {
    WorkflowContext::new("flow", Arc::new(RkyvCodec), Arc::new(()))
}

/// Gives a step that adds its number to `sum`.
fn add(sum: &Arc<AtomicU64>) -> impl Fn(u64) -> std::future::Ready<Result<u64, BoxError>> + use<> {
    let sum = Arc::clone(sum);
    move |number| {
        sum.fetch_add(number, Ordering::Relaxed);
        std::future::ready(Ok(number))
    }
}

fn rounds(n: u64) -> u32 {
    u32::try_from(n + 1).expect("a chain of fewer than 2^32 transitions")
}

async fn completes<Input>(flow: &Flow<Input>, input: Input)
where
    Input: Send + 'static,
    RkyvCodec: sayiir_core::codec::sealed::EncodeValue<Input>,
{
    let status = flow.run_once(input).await.expect("the flow runs");
    assert!(matches!(status, WorkflowStatus::Completed));
}

async fn chain(n: u64) -> u64 {
    let last = Arc::new(AtomicU64::new(0));
    let flow = WorkflowBuilder::new(context())
        .loop_task(
            "turn",
            move |number: u64| async move {
                let number = number.next();
                Ok(if number == n { LoopResult::Done(number) } else { LoopResult::Again(number) })
            },
            rounds(n),
        )
        .then("last", add(&last))
        .build()
        .expect("a flow");
    measure_from_here();
    completes(&flow, 0).await;
    last.load(Ordering::Relaxed)
}

async fn chain_then(n: u64) -> u64 {
    let last = Arc::new(AtomicU64::new(0));
    let mut builder = WorkflowBuilder::new(context()).then("0", move |number: u64| async move { Ok(number.next()) });
    for step in 1..1_000 {
        builder = builder.then(&step.to_string(), move |number: u64| async move { Ok(number.next()) });
    }
    let flow = builder.then("last", add(&last)).build().expect("a flow");
    measure_from_here();
    let mut number = 0;
    while number < n {
        completes(&flow, number).await;
        number = last.swap(0, Ordering::Relaxed);
    }
    number
}

async fn chain_text(n: u64) -> u64 {
    let last = Arc::new(AtomicU64::new(0));
    let flow = WorkflowBuilder::new(context())
        .loop_task(
            "turn",
            move |(number, text): (u64, String)| async move {
                let number = number.next();
                Ok(if number == n { LoopResult::Done((number, text)) } else { LoopResult::Again((number, text)) })
            },
            rounds(n),
        )
        .then("number", |(number, _): (u64, String)| async move { Ok(number) })
        .then("last", add(&last))
        .build()
        .expect("a flow");
    measure_from_here();
    completes(&flow, (0, "a short event payload".to_owned())).await;
    last.load(Ordering::Relaxed)
}

async fn fan(n: u64) -> u64 {
    let sum = Arc::new(AtomicU64::new(0));
    let flow = WorkflowBuilder::new(context())
        .then("start", |()| async { Ok(()) })
        .branches(|branches| {
            for number in 0..n {
                branches.add(&number.to_string(), move |()| async move { Ok(number.next()) });
            }
        })
        .join("join", |members: BranchOutputs<RkyvCodec>| async move {
            members.branch_names().map(|member| members.get_by_id::<u64>(member)).sum::<Result<u64, _>>()
        })
        .then("sum", add(&sum))
        .build()
        .expect("a flow");
    measure_from_here();
    completes(&flow, ()).await;
    sum.load(Ordering::Relaxed)
}

fn three<const PARK: bool>(sum: &Arc<AtomicU64>) -> Flow<u64> {
    let add = add(sum);
    WorkflowBuilder::new(context())
        .then("one", |number: u64| async move { Ok(number.next()) })
        .then("two", |number: u64| async move {
            if PARK {
                park().await;
            }
            Ok(number.next())
        })
        .then("three", move |number: u64| add(number.next()))
        .build()
        .expect("a flow")
}

async fn runs(n: u64) -> u64 {
    let sum = Arc::new(AtomicU64::new(0));
    let flow = three::<false>(&sum);
    for number in 0..n {
        completes(&flow, number).await;
    }
    sum.load(Ordering::Relaxed)
}

async fn suspended(n: u64) -> u64 {
    let sum = Arc::new(AtomicU64::new(0));
    let flow = Arc::new(three::<true>(&sum));
    tasks(n, |number| {
        let flow = Arc::clone(&flow);
        async move {
            completes(&flow, number).await;
            0
        }
    })
    .await
        + sum.load(Ordering::Relaxed)
}
