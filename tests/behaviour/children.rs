//! Children: `ctx.call` runs another workflow as a part of a step.

use std::time::Duration;

use workflow_core::Snapshot;
use workflow_core::prelude::*;

use crate::Log;

#[event]
struct Part(u32);
#[event]
struct Done(u32);
#[event]
struct Told(u32);
#[event]
struct Approval(u32);

#[derive(Debug, thiserror::Error)]
#[error("no {0}")]
struct No(u32);

/// Sleeps as many seconds as it is told to, tells its number, and fails on 13.
#[derive(Clone, Default)]
struct Child(std::sync::Arc<Log>);

struct Dropped<'a>(&'a Log);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

#[workflow(publishes(Told), timeout = "1h")]
impl Child {
    #[step]
    async fn sleep(&self, ctx: &Context<Self>, number: StartEvent<u32>) -> Result<StopEvent<String>, No> {
        self.0.note(format!("{} begins", number.0));
        let _dropped = Dropped(&self.0);
        ctx.publish(Told(number.0));
        ctx.sleep(Duration::from_secs(number.0.into())).await;
        self.0.note(format!("{} ends", number.0));
        if number.0 == 13 { Err(No(13)) } else { Ok(StopEvent(ctx.run_id().to_owned())) }
    }
}

/// Calls twice, one after the other.
#[derive(Default)]
struct Twice(Child);

#[workflow(publishes(Told))]
impl Twice {
    #[step]
    async fn call(
        &self,
        ctx: &Context<Self>,
        numbers: StartEvent<(u32, u32)>,
    ) -> Result<StopEvent<(String, String)>, RunError> {
        let (one, other) = numbers.0;
        let one = ctx.call(&self.0, one).on_event(|event| pass_on(ctx, event)).await?;
        let other = ctx.call(&self.0, other).on_event(|event| pass_on(ctx, event)).await?;
        Ok(StopEvent((one, other)))
    }
}

