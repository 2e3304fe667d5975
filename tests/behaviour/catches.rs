//! Catches: a step that runs when another has given up.

use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::{StepPanicked, StepTimedOut};

use crate::Log;

#[derive(Debug, thiserror::Error)]
#[error("busy for the {0}. time")]
struct Busy(u32);

#[derive(Debug, thiserror::Error)]
#[error("no page")]
struct NoPage(#[source] Busy);

/// Sleeps longer than it may, or panics, or fails.
#[derive(Default)]
struct Slow(Log);

#[workflow]
impl Slow {
    #[step(timeout = "1s", retry(attempts = 2, wait = "1ms"))]
    async fn work(&self, how: StartEvent<u32>) -> Result<StopEvent<String>, NoPage> {
        self.0.note("try");
        match how.0 {
            0 => std::future::pending().await,
            1 => panic!("no"),
            _ => Err(NoPage(Busy(how.0))),
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
            "{} {kind}: {} {:?}, {} tries in {:?} on {:?}",
            failed.step,
            failed.error,
            failed.error.causes(),
            failed.attempts,
            failed.elapsed,
            input
        ))
    }
}

#[tokio::test(start_paused = true)]
async fn a_catch_comes_after_the_retries_and_is_told_all_about_the_failure() {
    let flow = Slow::default();
    let late = flow.run(0u32).await.unwrap();
    assert_eq!(late, "work late: it took longer than 1s [], 2 tries in 2.001s on Some(StartEvent(0))");
    assert_eq!(flow.0.take(), ["try", "try"]);
    let panicked = flow.run(1u32).await.unwrap();
    assert_eq!(panicked, "work panicked: it panicked: no [], 2 tries in 1ms on Some(StartEvent(1))");
    let failed = flow.run(7u32).await.unwrap();
    assert_eq!(
        failed,
        "work failed: no page [\"busy for the 7. time\"], 2 tries in 1ms on Some(StartEvent(7))"
    );
}

#[tokio::test(start_paused = true)]
async fn a_catch_never_comes_for_the_timeout_of_a_run_or_for_a_cancel() {
    let late = Slow::default().run(0u32).timeout(Duration::from_millis(500)).await;
    assert!(matches!(late, Err(RunError::TimedOut { .. })));
    let flow = Slow::default();
    let mut run = flow.run(0u32);
    assert!(tokio::time::timeout(Duration::from_millis(500), &mut run).await.is_err());
    run.cancel();
    assert!(matches!(run.await, Err(RunError::Cancelled)));
}

/// Two steps fail; one of them has a catch of its own, and every catch may fail too.
struct Scoped;

#[event]
struct Left(String);
#[event]
struct Right(String);

#[derive(OneOf)]
enum Side {
    Left(Left),
    Right(Right),
}

#[workflow]
impl Scoped {
    #[step]
    async fn open(&self, side: StartEvent<String>) -> Side {
        if side.0.starts_with("left") { Left(side.0).into() } else { Right(side.0).into() }
    }

    #[step]
    async fn left(&self, _ev: Left) -> Result<StopEvent<String>, Busy> {
        Err(Busy(1))
    }

    #[step]
    async fn right(&self, _ev: Right) -> Result<StopEvent<String>, Busy> {
        Err(Busy(2))
    }

    #[step]
    #[catch]
    async fn general(&self, failed: StepFailed) -> Result<StopEvent<String>, Busy> {
        match failed.input::<Right>() {
            Some(right) if right.0 == "right, twice" => Err(Busy(3)),
            _ => Ok(StopEvent(format!("general for {}", failed.step))),
        }
    }

    #[step]
    #[catch(of(left))]
    async fn scoped(&self, failed: StepFailed) -> StopEvent<String> {
        StopEvent(format!("scoped for {}", failed.step))
    }
}

#[tokio::test]
async fn a_scoped_catch_goes_before_the_general_one() {
    assert_eq!(Scoped.run("left").await.unwrap(), "scoped for left");
    assert_eq!(Scoped.run("right").await.unwrap(), "general for right");
}

#[tokio::test]
async fn a_catch_that_fails_fails_the_run() {
    let error = Scoped.run("right, twice").await.unwrap_err();
    assert_eq!(error.to_string(), "step `general` failed");
    assert_eq!(error.step_error::<Busy>().unwrap().0, 3);
}

#[event]
struct Item {
    number: u32,
    /// How often its work fails.
    failures: u32,
}
#[event]
struct Done(u32);

/// Each item's work fails so often; the catch gives what is left of it back, twice in one line of events.
#[derive(Default)]
struct Loops(Log);

#[workflow]
impl Loops {
    #[step]
    async fn open(&self, failures: StartEvent<Vec<u32>>) -> Vec<Item> {
        failures.0.into_iter().zip(0..).map(|(failures, number)| Item { number, failures }).collect()
    }

    #[step(retry(attempts = 1))]
    async fn work(&self, item: Item) -> Result<Done, Busy> {
        if item.failures > 0 { Err(Busy(item.failures)) } else { Ok(Done(item.number)) }
    }

    #[step]
    #[catch(times = 2)]
    async fn mend(&self, failed: StepFailed) -> Option<Item> {
        let item = failed.input::<Item>()?;
        self.0.note(format!("{} of {}", item.failures, item.number));
        (item.failures < 9).then(|| Item { failures: item.failures - 1, ..item })
    }

