//! `ctx.wait_for`: a step that waits in its middle.

use std::time::Duration;

use workflow_core::WaitTimedOut;
use workflow_core::prelude::*;

use crate::Log;

#[event]
struct Approval {
    of: u32,
    ok: bool,
}
#[event]
struct Item(u32);
#[event]
struct Done(u32);

/// Asks about each item, four at a time.
#[derive(Default)]
struct Orders(Log);

#[workflow(receives(Approval))]
impl Orders {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> Vec<Item> {
        (0..count.0).map(Item).collect()
    }

    #[step(waits(Approval), workers = 2)]
    async fn ask(&self, ctx: &Context<Self>, item: Item) -> Option<Done> {
        self.0.note(format!("ask {}", item.0));
        let approval = ctx.wait_for::<Approval>().matching(move |approval| approval.of == item.0).await;
        approval.ok.then_some(Done(item.0))
    }

    #[step]
    async fn ship(&self, done: Vec<Done>) -> StopEvent<Vec<u32>> {
        StopEvent(done.into_iter().map(|done| done.0).collect())
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_holds_no_worker_and_gets_the_event_that_it_matches() {
    let flow = Orders::default();
    let mut run = flow.run(6u32);
    let handle = run.handle();
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut run).await.is_err());
    assert_eq!(flow.0.take().len(), 6);
    assert!(run.is_idle());
    for of in [5, 3, 1, 0, 2, 4] {
        handle.send(Approval { of, ok: of != 1 }).unwrap();
    }
    assert_eq!(run.await.unwrap(), [5, 3, 0, 2, 4]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_came_before_the_wait_is_kept_for_it() {
    let flow = Orders::default();
    let run = flow.run(2u32);
    for of in [1, 0] {
        run.send(Approval { of, ok: true }).unwrap();
    }
    assert_eq!(run.await.unwrap(), [0, 1]);
}

/// Waits for what nobody sends.
struct Late;

#[workflow(receives(Approval))]
impl Late {
    #[step(waits(Approval))]
    async fn ask(
        &self,
        ctx: &Context<Self>,
        seconds: StartEvent<u64>,
    ) -> Result<StopEvent<bool>, WaitTimedOut> {
        let approval = ctx.wait_for::<Approval>().timeout(Duration::from_secs(seconds.0)).await?;
        Ok(StopEvent(approval.ok))
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_takes_too_long_is_an_error_that_names_the_event() {
    let error = Late.run(3u64).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "no `Approval` came within 3s");
}

/// Waits for an event that a step gives which never does.
struct Stuck;

#[workflow]
impl Stuck {
    #[step]
    async fn open(&self, gives: StartEvent<bool>) -> (Item, Option<Approval>) {
        (Item(0), gives.then_some(Approval { of: 0, ok: true }))
    }

    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, _item: Item) -> StopEvent<bool> {
        StopEvent(ctx.wait_for::<Approval>().await.ok)
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_what_can_never_come_stalls_and_says_so() {
    assert!(Stuck.run(true).await.unwrap());
    let error = Stuck.run(false).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the run can never finish: `ask` waits for `Approval`; `Approval` comes only from `open`, which ran"
    );
}

/// Waits for one thing or another, with something else to do meanwhile.
struct Either;

#[workflow]
impl Either {
    #[step]
    async fn open(&self, _ev: StartEvent<()>) -> (Item, Option<Approval>) {
        (Item(0), None)
    }

    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, _item: Item) -> StopEvent<String> {
        tokio::select! {
            _ = ctx.wait_for::<Approval>() => StopEvent("approved".to_owned()),
            () = ctx.sleep(Duration::from_secs(3600)) => StopEvent("slept".to_owned()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_does_something_else_while_it_waits_does_not_stall() {
    assert_eq!(Either.run(()).await.unwrap(), "slept");
}

/// Answers itself and waits, while another waits for another answer.
struct Answers;

#[workflow]
impl Answers {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> (Item, Done) {
        (Item(1), Done(2))
    }

    #[step(waits(Approval), allow(dead_end))]
    async fn other(&self, ctx: &Context<Self>, item: Item) {
        ctx.wait_for::<Approval>().matching(move |approval| approval.of == item.0).await;
    }

    #[step(waits(Approval), sends(Approval))]
    async fn itself(&self, ctx: &Context<Self>, done: Done) -> Result<StopEvent<u32>, SendError> {
        tokio::task::yield_now().await;
        ctx.send(Approval { of: done.0, ok: true })?;
        let approval = ctx.wait_for::<Approval>().matching(move |approval| approval.of == done.0).await;
        Ok(StopEvent(approval.of))
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_came_before_the_wait_is_kept_for_it_while_others_wait_for_others() {
    assert_eq!(Answers.run(()).await.unwrap(), 2);
}
