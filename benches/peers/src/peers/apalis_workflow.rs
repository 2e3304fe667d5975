//! apalis-workflow: a stepped flow of one worker over its in-memory backend; each step is a task there. The fan-out
//! is its map over a collection. Runs are pushed to the backend and report by a channel.
//!
//! A repeated step gets the same input each time: the chain's number is its count of iterations, of one step
//! instead of two by turns, and a text cannot be changed on the way: no chain of texts.

use ::apalis_workflow::SteppedFlow;
use ::apalis_workflow::in_memory::InMemoryWorkflow;
use ::apalis_workflow::sequential::repeat_until::RepeaterState;
use apalis::prelude::{BoxDynError, Meta, TaskSink, WorkerBuilder, WorkerContext, WorkerError};
use tokio::sync::{mpsc, oneshot};
use workflow_benches::{Entry, Payload, Work, measure_from_here, park};

use super::entry;

const NAME: &str = "apalis-workflow 1.0.0";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain(n))),
        entry(NAME, Work::Fan1k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs::<false>(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(runs::<true>(n))),
    ]
}

async fn chain(n: u64) -> u64 {
    let (done, mut last) = mpsc::unbounded_channel();
    let flow = SteppedFlow::new("chain")
        .repeat_until(move |_first: u64, state: Meta<RepeaterState>| async move {
            let number = u64::try_from(state.iterations())?.next();
            Ok::<_, BoxDynError>((number == n).then_some(number))
        })
        .and_then(move |number: u64, worker: WorkerContext| {
            let done = done.clone();
            async move {
                done.send(number)?;
                worker.stop()?;
                Ok::<_, BoxDynError>(())
            }
        });
    let mut backend = InMemoryWorkflow::create();
    backend.push(0_u64).await.expect("the backend takes a task");
    let worker = WorkerBuilder::new("worker").backend(backend).build(flow);
    measure_from_here();
    worker.run().await.expect("the worker runs");
    last.recv().await.expect("the last number")
}

async fn fan(n: u64) -> u64 {
    let (done, mut sum) = mpsc::unbounded_channel();
    let flow = SteppedFlow::new("fan")
        .and_then(|width: u64| async move { Ok::<_, BoxDynError>((0..width).collect::<Vec<_>>()) })
        .filter_map(|number: u64| async move { Some(number.next()) })
        .and_then(move |members: Vec<u64>, worker: WorkerContext| {
            let done = done.clone();
            async move {
                done.send(members.into_iter().sum())?;
                worker.stop()?;
                Ok::<_, BoxDynError>(())
            }
        });
    let mut backend = InMemoryWorkflow::create();
    backend.push(n).await.expect("the backend takes a task");
    let worker = WorkerBuilder::new("worker").backend(backend).build(flow);
    measure_from_here();
    worker.run().await.expect("the worker runs");
    sum.recv().await.expect("the sum")
}

/// One after the other, or all at once and parked in between.
async fn runs<const PARK: bool>(n: u64) -> u64 {
    let (done, mut ends) = mpsc::unbounded_channel::<u64>();
    let flow = SteppedFlow::new("three")
        .and_then(|number: u64| async move { Ok::<_, BoxDynError>(number.next()) })
        .and_then(|number: u64| async move {
            if PARK {
                park().await;
            }
            Ok::<_, BoxDynError>(number.next())
        })
        .and_then(move |number: u64| {
            let done = done.clone();
            async move {
                done.send(number.next())?;
                Ok::<_, BoxDynError>(())
            }
        });
    let backend = InMemoryWorkflow::create();
    let mut runs = backend.clone();
    let worker = WorkerBuilder::new("worker").backend(backend).build(flow);
    let (all, total) = oneshot::channel();
    let push = async move {
        let mut sum = 0;
        if PARK {
            for number in 0..n {
                runs.push(number).await.expect("the backend takes a task");
            }
            for _ in 0..n {
                sum += ends.recv().await.expect("the worker is there");
            }
        } else {
            for number in 0..n {
                runs.push(number).await.expect("the backend takes a task");
                sum += ends.recv().await.expect("the worker is there");
            }
        }
        all.send(sum).expect("somebody waits");
        Ok::<_, WorkerError>(())
    };
    worker.run_until(push).await.expect("the worker runs");
    total.await.expect("the sum")
}
