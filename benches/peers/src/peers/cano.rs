//! cano: a state machine of tasks without resources (`run_bare`); its states carry nothing, so the tasks of a run
//! share the payload, and each run has its workflow, as in cano's example of a workflow for each request. The
//! fan-out is its split, a task for each member.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ::cano::prelude::*;
use workflow_benches::{Entry, Msg, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "cano 0.15.4";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain(n))),
        entry(NAME, Work::ChainText, |n| Box::pin(chain_text(n))),
        entry(NAME, Work::Fan1k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan10k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan100k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(tasks(n, run::<true>))),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    One,
    Two,
    Three,
    Done,
}

/// Gives the next number and goes to `to`, or ends at the last.
struct Turn {
    number: Arc<AtomicU64>,
    last: u64,
    to: Place,
}

#[task(state = Place)]
impl Turn {
    async fn run_bare(&self) -> CanoResult<TaskResult<Place>> {
        let number = self.number.load(Ordering::Relaxed).next();
        self.number.store(number, Ordering::Relaxed);
        Ok(TaskResult::Single(if number == self.last { Place::Done } else { self.to }))
    }
}

async fn chain(n: u64) -> u64 {
    let number = Arc::new(AtomicU64::new(0));
    let turn = |to| Turn { number: Arc::clone(&number), last: n, to };
    let workflow = Workflow::bare()
        .register(Place::One, turn(Place::Two))
        .register(Place::Two, turn(Place::One))
        .add_exit_state(Place::Done);
    measure_from_here();
    workflow.orchestrate(Place::One, CancellationToken::disabled()).await.expect("the workflow runs");
    number.load(Ordering::Relaxed)
}

/// The same with a text.
struct TurnOfText {
    payload: Arc<Mutex<Option<Msg>>>,
    last: u64,
    to: Place,
}

#[task(state = Place)]
impl TurnOfText {
    async fn run_bare(&self) -> CanoResult<TaskResult<Place>> {
        let mut payload = self.payload.lock().expect("no task panics");
        let next = payload.take().expect("each step leaves a payload").next();
        let last = next.number() == self.last;
        *payload = Some(next);
        Ok(TaskResult::Single(if last { Place::Done } else { self.to }))
    }
}

async fn chain_text(n: u64) -> u64 {
    let payload = Arc::new(Mutex::new(Some(Msg::new(0))));
    let turn = |to| TurnOfText { payload: Arc::clone(&payload), last: n, to };
    let workflow = Workflow::bare()
        .register(Place::One, turn(Place::Two))
        .register(Place::Two, turn(Place::One))
        .add_exit_state(Place::Done);
    measure_from_here();
    workflow.orchestrate(Place::One, CancellationToken::disabled()).await.expect("the workflow runs");
    payload.lock().expect("no task panics").as_ref().map_or(0, Payload::number)
}

struct Member {
    number: u64,
    sum: Arc<AtomicU64>,
}

#[task(state = Place)]
impl Member {
    async fn run_bare(&self) -> CanoResult<TaskResult<Place>> {
        self.sum.fetch_add(self.number.next(), Ordering::Relaxed);
        Ok(TaskResult::Single(Place::Two))
    }
}

struct Join;

#[task(state = Place)]
impl Join {
    async fn run_bare(&self) -> CanoResult<TaskResult<Place>> {
        Ok(TaskResult::Single(Place::Done))
    }
}

async fn fan(n: u64) -> u64 {
    let sum = Arc::new(AtomicU64::new(0));
    let members = (0..n).map(|number| Member { number, sum: Arc::clone(&sum) });
    let workflow = Workflow::bare()
        .register_split(Place::One, members, JoinConfig::new(JoinStrategy::All, Place::Two))
        .register(Place::Two, Join)
        .add_exit_state(Place::Done);
    measure_from_here();
    workflow.orchestrate(Place::One, CancellationToken::disabled()).await.expect("the workflow runs");
    sum.load(Ordering::Relaxed)
}

struct Step<const PARK: bool> {
    number: Arc<AtomicU64>,
    to: Place,
}

#[task(state = Place)]
impl<const PARK: bool> Step<PARK> {
    async fn run_bare(&self) -> CanoResult<TaskResult<Place>> {
        if PARK {
            park().await;
        }
        let number = self.number.load(Ordering::Relaxed).next();
        self.number.store(number, Ordering::Relaxed);
        Ok(TaskResult::Single(self.to))
    }
}

async fn run<const PARK: bool>(first: u64) -> u64 {
    let number = Arc::new(AtomicU64::new(first));
    let workflow = Workflow::bare()
        .register(Place::One, Step::<false> { number: Arc::clone(&number), to: Place::Two })
        .register(Place::Two, Step::<PARK> { number: Arc::clone(&number), to: Place::Three })
        .register(Place::Three, Step::<false> { number: Arc::clone(&number), to: Place::Done })
        .add_exit_state(Place::Done);
    workflow.orchestrate(Place::One, CancellationToken::disabled()).await.expect("the workflow runs");
    number.load(Ordering::Relaxed)
}

async fn runs(n: u64) -> u64 {
    let mut sum = 0;
    for number in 0..n {
        sum += run::<false>(number).await;
    }
    sum
}
