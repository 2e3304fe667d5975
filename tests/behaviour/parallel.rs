//! Parallel: `spawn` and `blocking` steps, which run beside their run on other threads.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use workflow_core::StepPanicked;
use workflow_core::prelude::*;

use crate::Log;

#[event]
pub(crate) struct Item(pub(crate) u32);
#[event]
pub(crate) struct Hit(pub(crate) u32);
#[event]
pub(crate) struct Done(pub(crate) u32);
#[event]
pub(crate) struct Note(pub(crate) u32);
#[event]
pub(crate) struct Enough;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A runtime of two threads.
pub(crate) fn several() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Which of two steps is to run: the one on a task or the one on a thread.
#[derive(OneOf)]
enum Where {
    Task(Item),
    Thread(Done),
}

/// One branch holds a thread until the other has come to its end.
#[derive(Clone)]
struct Meanwhile(Arc<Barrier>);

#[workflow]
impl Meanwhile {
    #[step]
    async fn split(&self, _input: StartEvent<()>) -> (Item, Hit) {
        (Item(0), Hit(0))
    }

    #[step(blocking)]
    fn held(&self, item: Item) -> Done {
        self.0.wait();
        Done(item.0)
    }

    #[step]
    async fn goes_on(&self, hit: Hit) -> Note {
        tokio::task::yield_now().await;
        Note(hit.0 + 1)
    }

    #[step]
    async fn opens(&self, _note: Note) -> Enough {
        let _ = tokio::task::spawn_blocking({
            let barrier = Arc::clone(&self.0);
            move || barrier.wait()
        })
        .await;
        Enough
    }

    #[step]
    async fn both(&self, done: Done, _enough: Enough) -> StopEvent<u32> {
        StopEvent(done.0)
    }
}

#[tokio::test]
async fn other_steps_of_a_run_go_on_while_a_thread_of_it_is_blocked() {
    assert_eq!(Meanwhile(Arc::new(Barrier::new(2))).run(()).await.unwrap(), 0);
}

/// Meets another execution of the same step on another thread.
#[derive(Clone)]
struct Meet(Arc<Barrier>);

#[workflow]
impl Meet {
    #[step]
    async fn split(&self, spawned: StartEvent<bool>) -> (Vec<Item>, Vec<Hit>) {
        let both = [0, 1];
        if spawned.0 { (both.map(Item).to_vec(), Vec::new()) } else { (Vec::new(), both.map(Hit).to_vec()) }
    }

    #[step(spawn)]
    async fn on_a_task(&self, item: Item) -> Done {
        self.0.wait();
        Done(item.0)
    }

    #[step(blocking)]
    fn on_a_thread(&self, hit: Hit) -> Note {
        self.0.wait();
        Note(hit.0)
    }

    #[step]
    async fn gather_tasks(&self, done: Vec<Done>) -> Option<StopEvent<usize>> {
        (done.len() == 2).then_some(StopEvent(2))
    }

    #[step]
    async fn gather_threads(&self, notes: Vec<Note>) -> Option<StopEvent<usize>> {
        (notes.len() == 2).then_some(StopEvent(2))
    }
}

#[test]
fn members_of_a_batch_run_on_several_threads_at_once() {
    several().block_on(async {
        for spawned in [true, false] {
            assert_eq!(Meet(Arc::new(Barrier::new(2))).run(spawned).await.unwrap(), 2);
        }
    });
}

#[derive(Debug, thiserror::Error)]
#[error("busy")]
struct Busy;

/// Fails or panics on another thread, so many times.
#[derive(Clone, Default)]
struct Fails {
    log: Arc<Log>,
    left: Arc<AtomicU32>,
}

impl Fails {
    fn fail(&self, who: &str, how: u32, attempt: u32) -> Result<Note, Busy> {
        self.log.note(format!("{who} {attempt}"));
        let fails = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match (fails, how) {
            (Err(_), _) => Ok(Note(attempt)),
            (Ok(_), 0) => panic!("{who} is out of paper"),
            (Ok(_), _) => Err(Busy),
        }
    }
}

#[workflow]
impl Fails {
    #[step]
    async fn open(&self, input: StartEvent<(bool, u32)>) -> Where {
        if input.0.0 { Item(input.0.1).into() } else { Done(input.0.1).into() }
    }

    #[step(spawn, retry(attempts = 3, wait = "5s"))]
    async fn on_a_task(&self, ctx: &Context<Self>, item: Item) -> Result<Note, Busy> {
        tokio::task::yield_now().await;
        self.fail("task", item.0, ctx.attempt().number)
    }

    #[step(blocking, retry(attempts = 3, wait = "5s"))]
    fn on_a_thread(&self, ctx: &Context<Self>, done: Done) -> Result<Note, Busy> {
        self.fail("thread", done.0, ctx.attempt().number)
    }

    #[step]
    async fn end(&self, note: Note) -> StopEvent<String> {
        StopEvent(format!("done at try {}", note.0))
    }

