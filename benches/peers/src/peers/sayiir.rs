//! sayiir: closures in a row, run in process without a backend, each input and output encoded by its rkyv codec.
//! Its runner gives no output, so the last step leaves the number in an atomic. A fork has a branch for each member.
//!
//! The body of its loop is one task, not two by turns, and takes twice as long a transition: the chain is a row of
//! 100 steps, two closures by turns, run again until the number is reached.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sayiir_core::task::BranchOutputs;
use sayiir_runtime::prelude::*;
use workflow_benches::{Entry, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "sayiir 1.0.0";
const STEPS: usize = 100;

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain(n))),
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
    let mut steps =
        WorkflowBuilder::new(context()).then("0", move |number: u64| async move { Ok(turn(number, n)) });
    for step in 1..STEPS {
        let name = step.to_string();
        steps = if step % 2 == 0 {
            steps.then(&name, move |number: u64| async move { Ok(turn(number, n)) })
        } else {
            steps.then(&name, move |number: u64| async move { Ok(turn(number, n)) })
        };
    }
    let flow = steps.then("last", add(&last)).build().expect("a flow");
    measure_from_here();
    let mut number = 0;
    while number < n {
        completes(&flow, number).await;
        number = last.swap(0, Ordering::Relaxed);
    }
    number
}

/// The next number, or the last one again.
fn turn(number: u64, last: u64) -> u64 {
    if number < last { number.next() } else { number }
}

type Numbered = (u64, String);

async fn chain_text(n: u64) -> u64 {
    let last = Arc::new(Mutex::new(Some((0, "a short event payload".to_owned()))));
    let mut steps = WorkflowBuilder::new(context())
        .then("0", move |(number, text): Numbered| async move { Ok((turn(number, n), text)) });
    for step in 1..STEPS {
        let name = step.to_string();
        steps = if step % 2 == 0 {
            steps.then(&name, move |(number, text): Numbered| async move { Ok((turn(number, n), text)) })
        } else {
            steps.then(&name, move |(number, text): Numbered| async move { Ok((turn(number, n), text)) })
        };
    }
    let end = Arc::clone(&last);
    let flow = steps
        .then("last", move |payload: Numbered| {
            *end.lock().expect("no step panics") = Some(payload);
            std::future::ready(Ok(()))
        })
        .build()
        .expect("a flow");
    measure_from_here();
    loop {
        let payload = last.lock().expect("no step panics").take().expect("each run leaves a payload");
        if payload.0 == n {
            return n;
        }
        completes(&flow, payload).await;
    }
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
