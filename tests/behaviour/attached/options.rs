//! Free functions with every option that a step of a block has.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::{StepTimedOut, WaitTimedOut};

#[derive(Debug, thiserror::Error)]
#[error("busy")]
struct Busy;

#[event]
struct Page(u32);
#[event]
struct Word(u32);
#[event]
struct Approval(u32);

/// Fetches with retries, thinks on a thread, asks, and mends what fails.
#[workflow(receives(Approval), input = u32, output = String)]
#[derive(Clone, Default)]
struct Reader {
    tries: Arc<AtomicU32>,
}

#[step(workflow = Reader, retry = policy)]
async fn fetch(flow: &Reader, ctx: &Context<Reader>, page: StartEvent<u32>) -> Result<Page, Busy> {
    flow.tries.fetch_add(1, Ordering::Relaxed);
    if ctx.attempt().number < 3 { Err(Busy) } else { Ok(Page(page.0)) }
}

fn policy() -> RetryPolicy {
    RetryPolicy::new().attempts(3).wait(Duration::from_secs(1))
}

#[step(workflow = Reader, blocking)]
fn think(page: Page) -> Vec<Word> {
    (0..page.0).map(Word).collect()
}

#[step(workflow = Reader, spawn, timeout = "5s")]
async fn look(word: Word) -> Result<Seen, Busy> {
    match word.0 {
        7 => Err(Busy),
        8 => std::future::pending().await,
        other => Ok(Seen(other)),
    }
}

#[event]
struct Seen(u32);
#[event]
struct All(Vec<u32>);

#[step(workflow = Reader)]
#[catch(of(look), times = 1)]
async fn mend(failed: StepFailed) -> Seen {
    let late = failed.error.downcast_ref::<StepTimedOut>().is_some();
    Seen(failed.input::<Word>().map_or(0, |word| word.0) + if late { 1000 } else { 100 })
}

#[catch]
#[step(workflow = Reader)]
async fn give_up(failed: StepFailed) -> StopEvent<String> {
    StopEvent(format!("{} gave up: {}", failed.step, failed.error))
}

#[step(workflow = Reader)]
async fn gather(seen: Vec<Seen>) -> All {
    let mut all: Vec<u32> = seen.into_iter().map(|seen| seen.0).collect();
    all.sort_unstable();
    All(all)
}

#[step(workflow = Reader, waits(Approval))]
async fn ask(ctx: &Context<Reader>, all: All) -> Result<StopEvent<String>, WaitTimedOut> {
    let sum = all.0.iter().sum::<u32>();
    let approval = ctx.wait_for::<Approval>().matching(move |approval| approval.0 == sum);
    approval.timeout(Duration::from_secs(60)).await?;
    Ok(StopEvent(format!("{:?}", all.0)))
}

#[tokio::test(start_paused = true)]
async fn functions_are_tried_again_caught_spawned_and_wait_as_methods_do() {
    assert_eq!(Reader::check(), Ok(()));
    let flow = Reader::default();
    let run = flow.run(9u32);
    run.send(Approval(1)).unwrap();
    run.send(Approval(21 + 107 + 1008)).unwrap();
    assert_eq!(run.await.unwrap(), "[0, 1, 2, 3, 4, 5, 6, 107, 1008]");
    assert_eq!(flow.tries.load(Ordering::Relaxed), 3);
    let late = flow.run(1u32).await.unwrap();
    assert_eq!(late, "ask gave up: no `Approval` came within 60s");
}

#[tokio::test(start_paused = true)]
async fn a_run_of_functions_is_written_down_and_goes_on() {
    let flow = Reader::default();
    let mut run = flow.run(2u32);
    while !matches!(run.step().await.unwrap().gave, workflow_core::Gave::Waits(_)) {}
    let written = serde_json::to_string(&run.snapshot().unwrap()).unwrap();
    drop(run);
    let run = flow.resume(serde_json::from_str(&written).unwrap()).unwrap();
    run.send(Approval(1)).unwrap();
    assert_eq!(run.await.unwrap(), "[0, 1]");
    assert_eq!(flow.tries.load(Ordering::Relaxed), 3);
}

/// Meets itself on another core.
#[workflow(input = u32, output = u32)]
#[derive(Clone)]
struct Meeting(Arc<Barrier>);

#[step(workflow = Meeting)]
async fn invite(count: StartEvent<u32>) -> Vec<Word> {
    (0..count.0).map(Word).collect()
}

#[step(workflow = Meeting, spawn)]
async fn meet(flow: &Meeting, word: Word) -> Seen {
    flow.0.wait();
    Seen(word.0)
}

#[step(workflow = Meeting)]
async fn part(seen: Vec<Seen>) -> StopEvent<u32> {
    StopEvent(seen.len() as u32)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spawned_functions_run_on_several_threads_at_once() {
    let flow = Arc::new(Meeting(Arc::new(Barrier::new(2))));
    assert_eq!(flow.start(2u32).await.unwrap(), 2);
}
