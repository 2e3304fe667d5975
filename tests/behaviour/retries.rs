//! Retries: whether a step that failed is tried again, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::retry::Wait;
use workflow_core::{BoxError, StepPanicked, StepTimedOut};

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

#[derive(Debug, thiserror::Error)]
#[error("refused: {0}")]
struct Refused(u16);

#[derive(Debug, thiserror::Error)]
#[error("no page")]
struct NoPage(#[source] Refused);

/// A workflow of one step that fails in every try, in the way in which it is told to; notes when each began.
macro_rules! fails {
    ($name:ident, $($option:tt)*) => {
        #[derive(Clone, Default)]
        struct $name(Arc<Log>);

        #[workflow]
        impl $name {
            #[step($($option)*)]
            async fn fetch(&self, ctx: &Context<Self>, how: StartEvent<u16>) -> Result<StopEvent<()>, BoxError> {
                self.0.note(format!("{:?}", ctx.attempt().elapsed));
                match how.0 {
                    0 => panic!("no"),
                    1 => std::future::pending().await,
                    status if status < 600 => Err(Refused(status).into()),
                    status => Err(NoPage(Refused(status - 500)).into()),
                }
            }
        }

        impl Notes for $name {
            fn notes(&self) -> Vec<String> {
                self.0.take()
            }
        }
    };
}

trait Notes: Workflow<Input = u16, Output = ()> + Default {
    fn notes(&self) -> Vec<String>;
}

/// When each try began, counted from the first.
async fn tries<W: Notes>(how: u16) -> Vec<String> {
    tries_in::<W>("run", how).await
}

/// The same in the run of that name.
async fn tries_in<W: Notes>(id: &str, how: u16) -> Vec<String> {
    let flow = W::default();
    let error = flow.run(how).id(id).await.unwrap_err();
    let tries = flow.notes();
    let RunError::Step { attempts, .. } = error else { panic!("{error:?}") };
    assert_eq!(attempts as usize, tries.len());
    tries
}

fails!(Fixed, retry(attempts = 4, wait = "1s"));
fails!(Growing, retry(attempts = 5, base = "100ms", multiplier = 3, max = "500ms"));
fails!(Doubling, retry(base = "1s"));
fails!(ForAWhile, retry(within = "12s"));

#[tokio::test(start_paused = true)]
async fn what_the_attribute_says_of_waits_and_stops_is_done() {
    assert_eq!(tries::<Fixed>(500).await, ["0ns", "1s", "2s", "3s"]);
    assert_eq!(tries::<Growing>(500).await, ["0ns", "100ms", "400ms", "900ms", "1.4s"]);
    assert_eq!(tries::<Doubling>(500).await, ["0ns", "1s", "3s"]);
    assert_eq!(tries::<ForAWhile>(500).await, ["0ns", "5s", "10s"]);
}

fails!(Shaken, retry(attempts = 6, base = "1s", jitter));

#[tokio::test(start_paused = true)]
async fn random_waits_are_those_of_the_run_and_of_no_other() {
    let waits = tries_in::<Shaken>("one", 500).await;
    assert_eq!(tries_in::<Shaken>("one", 500).await, waits);
    assert_ne!(tries_in::<Shaken>("other", 500).await, waits);
}

fn is_busy(refused: &Refused) -> bool {
    refused.0 == 503
}

fails!(OnRefused, retry(attempts = 2, wait = "1s", on = Refused));
fails!(WhenBusy, retry(attempts = 2, wait = "1s", when = is_busy));
fails!(OnLate, timeout = "1s", retry(attempts = 2, wait = "1s", on = StepTimedOut));
fails!(OnEither, timeout = "1s", retry(attempts = 2, wait = "1s", on(StepTimedOut, StepPanicked)));

#[tokio::test(start_paused = true)]
async fn a_step_is_tried_again_only_after_the_errors_that_its_retry_names() {
    let (again, once) = (["0ns", "1s"], ["0ns"]);
    assert_eq!(tries::<OnRefused>(404).await, again);
    assert_eq!(tries::<OnRefused>(1003).await, again, "also of a cause");
    assert_eq!(tries::<OnRefused>(0).await, once);
    assert_eq!(tries::<WhenBusy>(503).await, again);
    assert_eq!(tries::<WhenBusy>(1003).await, again, "also of a cause");
    assert_eq!(tries::<WhenBusy>(404).await, once);
    assert_eq!(tries::<OnLate>(1).await, ["0ns", "2s"]);
    assert_eq!(tries::<OnLate>(0).await, once);
    assert_eq!(tries::<OnEither>(1).await, ["0ns", "2s"]);
    assert_eq!(tries::<OnEither>(0).await, again);
    assert_eq!(tries::<OnEither>(404).await, once);
}

fn chain() -> RetryPolicy {
    let secs = Duration::from_secs;
    RetryPolicy::new().wait(Wait::fixed(Duration::ZERO).then_after(2, secs(1)) + secs(1)).attempts(4)
}

fn never() -> RetryPolicy {
    RetryPolicy::new().wait(Duration::MAX)
}

fn picky() -> RetryPolicy {
    RetryPolicy::new().when(|refused: &Refused| panic!("{refused} is none of mine"))
}

fails!(ByChain, retry = chain);
fails!(ByNever, retry = never);
fails!(ByPicky, retry = picky);

#[tokio::test(start_paused = true)]
async fn a_policy_built_in_code_decides_in_place_of_the_attribute() {
    assert_eq!(tries::<ByChain>(500).await, ["0ns", "1s", "2s", "4s"]);
}

#[tokio::test(start_paused = true)]
async fn the_longest_wait_is_no_overflow() {
    let flow = ByNever::default();
    let error = flow.run(500u16).timeout(Duration::from_secs(1_000_000)).await.unwrap_err();
    assert_eq!(error.to_string(), "the run took longer than 1000000s; `fetch` was running");
    assert_eq!(flow.0.take(), ["0ns"]);
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_panics_is_what_its_step_gives_up_with() {
    let error = ByPicky::default().run(404u16).await.unwrap_err();
    assert_eq!(error.step_error::<StepPanicked>().unwrap().message, "refused: 404 is none of mine");
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_a_run_between_two_tries() {
    let flow = Fixed::default();
    let mut run = flow.run(500u16);
    assert!(tokio::time::timeout(Duration::from_millis(1500), &mut run).await.is_err());
    run.cancel();
    assert!(matches!(run.await, Err(RunError::Cancelled)));
    assert_eq!(flow.0.take(), ["0ns", "1s"]);
}

/// One step is between two tries when another ends the run.
struct Beside;

#[workflow]
impl Beside {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> (Page, Rest) {
        (Page(0), Rest)
    }

    #[step(retry(wait = "1h"))]
    async fn fetch(&self, page: Page) -> Result<StopEvent<u32>, Busy> {
        Err(Busy(page.0))
    }

    #[step]
    async fn rest(&self, ctx: &Context<Self>, _ev: Rest) -> StopEvent<u32> {
        ctx.sleep(Duration::from_secs(1)).await;
        StopEvent(7)
    }
}

#[event]
struct Rest;

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_does_not_wait_for_later_tries() {
    let began = tokio::time::Instant::now();
    assert_eq!(Beside.run(()).await.unwrap(), 7);
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_run_names_the_steps_between_two_tries() {
    let error = Beside.run(()).timeout(Duration::from_millis(500)).await.unwrap_err();
    assert_eq!(error.to_string(), "the run took longer than 500ms; `fetch`, `rest` were running");
}

/// Sends and publishes in each of its tries.
#[derive(Default)]
struct Sends(Log);

#[event]
struct Seen(u32);

#[workflow(publishes(Seen))]
impl Sends {
    #[step(sends(Page), retry(wait = "1s"))]
    async fn fetch(
        &self,
        ctx: &Context<Self>,
        failures: StartEvent<u32>,
    ) -> Result<Option<StopEvent<()>>, BoxError> {
        let number = ctx.attempt().number;
        ctx.send(Page(number))?;
        ctx.publish(Seen(number));
        if number <= failures.0 { Err(Busy(number).into()) } else { Ok(None) }
    }

    #[step]
    async fn read(&self, page: Page) -> Option<StopEvent<()>> {
        self.0.note(format!("page {}", page.0));
        (page.0 == 3).then_some(StopEvent(()))
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_try_that_fails_has_sent_and_published_is_kept() {
    let flow = Sends::default();
    let mut run = flow.run(2u32);
    let mut seen = Vec::new();
    while let Some(SendsEvent::Seen(Seen(number))) = run.next().await {
        seen.push(number);
    }
    run.await.unwrap();
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(flow.0.take(), ["page 1", "page 2", "page 3"]);
}

/// Steps that run apart and take too long in their first try.
#[derive(Clone, Default)]
struct Apart(Arc<(Log, tokio::sync::Notify)>);

#[workflow]
impl Apart {
    #[step(spawn, timeout = "1s", retry(wait = "1s"))]
    async fn spawned(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> Page {
        self.0.0.note(format!("spawned {:?}", ctx.attempt().last_error));
        if ctx.attempt().number == 1 {
            std::future::pending::<()>().await;
        }
        Page(0)
    }

    #[step(blocking, timeout = "1s", retry(wait = "1s"))]
    fn blocking(&self, ctx: &Context<Self>, _page: Page) -> StopEvent<()> {
        self.0.0.note(format!("blocking {:?}", ctx.attempt().last_error));
        self.0.1.notify_one();
        while ctx.attempt().number == 1 && !ctx.is_cancelled() {
            std::thread::yield_now();
        }
        StopEvent(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_runs_apart_is_timed_out_and_tried_again() {
    let flow = Apart::default();
    // While a thread is busy, paused time stands still unless somebody moves it.
    let clock = async {
        flow.0.1.notified().await;
        tokio::time::advance(Duration::from_secs(1)).await;
    };
    let (result, ()) = tokio::join!(flow.run(()), clock);
    result.unwrap();
    let late = "Some(\"it took longer than 1s\")";
    let tries = ["spawned None", &format!("spawned {late}"), "blocking None", &format!("blocking {late}")];
    assert_eq!(flow.0.0.take(), tries);
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

/// Fails once, and then never ends.
struct Hangs;

#[workflow(timeout = "60s")]
impl Hangs {
    #[step(retry(wait = "5s"))]
    async fn only(&self, ctx: &Context<Self>, _ev: StartEvent<()>) -> Result<StopEvent<()>, Busy> {
        if ctx.attempt().number == 1 {
            return Err(Busy(1));
        }
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_try_ends_with_the_timeout_of_its_run() {
    let begun = tokio::time::Instant::now();
    let error = Hangs.run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "the run took longer than 60s; `only` was running");
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
}
