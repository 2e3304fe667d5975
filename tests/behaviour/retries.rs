//! Failure, tried again and caught: policies, timeouts of steps, `#[catch]`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::{StepPanicked, StepTimedOut};

use crate::Log;

#[derive(Debug, thiserror::Error)]
#[error("busy for the {0}. time")]
struct Busy(u32);

#[event]
struct Page(u32);

/// Fails as often as it is told to, with a bare `retry`.
#[derive(Default)]
struct Fetch {
    log: Log,
    tries: AtomicU32,
}

#[workflow]
impl Fetch {
    #[step(retry)]
    async fn fetch(&self, ctx: &Context<Self>, failures: StartEvent<u32>) -> Result<Page, Busy> {
        let tries = self.tries.fetch_add(1, Ordering::Relaxed) + 1;
        let attempt = ctx.attempt();
        self.log.note(format!("{} after {:?}: {:?}", attempt.number, attempt.elapsed, attempt.last_error));
        if tries <= failures.0 { Err(Busy(tries)) } else { Ok(Page(tries)) }
    }

    #[step]
    async fn read(&self, page: Page) -> StopEvent<u32> {
        StopEvent(page.0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_bare_retry_tries_three_times_five_seconds_apart() {
    let flow = Fetch::default();
    assert_eq!(flow.run(2u32).await.unwrap(), 3);
    assert_eq!(
        flow.log.take(),
        [
            "1 after 0ns: None",
            "2 after 5s: Some(\"busy for the 1. time\")",
            "3 after 10s: Some(\"busy for the 2. time\")",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_every_time_fails_the_run_with_its_last_error() {
    let error = Fetch::default().run(3u32).await.unwrap_err();
    let RunError::Step { step, attempts, elapsed, source, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*step, *attempts, *elapsed), ("fetch", 3, Duration::from_secs(10)));
    assert_eq!(source.downcast_ref::<Busy>().unwrap().0, 3);
    assert_eq!(error.to_string(), "step `fetch` failed after 3 attempts");
}

/// Sleeps longer than it may, or panics; caught.
#[derive(Default)]
struct Slow(Log);

#[workflow]
impl Slow {
    #[step(timeout = "1s", retry(attempts = 2, wait = "1ms"))]
    async fn work(&self, how: StartEvent<u32>) -> Result<StopEvent<String>, Busy> {
        self.0.note("try");
        match how.0 {
            0 => std::future::pending().await,
            1 => panic!("no"),
            _ => Err(Busy(how.0)),
        }
    }

    #[step]
    #[catch]
    async fn mend(&self, failed: StepFailed) -> StopEvent<String> {
        let input = failed.input::<StartEvent<u32>>();
        let kind = match () {
            () if failed.error.downcast_ref::<StepTimedOut>().is_some() => "late",
            () if failed.error.downcast_ref::<StepPanicked>().is_some() => "panicked",
            () => "failed",
        };
        StopEvent(format!(
            "{} {kind}: {}, {} tries in {:?} on {:?}",
            failed.step, failed.error, failed.attempts, failed.elapsed, input
        ))
    }
}

#[tokio::test(start_paused = true)]
async fn a_catch_comes_after_the_retries_and_is_told_all_about_the_failure() {
    let flow = Slow::default();
    let late = flow.run(0u32).await.unwrap();
    assert_eq!(late, "work late: it took longer than 1s, 2 tries in 2.001s on Some(StartEvent(0))");
    assert_eq!(flow.0.take(), ["try", "try"]);
    let panicked = flow.run(1u32).await.unwrap();
    assert_eq!(panicked, "work panicked: it panicked: no, 2 tries in 1ms on Some(StartEvent(1))");
    let failed = flow.run(7u32).await.unwrap();
    assert_eq!(failed, "work failed: busy for the 7. time, 2 tries in 1ms on Some(StartEvent(7))");
}

/// Collects twice in one try.
struct Both;

#[workflow]
impl Both {
    #[step(retry)]
    async fn only(
        &self,
        ctx: &Context<Self>,
        number: StartEvent<u32>,
    ) -> Result<StopEvent<(u32, u32)>, Busy> {
        let one = ctx.collect::<Page>(Page(number.0), 1).ok_or(Busy(1))?;
        let other = ctx.collect::<Page>(Page(number.0 + 1), 1).ok_or(Busy(2))?;
        if ctx.attempt().number == 1 { Err(Busy(3)) } else { Ok(StopEvent((one[0].0, other[0].0))) }
    }

    #[step(allow(unreachable))]
    async fn read(&self, page: Page) -> StopEvent<(u32, u32)> {
        StopEvent((page.0, page.0))
    }
}

#[tokio::test(start_paused = true)]
async fn each_collect_of_a_try_has_an_answer_of_its_own_and_a_retry_is_given_the_same() {
    assert_eq!(Both.run(1u32).await.unwrap(), (1, 2));
}
