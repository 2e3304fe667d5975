//! Abandoned: what is left of a `spawn` or `blocking` step for which nobody waits any more.
//!
//! A thread is held by a gate that the test opens, never by a sleep.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::{Notify, mpsc};
use workflow_core::prelude::*;

use crate::parallel::{Done, Enough, HOUR, Hit, Item, Note, several};

/// Holds threads until it is opened.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        drop(self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

/// What a step that is held tells the test.
#[derive(Clone)]
struct Held {
    began: Arc<Notify>,
    gate: Arc<Gate>,
    /// Whether the step was cancelled, as it saw it behind the gate.
    saw: mpsc::UnboundedSender<bool>,
}

impl Held {
    fn new() -> (Self, mpsc::UnboundedReceiver<bool>) {
        let (saw, seen) = mpsc::unbounded_channel();
        (Self { began: Arc::default(), gate: Arc::default(), saw }, seen)
    }

    fn compute<W: Workflow>(&self, ctx: &Context<W>) {
        self.began.notify_one();
        self.gate.pass();
        let _ = self.saw.send(ctx.is_cancelled());
    }
}

/// Computes on a thread until the gate opens.
#[derive(Clone)]
struct Computes(Held);

#[workflow(receives(Enough))]
impl Computes {
    #[step(blocking)]
    fn compute(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> StopEvent<u32> {
        self.0.compute(ctx);
        StopEvent(1)
    }

    #[step]
    async fn enough(&self, _ev: Enough) -> StopEvent<u32> {
        StopEvent(2)
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_a_run_at_once_while_a_thread_of_it_computes() {
    let (held, mut seen) = Held::new();
    let flow = Computes(held.clone());
    let run = flow.run(());
    let handle = run.handle();
    let cancels = async {
        held.began.notified().await;
        handle.cancel();
    };
    let (result, ()) = tokio::join!(run, cancels);
    assert!(matches!(result, Err(RunError::Cancelled)));
    held.gate.open();
    assert_eq!(seen.recv().await, Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_leaves_a_thread_that_knows_it() {
    let (held, mut seen) = Held::new();
    let flow = Computes(held.clone());
    {
        let run = flow.run(());
        tokio::select! {
            biased;
            _ = run => panic!("the thread is held"),
            () = held.began.notified() => (),
        }
    }
    held.gate.open();
    assert_eq!(seen.recv().await, Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_run_times_out_while_a_thread_of_it_computes() {
    let (held, mut seen) = Held::new();
    let flow = Computes(held.clone());
    let time = async {
        held.began.notified().await;
        tokio::time::advance(HOUR).await;
    };
    let (result, ()) = tokio::join!(flow.run(()).timeout(HOUR), time);
    let Err(RunError::TimedOut { running, .. }) = result else { panic!("{result:?}") };
    assert_eq!(running, ["compute"]);
    held.gate.open();
    assert_eq!(seen.recv().await, Some(true));
}

#[tokio::test(start_paused = true)]
async fn the_stop_event_of_a_sibling_ends_a_run_while_a_thread_of_it_computes() {
    let (held, mut seen) = Held::new();
    let flow = Computes(held.clone());
    let run = flow.run(());
    let handle = run.handle();
    let enough = async {
        held.began.notified().await;
        handle.send(Enough).unwrap();
    };
    let (result, ()) = tokio::join!(run, enough);
    assert_eq!(result.unwrap(), 2);
    held.gate.open();
    assert_eq!(seen.recv().await, Some(true));
}

#[tokio::test]
async fn a_thread_that_nobody_has_given_up_is_not_cancelled() {
    let (held, mut seen) = Held::new();
    held.gate.open();
    assert_eq!(Computes(held).run(()).await.unwrap(), 1);
    assert_eq!(seen.recv().await, Some(false));
}

/// Which of two steps is to run: the one on a task or the one on a thread.
#[derive(OneOf)]
enum Where {
    Task(Item),
    Thread(Done),
}

/// Runs past its time, once, and does all it may when nobody waits for it any more; the second try is quick.
#[derive(Clone)]
struct Outstays(Held);

impl Outstays {
    fn work(&self, ctx: &Context<Self>) -> Result<(), SendError> {
        let attempt = ctx.attempt().number;
        if attempt == 1 {
            self.0.began.notify_one();
            self.0.gate.pass();
        }
        ctx.send(Hit(attempt))?;
        ctx.publish(Note(attempt));
        ctx.collect::<Hit>(Hit(attempt), 5);
        if attempt == 1 {
            let _ = self.0.saw.send(ctx.is_cancelled());
        }
        Ok(())
    }
}

#[workflow(publishes(Note), receives(Enough), state = Vec<u32>)]
impl Outstays {
    #[step]
    async fn open(&self, spawned: StartEvent<bool>) -> Where {
        if spawned.0 { Item(0).into() } else { Done(0).into() }
    }

    #[step(blocking, timeout = "1h", retry(wait = "1ms"), sends(Hit), allow(dead_end))]
    fn on_a_thread(&self, ctx: &Context<Self>, _done: Done) -> Result<(), SendError> {
        self.work(ctx)
    }

    #[step(spawn, timeout = "1s", retry(wait = "1ms"), sends(Hit), allow(dead_end))]
    async fn on_a_task(&self, ctx: &Context<Self>, _item: Item) -> Result<(), SendError> {
        self.work(ctx)
    }

    #[step(allow(dead_end))]
    async fn hit(&self, ctx: &Context<Self>, hit: Hit) {
        ctx.state(|hits| hits.push(hit.0));
    }

    #[step]
    async fn enough(&self, ctx: &Context<Self>, _ev: Enough) -> StopEvent<Vec<u32>> {
        StopEvent(ctx.state(|hits| hits.clone()))
    }
}

/// What is sent and what is published by a step of which the first try outstays its time.
async fn outstayed(spawned: bool, mut time_goes_on: impl AsyncFnMut()) -> (Vec<u32>, Vec<u32>) {
    let (held, mut seen) = Held::new();
    let flow = Outstays(held.clone());
    let mut run = flow.run(spawned).resumable();
    let handle = run.handle();
    let drives = async {
        let mut notes = Vec::new();
        while let Some(OutstaysEvent::Note(note)) = run.next().await {
            notes.push(note.0);
        }
        notes
    };
    let drives_it = async {
        held.began.notified().await;
        let mut notes = handle.events();
        tokio::select! {
            _ = notes.next() => (),
            () = async { loop { time_goes_on().await } } => (),
        }
        held.gate.open();
        assert_eq!(seen.recv().await, Some(true));
        handle.send(Enough).unwrap();
    };
    let (notes, ()) = tokio::join!(drives, drives_it);
    (run.await.unwrap(), notes)
}

#[tokio::test(start_paused = true)]
async fn what_a_thread_does_after_its_step_has_timed_out_comes_to_nothing() {
    let mut step = HOUR;
    let time_goes_on = async || {
        tokio::time::advance(step).await;
        step = Duration::from_millis(1);
    };
    assert_eq!(outstayed(false, time_goes_on).await, (vec![2], vec![2]));
}

#[test]
fn what_a_task_does_after_its_step_has_timed_out_comes_to_nothing() {
    let sent_and_published = several().block_on(outstayed(true, async || std::future::pending().await));
    assert_eq!(sent_and_published, (vec![2], vec![2]));
}

/// Blocks a thread for each item.
#[derive(Clone)]
struct Queues {
    held: Held,
    begun: Arc<AtomicU32>,
}

#[workflow]
impl Queues {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> Vec<Item> {
        (0..count.0).map(Item).collect()
    }

    #[step(blocking)]
    fn work(&self, item: Item) -> Done {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.held.began.notify_one();
        self.held.gate.pass();
        Done(item.0)
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<usize> {
        StopEvent(done.len())
    }
}

#[test]
fn a_blocking_step_that_waits_for_a_thread_never_starts_once_its_run_is_cancelled() {
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let flow = Queues { held: Held::new().0, begun: Arc::default() };
        let run = flow.run(3u32);
        let handle = run.handle();
        let cancels = async {
            flow.held.began.notified().await;
            handle.cancel();
        };
        let (result, ()) = tokio::join!(run, cancels);
        assert!(matches!(result, Err(RunError::Cancelled)));
        flow.held.gate.open();
        // The threads take their work in order: all that was before this one has had its turn.
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert_eq!(flow.begun.load(Ordering::SeqCst), 1);
    });
}

/// Counts its drops.
struct Guard(mpsc::UnboundedSender<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// Spawns steps that never end.
#[derive(Clone)]
struct NeverEnds {
    began: mpsc::UnboundedSender<()>,
    dropped: mpsc::UnboundedSender<()>,
}

#[workflow]
impl NeverEnds {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> Vec<Item> {
        (0..count.0).map(Item).collect()
    }

    #[step(spawn, workers = 100)]
    async fn waits(&self, item: Item) -> Done {
        let _guard = Guard(self.dropped.clone());
        let _ = self.began.send(());
        std::future::pending::<()>().await;
        Done(item.0)
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<usize> {
        StopEvent(done.len())
    }
}

#[test]
fn a_dropped_run_aborts_its_spawned_steps_at_the_await_at_which_they_are() {
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    for runtime in [one, several()] {
        runtime.block_on(async {
            let (began, mut begun) = mpsc::unbounded_channel();
            let (dropped, mut drops) = mpsc::unbounded_channel();
            let flow = NeverEnds { began, dropped };
            let task = Arc::new(flow.clone()).start(100u32);
            for _ in 0..100 {
                begun.recv().await.unwrap();
            }
            assert!(drops.try_recv().is_err());
            drop(task);
            for _ in 0..100 {
                drops.recv().await.unwrap();
            }
            drop(flow);
            // The flow's copies went with the tasks.
            assert!(drops.recv().await.is_none());
        });
    }
}