fn pass_on(ctx: &Context<Twice>, event: ChildEvent) {
    if let ChildEvent::Told(told) = event {
        ctx.publish(Told(told.0 + 100));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_called_workflow_fails_with_is_an_error_of_the_step_that_called() {
    let error = Twice::default().run((13, 1)).await.unwrap_err();
    assert_eq!(error.to_string(), "step `call` failed");
    let child = error.step_error::<RunError>().unwrap();
    assert_eq!(child.to_string(), "step `sleep` failed");
    assert_eq!(child.step_error::<No>().unwrap().0, 13);
}

#[tokio::test(start_paused = true)]
async fn a_called_workflow_has_its_own_timeout() {
    let error = Twice::default().run((7200, 1)).await.unwrap_err();
    let child = error.step_error::<RunError>().unwrap();
    assert_eq!(child.to_string(), "the run took longer than 3600s; `sleep` was running");
}

#[tokio::test(start_paused = true)]
async fn dropping_or_cancelling_the_caller_drops_what_it_has_called() {
    for cancels in [true, false] {
        for resumable in [true, false] {
            let flow = Twice::default();
            let mut run = flow.run((10, 1));
            if resumable {
                run = run.resumable();
            }
            assert!(tokio::time::timeout(Duration::from_secs(1), &mut run).await.is_err());
            assert_eq!(flow.0.0.take(), ["10 begins"]);
            if cancels {
                run.cancel();
                assert!(matches!(run.await, Err(RunError::Cancelled)));
            } else {
                drop(run);
            }
            assert_eq!(flow.0.0.take(), ["dropped"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_called_workflow_publishes_is_passed_on_as_it_comes() {
    let flow = Twice::default();
    let mut run = flow.run((10, 20));
    let began = tokio::time::Instant::now();
    let mut told = Vec::new();
    while let Some(event) = run.next().await {
        let TwiceEvent::Told(event) = event else { panic!("{event:?}") };
        told.push((event.0, began.elapsed().as_secs()));
    }
    assert_eq!(told, [(110, 0), (120, 10)]);
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_called_run_is_that_of_its_caller_with_the_execution_and_the_call() {
    for resumable in [true, false] {
        let flow = Twice::default();
        let mut run = flow.run((1, 2)).id("order-42");
        if resumable {
            run = run.resumable();
        }
        assert_eq!(run.await.unwrap(), ("order-42/0.0".to_owned(), "order-42/0.1".to_owned()));
    }
    let flow = Twice::default();
    let run = flow.run((1, 2));
    let handle = run.handle();
    assert_eq!(run.await.unwrap().0, format!("{}/0.0", handle.id()));
}

#[tokio::test(start_paused = true)]
async fn a_called_run_that_is_over_is_not_run_again_and_one_that_is_not_goes_on() {
    let flow = Twice::default();
    let mut run = flow.run((5, 10)).id("a").resumable();
    let mut events = run.events();
    assert!(tokio::time::timeout(Duration::from_secs(8), &mut run).await.is_err());
    let text = serde_json::to_string(&run.snapshot().unwrap()).unwrap();
    drop(run);
    assert_eq!(flow.0.0.take(), ["5 begins", "5 ends", "dropped", "10 begins", "dropped"]);
    let mut run = flow.resume(serde_json::from_str::<Snapshot>(&text).unwrap()).unwrap();
    let mut more = run.events();
    assert_eq!((&mut run).await.unwrap(), ("a/0.0".to_owned(), "a/0.1".to_owned()));
    assert_eq!(flow.0.0.take(), ["10 begins", "10 ends", "dropped"]);
    drop(run);
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        told.push(format!("{event:?}"));
    }
    while let Some(event) = more.next().await {
        told.push(format!("again {event:?}"));
    }
    assert_eq!(told, ["Told(Told(105))", "Told(Told(110))"]);
}

/// Gives up on a child, or gets over its failure, and goes on to wait.
#[derive(Default)]
struct Careless(Child);

#[workflow(receives(Approval))]
impl Careless {
    #[step(waits(Approval))]
    async fn call(&self, ctx: &Context<Self>, number: StartEvent<u32>) -> StopEvent<u32> {
        let called = tokio::time::timeout(Duration::from_secs(20), ctx.call(&self.0, number.0).into_future());
        assert!(!matches!(called.await, Ok(Ok(_))));
        StopEvent(ctx.wait_for::<Approval>().await.0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_that_failed_or_was_given_up_does_not_keep_its_caller_from_being_written_down() {
    for number in [13u32, 60] {
        let flow = Careless::default();
        let mut run = flow.run(number).resumable();
        assert!(tokio::time::timeout(Duration::from_secs(30), &mut run).await.is_err());
        let text = serde_json::to_string(&run.snapshot().unwrap()).unwrap();
        drop(run);
        let run = flow.resume(serde_json::from_str::<Snapshot>(&text).unwrap()).unwrap();
        run.send(Approval(1)).unwrap();
        assert_eq!(run.await.unwrap(), 1);
    }
}

/// Calls from the members of a batch, on tasks of their own.
#[derive(Clone, Default)]
struct Batch(Child);

#[workflow]
impl Batch {
    #[step]
    async fn open(&self, count: StartEvent<u32>) -> Vec<Part> {
        (1..=count.0).map(Part).collect()
    }

    #[step(spawn)]
    async fn work(&self, ctx: &Context<Self>, part: Part) -> Result<Done, RunError> {
        ctx.call(&self.0, part.0 * 10).await?;
        Ok(Done(part.0))
    }

    #[step]
    async fn finish(&self, done: Vec<Done>) -> StopEvent<Vec<u32>> {
        StopEvent(done.into_iter().map(|done| done.0).collect())
    }
}

#[tokio::test(start_paused = true)]
async fn members_of_a_batch_call_at_once_from_tasks_of_their_own() {
    let flow = Batch::default();
    let began = tokio::time::Instant::now();
    assert_eq!(flow.run(3u32).await.unwrap(), [1, 2, 3]);
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    flow.0.0.take();
    let mut run = flow.run(3u32).resumable();
    assert!(tokio::time::timeout(Duration::from_secs(15), &mut run).await.is_err());
    let text = serde_json::to_string(&run.snapshot().unwrap()).unwrap();
    drop(run);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(
        flow.0.0.take(),
        ["10 begins", "20 begins", "30 begins", "10 ends", "dropped", "dropped", "dropped"]
    );
    let run = flow.resume(serde_json::from_str::<Snapshot>(&text).unwrap()).unwrap();
    assert_eq!(run.await.unwrap(), [1, 2, 3]);
    assert_eq!(flow.0.0.take(), ["20 begins", "30 begins", "20 ends", "dropped", "30 ends", "dropped"]);
}

/// Calls itself until the number is nothing, and sleeps there.
#[derive(Default)]
struct Down(Log);

#[workflow]
impl Down {
    #[step]
    async fn down(
        &self,
        ctx: &Context<Self>,
        number: StartEvent<u32>,
    ) -> Result<StopEvent<String>, RunError> {
        self.0.note(format!("{}", number.0));
        if number.0 == 0 {
            ctx.sleep(Duration::from_secs(10)).await;
            return Ok(StopEvent(ctx.run_id().to_owned()));
        }
        Ok(StopEvent(ctx.call(self, number.0 - 1).await?))
    }
}

#[tokio::test(start_paused = true)]
async fn a_workflow_may_call_itself_and_is_written_down_at_any_depth() {
    let flow = Down::default();
    assert_eq!(flow.run(3u32).id("a").await.unwrap(), "a/0.0/0.0/0.0");
    assert_eq!(flow.0.take(), ["3", "2", "1", "0"]);
    let mut run = flow.run(3u32).id("a").resumable();
    assert!(tokio::time::timeout(Duration::from_secs(5), &mut run).await.is_err());
    let text = serde_json::to_string(&run.snapshot().unwrap()).unwrap();
    drop(run);
    let run = flow.resume(serde_json::from_str::<Snapshot>(&text).unwrap()).unwrap();
    assert_eq!(run.await.unwrap(), "a/0.0/0.0/0.0");
    assert_eq!(flow.0.take(), ["3", "2", "1", "0", "3", "2", "1", "0"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_a_part_of_the_delivery_of_its_step() {
    let flow = Twice::default();
    let mut run = flow.run((1, 2)).id("a");
    assert_eq!(
        run.step().await.unwrap().to_string(),
        "`call` took `StartEvent<(u32, u32)>`, gave `StopEvent<(String, String)>`"
    );
    assert!(run.is_done());
}

mod changed {
    use super::{Child, Part, RunError};
    use std::time::Duration;
    use workflow_core::prelude::*;

    /// Calls one of two workflows that go by one name.
    pub struct Parent {
        pub new: bool,
        pub old: Child,
    }

    #[workflow(name = "parent")]
    impl Parent {
        #[step]
        async fn call(
            &self,
            ctx: &Context<Self>,
            number: StartEvent<u32>,
        ) -> Result<StopEvent<String>, RunError> {
            Ok(StopEvent(if self.new {
                ctx.call(&Other, number.0).await?
            } else {
                ctx.call(&self.old, number.0).await?
            }))
        }
    }

    pub struct Other;

    #[workflow(name = "Child")]
    impl Other {
        #[step]
        async fn sleep(&self, number: StartEvent<u32>) -> Part {
            Part(number.0)
        }

        #[step]
        async fn more(&self, part: Part) -> StopEvent<String> {
            tokio::time::sleep(Duration::from_secs(u64::from(part.0))).await;
            StopEvent(String::new())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_called_workflow_that_has_changed_meanwhile_is_an_error_of_the_call() {
    let flow = changed::Parent { new: false, old: Child::default() };
    let mut run = flow.run(10u32).resumable();
    assert!(tokio::time::timeout(Duration::from_secs(5), &mut run).await.is_err());
    let snapshot = run.snapshot().unwrap();
    drop(run);
    let flow = changed::Parent { new: true, ..flow };
    let error = flow.resume(snapshot).unwrap().await.unwrap_err();
    let child = error.step_error::<RunError>().unwrap();
    assert_eq!(child.to_string(), "the run that was called cannot go on from where it was");
    let why = std::error::Error::source(child).unwrap().to_string();
    assert!(why.starts_with("`Child` has changed since the snapshot was taken: "), "{why}");
}