    #[step]
    #[catch]
    async fn mend(&self, failed: StepFailed) -> StopEvent<String> {
        let panicked = failed.error.downcast_ref::<StepPanicked>().is_some();
        StopEvent(format!(
            "{} gave up after {}, panicked {panicked}: {}",
            failed.step, failed.attempts, failed.error
        ))
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_apart_that_fails_is_tried_again() {
    for (is_spawned, who) in [(true, "task"), (false, "thread")] {
        for how in [0, 1] {
            let flow = Fails { left: Arc::new(2.into()), ..Fails::default() };
            assert_eq!(flow.run((is_spawned, how)).await.unwrap(), "done at try 3");
            assert_eq!(flow.log.take(), [1, 2, 3].map(|attempt| format!("{who} {attempt}")));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_apart_that_fails_every_time_is_caught_with_its_message() {
    for (is_spawned, step, who) in [(true, "on_a_task", "task"), (false, "on_a_thread", "thread")] {
        let flow = Fails { left: Arc::new(6.into()), ..Fails::default() };
        let panicked = flow.run((is_spawned, 0)).await.unwrap();
        assert_eq!(
            panicked,
            format!("{step} gave up after 3, panicked true: it panicked: {who} is out of paper")
        );
        let failed = flow.run((is_spawned, 1)).await.unwrap();
        assert_eq!(failed, format!("{step} gave up after 3, panicked false: busy"));
    }
}

/// Panics, and nobody catches it.
#[derive(Clone)]
struct Panics;

#[workflow]
impl Panics {
    #[step]
    async fn open(&self, spawned: StartEvent<bool>) -> Where {
        if spawned.0 { Item(1).into() } else { Done(2).into() }
    }

    #[step(spawn)]
    async fn on_a_task(&self, item: Item) -> StopEvent<u32> {
        panic!("no more than {}", item.0)
    }

    #[step(blocking)]
    fn on_a_thread(&self, done: Done) -> StopEvent<u32> {
        panic!("no more than {}", done.0)
    }
}

#[tokio::test]
async fn a_panic_in_a_step_apart_is_a_failure_of_that_step() {
    for (spawned, name, said) in [
        (true, "on_a_task", "it panicked: no more than 1"),
        (false, "on_a_thread", "it panicked: no more than 2"),
    ] {
        let error = Panics.run(spawned).await.unwrap_err();
        let RunError::Step { step, source, .. } = error else { panic!("{error:?}") };
        assert_eq!((step, source.to_string().as_str()), (name, said));
    }
}

#[test]
fn without_a_tokio_runtime_a_step_apart_fails_and_says_what_it_lacks() {
    for spawned in [true, false] {
        let mut run = std::pin::pin!(Panics.run(spawned));
        let Poll::Ready(result) = run.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) else {
            panic!("it waits for nothing");
        };
        let Err(RunError::Step { source, .. }) = result else { panic!("{result:?}") };
        let said = source.to_string();
        assert!(said.contains("no reactor running, must be called from the context of a Tokio"), "{said}");
    }
}

/// The runtime ends while a step waits for one of its threads.
#[test]
fn a_step_apart_whose_runtime_is_gone_fails() {
    for spawned in [true, false] {
        let runtime = Builder::new_current_thread().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        let mut run = std::pin::pin!(Panics.run(spawned));
        let Poll::Ready(result) = run.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) else {
            panic!("the run waits for a thread that never comes");
        };
        let Err(RunError::Step { source, .. }) = result else { panic!("{result:?}") };
        assert_eq!(source.to_string(), "it panicked: the tokio runtime that the step ran on was shut down");
    }
}

#[derive(Clone)]
struct Double;

#[workflow]
impl Double {
    #[step(blocking)]
    fn double(&self, number: StartEvent<u32>) -> StopEvent<u32> {
        StopEvent(number.0 * 2)
    }
}

/// Does everything that a context can, apart.
#[derive(Clone)]
struct Busybody {
    double: Double,
}

#[workflow(publishes(Note), receives(Enough), state = Vec<u32>)]
impl Busybody {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> Vec<Item> {
        vec![Item(1), Item(2)]
    }

    #[step(blocking, workers = 1, sends(Hit))]
    fn on_a_thread(&self, ctx: &Context<Self>, item: Item) -> Result<Option<Done>, SendError> {
        ctx.state(|seen| seen.push(item.0));
        ctx.publish(Note(item.0));
        ctx.send(Hit(item.0 * 10))?;
        let both = ctx.collect::<Item>(item, 2);
        Ok(both.map(|both| Done(both.iter().map(|item| item.0).sum())))
    }

    #[step(spawn, waits(Enough), sends(Hit))]
    async fn on_a_task(
        &self,
        ctx: &Context<Self>,
        done: Vec<Done>,
    ) -> Result<StopEvent<Vec<u32>>, Box<dyn std::error::Error + Send + Sync>> {
        let Enough = ctx.wait_for::<Enough>().await;
        ctx.publish(Note(99));
        ctx.send(Hit(5))?;
        let Enough = ctx.wait_for::<Enough>().await;
        let twice = ctx.call(&self.double, done[0].0).await?;
        let collected = ctx.collect::<Done>(Done(twice), 1).map_or(0, |done| done[0].0);
        ctx.state(|seen| seen.push(collected));
        Ok(StopEvent(ctx.state(std::mem::take)))
    }

    #[step(allow(dead_end))]
    async fn hit(&self, ctx: &Context<Self>, hit: Hit) {
        ctx.publish(Note(hit.0));
    }
}

#[test]
fn a_step_apart_has_all_that_a_context_gives() {
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    for runtime in [one, several()] {
        runtime.block_on(async {
            let flow = Busybody { double: Double };
            let mut run = flow.run(());
            let handle = run.handle();
            let mut notes = Vec::new();
            while let Some(BusybodyEvent::Note(note)) = run.next().await {
                notes.push(note.0);
                if [4, 6].contains(&notes.len()) {
                    handle.send(Enough).unwrap();
                }
            }
            notes.sort_unstable();
            assert_eq!(notes, [1, 2, 5, 10, 20, 99]);
            assert_eq!(run.await.unwrap(), [1, 2, 6]);
        });
    }
}

/// Sends from another thread, and returns.
#[derive(Clone, Default)]
struct Orders {
    seen: Arc<Mutex<Vec<u32>>>,
}

#[workflow(output = Vec<u32>)]
impl Orders {
    #[step]
    async fn open(&self, spawned: StartEvent<bool>) -> Where {
        if spawned.0 { Item(20).into() } else { Done(20).into() }
    }

    #[step(spawn, sends(Note))]
    async fn on_a_task(&self, ctx: &Context<Self>, item: Item) -> Result<Vec<Hit>, SendError> {
        for number in 0..item.0 {
            ctx.send(Note(number))?;
        }
        Ok(vec![Hit(item.0), Hit(item.0 + 1)])
    }

    #[step(blocking, sends(Note))]
    fn on_a_thread(&self, ctx: &Context<Self>, done: Done) -> Result<Vec<Hit>, SendError> {
        for number in 0..done.0 {
            ctx.send(Note(number))?;
        }
        Ok(vec![Hit(done.0), Hit(done.0 + 1)])
    }

    #[step(workers = 1, on(Note, Hit))]
    async fn see(&self, seen: Seen) -> Option<StopEvent<Vec<u32>>> {
        let number = match seen {
            Seen::Note(Note(number)) | Seen::Hit(Hit(number)) => number,
        };
        let mut seen = self.seen.lock().unwrap();
        seen.push(number);
        (number == 21).then(|| StopEvent(seen.clone()))
    }
}

#[derive(OneOf)]
enum Seen {
    Note(Note),
    Hit(Hit),
}

#[test]
fn what_a_step_sends_comes_before_what_it_returns_from_any_thread() {
    several().block_on(async {
        for turn in 0..500 {
            let seen = Orders::default().run(turn % 2 == 0).await.unwrap();
            assert_eq!(seen, Vec::from_iter(0..22));
        }
    });
}

/// Waits on a task of its own for what never comes, alone or beside something else to do.
#[derive(Clone)]
struct Stuck;

#[workflow]
impl Stuck {
    #[step]
    async fn open(
        &self,
        input: StartEvent<(u32, bool)>,
    ) -> (Item, Option<Hit>, Option<Done>, Option<Enough>) {
        (Item(input.0.0), input.0.1.then_some(Hit(0)), None, None)
    }

    #[step(spawn, waits(Enough, Done))]
    async fn waits(&self, ctx: &Context<Self>, how: Item) -> StopEvent<String> {
        match how.0 {
            0 => {
                ctx.wait_for::<Enough>().await;
            }
            1 => {
                tokio::join!(ctx.wait_for::<Enough>(), ctx.wait_for::<Done>());
            }
            2 => tokio::select! {
                _ = ctx.wait_for::<Enough>() => (),
                () = ctx.sleep(HOUR) => return StopEvent("slept".to_owned()),
            },
            _ => tokio::select! {
                _ = async { tokio::join!(ctx.wait_for::<Enough>(), ctx.wait_for::<Done>()) } => (),
                () = ctx.sleep(HOUR) => return StopEvent("slept".to_owned()),
            },
        }
        StopEvent("it came".to_owned())
    }

    #[step(allow(dead_end))]
    async fn beside(&self, _hit: Hit) {}
}

#[tokio::test(start_paused = true)]
async fn a_spawned_step_that_only_waits_for_what_never_comes_stalls_its_run() {
    for input in [(0, false), (0, true), (1, false), (1, true)] {
        let error = Stuck.run(input).await.unwrap_err();
        assert!(matches!(error, RunError::Stalled(_)), "{input:?}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_spawned_step_that_does_something_else_while_it_waits_does_not_stall() {
    for input in [(2, false), (2, true), (3, false), (3, true)] {
        assert_eq!(Stuck.run(input).await.unwrap(), "slept", "{input:?}");
    }
}
