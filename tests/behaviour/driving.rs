//! Driving: wake-ups, fairness and budgets of the driver, on both runtimes of tokio.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use workflow_core::prelude::*;

#[event]
struct Hit(u32);
#[event]
struct Go;
#[event]
struct Side;
#[event]
struct Turn(u32);

/// Runs a test on the runtime with one thread and on the one with several.
fn on_both<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let one = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    one.block_on(test());
    let several = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    several.block_on(test());
}

/// Sends ten events and waits until they were handled.
#[derive(Default)]
struct SendsAndWaits {
    hits: AtomicU32,
    all: Notify,
}

#[workflow]
impl SendsAndWaits {
    #[step(sends(Hit))]
    async fn open(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> Result<StopEvent<u32>, SendError> {
        for hit in 0..10 {
            ctx.send(Hit(hit))?;
        }
        self.all.notified().await;
        Ok(StopEvent(self.hits.load(Ordering::SeqCst)))
    }

    #[step(allow(dead_end))]
    async fn hit(&self, _hit: Hit) {
        tokio::task::yield_now().await;
        if self.hits.fetch_add(1, Ordering::SeqCst) == 9 {
            self.all.notify_one();
        }
    }
}

#[test]
fn what_a_step_sends_is_handled_while_it_goes_on() {
    on_both(async || {
        for _ in 0..500 {
            assert_eq!(SendsAndWaits::default().run(()).await.unwrap(), 10);
        }
    });
}

/// Its first step never ends; ten events from outside do.
#[derive(Default)]
struct FromOutside(AtomicU32);

#[workflow(receives(Hit))]
impl FromOutside {
    #[step(allow(dead_end))]
    async fn open(&self, _input: StartEvent<()>) {
        std::future::pending().await
    }

    #[step(workers = 1)]
    async fn hit(&self, _hit: Hit) -> Option<StopEvent<u32>> {
        tokio::task::yield_now().await;
        let hits = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        (hits == 10).then_some(StopEvent(hits))
    }
}

#[test]
fn no_event_from_outside_is_lost_however_it_meets_the_driver() {
    on_both(async || {
        for _ in 0..500 {
            let run = Arc::new(FromOutside::default()).start(());
            for hit in 0..10 {
                run.send(Hit(hit)).unwrap();
                if hit % 3 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            assert_eq!(run.await.unwrap(), 10);
        }
    });
}

#[test]
fn no_cancel_is_lost_however_it_meets_the_driver() {
    on_both(async || {
        for turn in 0..500 {
            let run = Arc::new(FromOutside::default()).start(());
            if turn % 2 == 0 {
                tokio::task::yield_now().await;
            }
            run.cancel();
            assert!(matches!(run.await, Err(RunError::Cancelled)));
        }
    });
}

/// Two steps that hand one event to each other for ever, without ever waiting.
struct Endless;

#[workflow]
impl Endless {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> Turn {
        Turn(0)
    }

    #[step]
    async fn there(&self, turn: Turn) -> Option<Hit> {
        (turn.0 != u32::MAX).then_some(Hit(turn.0))
    }

    #[step]
    async fn back(&self, hit: Hit) -> (Turn, Option<StopEvent<()>>) {
        (Turn(hit.0.wrapping_add(1) % 1000), None)
    }
}

/// The same in place, with one event at a time.
struct EndlessAlone;

#[derive(OneOf)]
enum Next {
    Hit(Hit),
    Stop(StopEvent<()>),
}

#[workflow(output = ())]
impl EndlessAlone {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> Turn {
        Turn(0)
    }

    #[step]
    async fn there(&self, turn: Turn) -> Next {
        if turn.0 == u32::MAX { Next::Stop(StopEvent(())) } else { Hit(turn.0).into() }
    }

    #[step]
    async fn back(&self, hit: Hit) -> Turn {
        Turn(hit.0.wrapping_add(1) % 1000)
    }
}

#[test]
fn an_endless_loop_of_ready_steps_lets_its_neighbours_run_and_can_be_cancelled() {
    async fn holds<W: Workflow<Input = ()>>(flow: &W) {
        let run = flow.run(());
        let handle = run.handle();
        let neighbour = async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            handle.cancel();
        };
        let (result, ()) = tokio::join!(run, neighbour);
        assert!(matches!(result, Err(RunError::Cancelled)));
    }
    on_both(async || {
        holds(&Endless).await;
        holds(&EndlessAlone).await;
    });
}

/// A chain that forked a sleeper goes on while that sleeps.
#[derive(Default)]
struct SideBranch(AtomicU32);

#[derive(OneOf)]
enum After {
    Again(Turn),
    Done(StopEvent<u32>),
}

#[workflow(output = u32)]
impl SideBranch {
    #[step(sends(Side))]
    async fn open(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> Result<Turn, SendError> {
        ctx.send(Side)?;
        tokio::task::yield_now().await;
        Ok(Turn(0))
    }

    #[step]
    async fn turn(&self, turn: Turn) -> After {
        if turn.0 == 5000 { StopEvent(turn.0).into() } else { After::Again(Turn(turn.0 + 1)) }
    }

    #[step(allow(dead_end))]
    async fn sleeper(&self, _ev: Side) {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_chain_goes_on_at_once_while_a_branch_that_it_forked_sleeps() {
    let flow = SideBranch::default();
    let began = tokio::time::Instant::now();
    assert_eq!(flow.run(()).await.unwrap(), 5000);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(flow.0.load(Ordering::SeqCst), 0);
}

/// Forks and goes on alone, many times over.
struct InAndOut;

#[workflow(state = u32, output = u32)]
impl InAndOut {
    #[step]
    async fn open(&self, turns: StartEvent<u32>) -> Turn {
        Turn(turns.0)
    }

    #[step]
    async fn fork(&self, turn: Turn) -> (Hit, Go) {
        (Hit(turn.0), Go)
    }

    #[step]
    async fn both(&self, ctx: &Context<Self>, hit: Hit, _go: Go) -> After {
        ctx.state(|rounds| *rounds += 1);
        if hit.0 == 0 { StopEvent(ctx.state(|rounds| *rounds)).into() } else { After::Again(Turn(hit.0 - 1)) }
    }
}

#[tokio::test]
async fn a_run_forks_and_goes_on_alone_as_often_as_it_likes() {
    assert_eq!(InAndOut.run(500u32).await.unwrap(), 501);
}

/// Forks by a send while its first step waits, and fails in the step after.
struct FailsAfterFork;

#[workflow]
impl FailsAfterFork {
    #[step(sends(Side))]
    async fn open(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> Result<Turn, SendError> {
        ctx.send(Side)?;
        tokio::task::yield_now().await;
        Ok(Turn(0))
    }

    #[step]
    async fn fails(&self, turn: Turn) -> Result<StopEvent<u32>, std::fmt::Error> {
        if turn.0 == 0 { Err(std::fmt::Error) } else { Ok(StopEvent(turn.0)) }
    }

    #[step(allow(dead_end))]
    async fn sleeper(&self, _ev: Side) {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_failure_is_named_for_its_own_step_in_a_chain_that_was_forked_on_the_way() {
    let error = FailsAfterFork.run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `fails` failed");
}
