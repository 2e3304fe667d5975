//! Failure: errors, panics, timeouts and cancels.

use std::time::Duration;

use workflow_core::StepPanicked;
use workflow_core::prelude::*;

use crate::Log;

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the till is empty")]
struct Empty;

#[event]
struct Charge(u32);
#[event]
struct Note;

/// Fails beside a step that would run for ever.
#[derive(Default)]
struct Shop(Log);

#[workflow]
impl Shop {
    #[step]
    async fn open(&self, amount: StartEvent<u32>) -> (Note, Charge) {
        (Note, Charge(amount.0))
    }

    #[step(allow(dead_end))]
    async fn note(&self, _ev: Note) {
        self.0.note("note begins");
        std::future::pending::<()>().await;
        self.0.note("note ends");
    }

    #[step]
    async fn charge(&self, charge: Charge) -> Result<StopEvent<u32>, Empty> {
        match charge.0 {
            0 => Err(Empty),
            1 => panic!("one is {}", charge.0),
            amount => Ok(StopEvent(amount)),
        }
    }
}

#[tokio::test]
async fn a_step_that_fails_fails_the_run_and_its_own_error_is_the_source() {
    let flow = Shop::default();
    let error = flow.run(0u32).await.unwrap_err();
    assert_eq!(error.to_string(), "step `charge` failed");
    assert_eq!(error.step_error::<Empty>(), Some(&Empty));
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the till is empty");
    assert_eq!(flow.0.take(), ["note begins"]);
}

#[tokio::test]
async fn a_panic_is_a_failure_of_its_step_with_its_message() {
    let error = Shop::default().run(1u32).await.unwrap_err();
    assert_eq!(error.to_string(), "step `charge` failed");
    assert_eq!(error.step_error::<StepPanicked>().unwrap().message, "one is 1");
}

/// Panics or fails in a lone chain, before and after an await.
struct Lone;

#[workflow]
impl Lone {
    #[step]
    async fn only(&self, how: StartEvent<u8>) -> Result<StopEvent<u8>, Empty> {
        match how.0 {
            0 => panic!("at once"),
            1 => {
                tokio::task::yield_now().await;
                panic!("later")
            }
            2 => Err(Empty),
            how => Ok(StopEvent(how)),
        }
    }
}

#[tokio::test]
async fn a_failure_in_a_lone_chain_is_told_as_any_other() {
    let sources = [0, 1, 2].map(async |how: u8| {
        let error = Lone.run(how).await.unwrap_err();
        assert_eq!(error.to_string(), "step `only` failed");
        std::error::Error::source(&error).unwrap().to_string()
    });
    let [at_once, later, failed] = sources;
    assert_eq!(at_once.await, "it panicked: at once");
    assert_eq!(later.await, "it panicked: later");
    assert_eq!(failed.await, "the till is empty");
    assert_eq!(Lone.run(3).await.unwrap(), 3);
}

/// Takes an hour, alone or beside another.
struct Hour;

#[workflow(timeout = "10m")]
impl Hour {
    #[step]
    async fn open(&self, forks: StartEvent<bool>) -> (Option<Note>, Charge) {
        (forks.then_some(Note), Charge(1))
    }

    #[step(allow(dead_end))]
    async fn beside(&self, _ev: Note) {
        tokio::time::sleep(Duration::from_secs(7200)).await;
    }

    #[step]
    async fn wait(&self, charge: Charge) -> StopEvent<u32> {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        StopEvent(charge.0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_too_long_names_the_steps_that_were_running() {
    let alone = Hour.run(false).await.unwrap_err();
    assert_eq!(alone.to_string(), "the run took longer than 600s; `wait` was running");
    let both = Hour.run(true).await.unwrap_err();
    assert_eq!(both.to_string(), "the run took longer than 600s; `beside`, `wait` were running");
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_one_run_goes_before_that_of_the_workflow() {
    assert_eq!(Hour.run(false).timeout(Duration::from_secs(4000)).await.unwrap(), 1);
    let error = Hour.run(false).timeout(Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, RunError::TimedOut { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_says_so_and_drops_its_steps() {
    for forks in [false, true] {
        let run = Hour.run(forks);
        let handle = run.handle();
        let (result, ()) = tokio::join!(run, async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            handle.cancel();
        });
        assert!(matches!(result, Err(RunError::Cancelled)));
        assert!(handle.is_done());
    }
}

#[tokio::test]
async fn a_run_that_is_cancelled_before_it_begins_does_nothing() {
    let flow = OneStep::default();
    let run = flow.run(());
    run.cancel();
    assert!(matches!(run.await, Err(RunError::Cancelled)));
    assert!(flow.0.take().is_empty());
}

/// Notes that it ran, and stops.
#[derive(Default)]
struct OneStep(Log);

#[workflow]
impl OneStep {
    #[step]
    fn only(&self, _input: StartEvent<()>) -> StopEvent<()> {
        self.0.note("only");
        StopEvent(())
    }
}

/// Goes round for ever without waiting for anything.
struct Busy;

#[workflow(timeout = "1m")]
impl Busy {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> Charge {
        Charge(0)
    }

    #[step]
    async fn round(&self, charge: Charge) -> Option<Spin> {
        (charge.0 < 1000).then_some(Spin(charge.0))
    }

    #[step]
    async fn back(&self, spin: Spin) -> Back {
        if spin.0 == 1000 { StopEvent(()).into() } else { Charge((spin.0 + 1) % 999).into() }
    }
}

#[event]
struct Spin(u32);

#[derive(OneOf)]
enum Back {
    Round(Charge),
    Stop(StopEvent<()>),
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_never_waits_is_timed_out_all_the_same() {
    let (result, ()) = tokio::join!(Busy.run(()), tokio::time::advance(Duration::from_secs(61)));
    assert!(matches!(result, Err(RunError::TimedOut { .. })));
}

/// Tells when its step is dropped.
struct Guarded(std::sync::Arc<Log>);

struct Dropped(std::sync::Arc<Log>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

#[workflow]
impl Guarded {
    #[step]
    async fn hold(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> StopEvent<bool> {
        let guard = Dropped(self.0.clone());
        std::future::pending::<()>().await;
        drop(guard);
        StopEvent(ctx.is_cancelled())
    }
}

#[tokio::test]
async fn dropping_a_run_drops_its_steps_at_their_await() {
    let flow = Guarded(std::sync::Arc::default());
    let mut run = flow.run(());
    let handle = run.handle();
    assert!(
        std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut run).poll(cx)))
            .await
            .is_pending()
    );
    assert!(flow.0.take().is_empty());
    drop(run);
    assert_eq!(flow.0.take(), ["dropped"]);
    assert!(handle.is_done());
}

#[tokio::test]
async fn dropping_a_started_run_cancels_it() {
    let log = std::sync::Arc::new(Log::default());
    let run = std::sync::Arc::new(Guarded(log.clone())).start(());
    let handle = run.handle();
    tokio::task::yield_now().await;
    drop(run);
    tokio::task::yield_now().await;
    assert_eq!(log.take(), ["dropped"]);
    assert!(handle.is_done());
}