    #[step]
    async fn finish(&self, done: Vec<Done>) -> StopEvent<Vec<u32>> {
        StopEvent(done.into_iter().map(|done| done.0).collect())
    }
}

#[tokio::test]
async fn times_bounds_how_often_one_line_of_events_comes_to_a_catch() {
    let flow = Loops::default();
    assert_eq!(flow.run([2u32]).await.unwrap(), [0]);
    assert_eq!(flow.0.take(), ["2 of 0", "1 of 0"]);
    let error = flow.run([3u32]).await.unwrap_err();
    assert_eq!(error.step_error::<Busy>().unwrap().0, 1);
}

#[tokio::test]
async fn each_member_of_a_batch_has_a_line_of_its_own_and_what_a_catch_gives_rejoins_it() {
    let flow = Loops::default();
    assert_eq!(flow.run([2u32, 0, 2, 1]).await.unwrap(), [1, 3, 0, 2]);
}

#[tokio::test]
async fn a_member_that_a_catch_gives_up_is_dropped_from_its_batch() {
    assert_eq!(Loops::default().run([9u32, 0]).await.unwrap(), [1]);
}

/// Two lines that meet in a join, which fails: one has come to the catch before.
#[derive(Default)]
struct Meets(Log);

#[event]
struct Half(u32);

#[workflow]
impl Meets {
    #[step]
    async fn open(&self, failures: StartEvent<(u32, u32)>) -> (Item, Half) {
        (Item { number: 7, failures: failures.0.0 }, Half(failures.0.1))
    }

    #[step]
    async fn work(&self, item: Item) -> Result<Done, Busy> {
        if item.failures > 0 { Err(Busy(item.failures)) } else { Ok(Done(item.number)) }
    }

    #[step]
    async fn meet(&self, done: Done, half: Half) -> Result<StopEvent<u32>, Busy> {
        if half.0 > 0 { Err(Busy(half.0)) } else { Ok(StopEvent(done.0)) }
    }

    #[step]
    #[catch]
    async fn mend(&self, failed: StepFailed) -> (Option<Item>, Option<Done>, Option<Half>) {
        let (item, done, half) = (failed.input::<Item>(), failed.input::<Done>(), failed.input::<Half>());
        self.0.note(format!("{} of {} events", failed.step, failed.input.len()));
        let item = item.map(|item| Item { failures: 0, ..item });
        (item, done, half.map(|half| Half(half.0 - 1)))
    }
}

#[tokio::test]
async fn lines_that_meet_have_come_to_a_catch_as_often_as_the_one_that_did_so_most() {
    let flow = Meets::default();
    assert_eq!(flow.run((1u32, 0u32)).await.unwrap(), 7);
    assert_eq!(flow.0.take(), ["work of 1 events"]);
    assert_eq!(flow.run((0u32, 1u32)).await.unwrap(), 7);
    assert_eq!(flow.0.take(), ["meet of 2 events"]);
    let error = flow.run((1u32, 1u32)).await.unwrap_err();
    assert_eq!(error.to_string(), "step `meet` failed");
}

/// A loop through a wait: the step that waits gives the work out again.
#[derive(Default)]
struct Waits(Log);

#[workflow]
impl Waits {
    #[step(sends(Item), waits(Half))]
    async fn boss(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> Result<StopEvent<()>, SendError> {
        for number in 0..5 {
            ctx.send(Item { number, failures: 1 })?;
            ctx.wait_for::<Half>().await;
        }
        Ok(StopEvent(()))
    }

    #[step]
    async fn work(&self, item: Item) -> Result<StopEvent<()>, Busy> {
        Err(Busy(item.number))
    }

    #[step]
    #[catch(of(work), times = 2)]
    async fn mend(&self, _failed: StepFailed) -> Half {
        self.0.note("mended");
        Half(0)
    }
}

#[tokio::test]
async fn a_line_of_events_goes_on_through_a_wait() {
    let flow = Waits::default();
    let error = flow.run(()).await.unwrap_err();
    assert_eq!(error.step_error::<Busy>().unwrap().0, 2);
    assert_eq!(flow.0.take(), ["mended", "mended"]);
}

/// A join of a batch fails.
struct Gathers;

#[workflow]
impl Gathers {
    #[step]
    async fn open(&self, count: StartEvent<u32>) -> Vec<Half> {
        (0..count.0).map(Half).collect()
    }

    #[step]
    async fn gather(&self, halves: Vec<Half>) -> Result<StopEvent<Vec<u32>>, Busy> {
        Err(Busy(halves.len() as u32))
    }

    #[step]
    #[catch]
    async fn mend(&self, failed: StepFailed) -> StopEvent<Vec<u32>> {
        let all = failed.input.iter().map(|input| input.value.as_u64().unwrap() as u32);
        assert_eq!(failed.input::<Half>().unwrap().0, 0);
        assert!(failed.input::<Item>().is_none());
        StopEvent(all.collect())
    }
}

#[tokio::test]
async fn a_catch_is_given_the_whole_batch_on_which_a_step_failed() {
    assert_eq!(Gathers.run(3u32).await.unwrap(), [0, 1, 2]);
}
