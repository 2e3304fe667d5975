//! `ctx.wait_for`: a step that waits in its middle.

use std::time::Duration;

use workflow_core::WaitTimedOut;
use workflow_core::prelude::*;

use crate::Log;

const HOUR: Duration = Duration::from_secs(3600);

#[event]
struct Approval {
    of: u32,
    ok: bool,
}
#[event]
struct Item(u32);
#[event]
struct Done(u32);
#[event]
struct Go;

fn approved(of: u32) -> Approval {
    Approval { of, ok: true }
}

/// Asks about each item, two at a time.
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
    assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
    assert_eq!(flow.0.take().len(), 6);
    assert!(run.is_idle());
    for of in [5, 3, 1, 0, 2, 4] {
        handle.send(Approval { of, ok: of != 1 }).unwrap();
    }
    assert_eq!(run.await.unwrap(), [5, 3, 0, 2, 4]);
}

#[tokio::test(start_paused = true)]
async fn nothing_before_a_wait_is_run_twice() {
    let flow = Orders::default();
    let run = flow.run(1u32);
    run.send(approved(0)).unwrap();
    run.await.unwrap();
    assert_eq!(flow.0.take(), ["ask 0"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_came_before_the_wait_is_kept_for_it() {
    let flow = Orders::default();
    let run = flow.run(2u32);
    for of in [1, 0] {
        run.send(approved(of)).unwrap();
    }
    assert_eq!(run.await.unwrap(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_waits_each_get_the_event_that_they_match() {
    let flow = Orders::default();
    let mut run = flow.run(1000u32);
    assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
    for of in (0..1000).rev() {
        run.send(approved(of)).unwrap();
    }
    assert_eq!(run.await.unwrap(), (0..1000).rev().collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_a_run_that_waits() {
    let flow = Orders::default();
    let mut run = flow.run(3u32);
    assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
    run.cancel();
    assert!(matches!(run.await, Err(RunError::Cancelled)));
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_run_names_the_steps_that_wait() {
    let error = Orders::default().run(2u32).timeout(HOUR).await.unwrap_err();
    assert_eq!(error.to_string(), "the run took longer than 3600s; `ask`, `ask` were running");
}

/// Waits for any approval, and notes whose turn it is.
#[derive(Default)]
struct AnyOf(Log);

#[workflow(receives(Approval))]
impl AnyOf {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> Vec<Item> {
        (0..count.0).map(Item).collect()
    }

    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, item: Item) -> Done {
        let approval = ctx.wait_for::<Approval>().await;
        self.0.note(format!("{} gets {}", item.0, approval.of));
        Done(item.0)
    }

    #[step]
    async fn ship(&self, done: Vec<Done>) -> StopEvent<usize> {
        StopEvent(done.len())
    }
}

#[tokio::test(start_paused = true)]
async fn one_event_wakes_the_oldest_wait_of_a_step() {
    for apart in [false, true] {
        let flow = AnyOf::default();
        let mut run = flow.run(3u32);
        assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
        for of in [7, 8, 9] {
            run.send(approved(of)).unwrap();
            if apart && of < 9 {
                assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
            }
        }
        assert_eq!(run.await.unwrap(), 3);
        assert_eq!(flow.0.take(), ["0 gets 7", "1 gets 8", "2 gets 9"]);
    }
}

/// Three steps want one event: two wait for it, one of which is also started by it, and one takes it.
#[derive(Default)]
struct Wanted(Log);

#[workflow(receives(Approval))]
impl Wanted {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> (Item, Done) {
        (Item(0), Done(0))
    }

    #[step(waits(Approval), allow(dead_end))]
    async fn first(&self, ctx: &Context<Self>, _item: Item) {
        let of = ctx.wait_for::<Approval>().await.of;
        self.0.note(format!("first has waited for {of}"));
    }

    #[step(on(Done, Approval), waits(Approval), allow(dead_end))]
    async fn second(&self, ctx: &Context<Self>, ev: DoneOrApproval) {
        match ev {
            DoneOrApproval::Done(_) => {
                let of = ctx.wait_for::<Approval>().await.of;
                self.0.note(format!("second has waited for {of}"));
            }
            DoneOrApproval::Approval(approval) => {
                self.0.note(format!("second is started by {}", approval.of))
            }
        }
    }

    #[step]
    async fn third(&self, approval: Approval) -> Option<StopEvent<()>> {
        self.0.note(format!("third is started by {}", approval.of));
        (approval.of == 2).then_some(StopEvent(()))
    }
}

#[derive(OneOf)]
enum DoneOrApproval {
    Done(Done),
    Approval(Approval),
}

#[tokio::test(start_paused = true)]
async fn an_event_goes_to_one_wait_of_each_step_and_to_the_steps_that_do_not_wait() {
    let flow = Wanted::default();
    let mut run = flow.run(());
    for of in [1, 2] {
        assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
        run.send(approved(of)).unwrap();
    }
    run.await.unwrap();
    let mut log = flow.0.take();
    log[..3].sort();
    assert_eq!(
        log,
        [
            "first has waited for 1",
            "second has waited for 1",
            "third is started by 1",
            "second is started by 2",
            "third is started by 2",
        ]
    );
}

#[derive(Debug, thiserror::Error)]
#[error("not yet")]
struct NotYet;

/// Asks with a function that panics, or that looks at the run, beside another step that waits.
#[derive(Default)]
struct Wishes(Log);

#[workflow(receives(Approval))]
impl Wishes {
    #[step]
    async fn open(&self, how: StartEvent<u32>) -> (Item, Done) {
        (Item(how.0), Done(how.0))
    }

    #[step(waits(Approval), retry(attempts = 2, wait = "1s"))]
    async fn picky(&self, ctx: &Context<Self>, item: Item) -> Option<Go> {
        let context = ctx.clone();
        let first_try = ctx.attempt().number == 1;
        let wish = move |approval: &Approval| {
            assert!(item.0 > 0 || !first_try, "not the first time");
            context.get::<u32>("wanted").ok().flatten().is_none_or(|wanted| wanted == approval.of)
        };
        ctx.set("wanted", &2).ok()?;
        let approval = ctx.wait_for::<Approval>().matching(wish).await;
        self.0.note(format!("try {} gets {}", ctx.attempt().number, approval.of));
        Some(Go)
    }

    #[step(waits(Approval))]
    async fn other(&self, ctx: &Context<Self>, _done: Done) -> Option<Ready> {
        let approval = ctx.wait_for::<Approval>().await;
        self.0.note(format!("other gets {}", approval.of));
        Some(Ready)
    }

    #[step]
    async fn finish(&self, _go: Go, _ready: Ready) -> StopEvent<()> {
        StopEvent(())
    }
}

#[event]
struct Ready;

#[tokio::test(start_paused = true)]
async fn a_wish_that_panics_fails_its_step_alone() {
    let flow = Wishes::default();
    let mut run = flow.run(0u32);
    for of in [1, 2] {
        assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
        run.send(approved(of)).unwrap();
    }
    run.await.unwrap();
    assert_eq!(flow.0.take(), ["other gets 1", "try 2 gets 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_wish_may_look_at_the_run() {
    let flow = Wishes::default();
    let mut run = flow.run(1u32);
    for of in [1, 2] {
        assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
        run.send(approved(of)).unwrap();
    }
    run.await.unwrap();
    assert_eq!(flow.0.take(), ["other gets 1", "try 1 gets 2"]);
}

/// Fails after each of its waits until the third try.
#[derive(Default)]
struct Retried(Log);

#[workflow(receives(Approval))]
impl Retried {
    #[step(waits(Approval), retry(wait = "1s"))]
    async fn ask(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> Result<StopEvent<u32>, NotYet> {
        let approval = ctx.wait_for::<Approval>().await;
        self.0.note(format!("try {} gets {}", ctx.attempt().number, approval.of));
        if ctx.attempt().number < 3 { Err(NotYet) } else { Ok(StopEvent(approval.of)) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_try_waits_anew() {
    let flow = Retried::default();
    let run = flow.run(());
    for of in [1, 2, 3] {
        run.send(approved(of)).unwrap();
    }
    assert_eq!(run.await.unwrap(), 3);
    assert_eq!(flow.0.take(), ["try 1 gets 1", "try 2 gets 2", "try 3 gets 3"]);
}

/// A member waits for what another work gives that nothing of the batch leads to.
struct Beside;

#[workflow(receives(Approval))]
impl Beside {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> (Vec<Item>, Ready) {
        (vec![Item(0), Item(1)], Ready)
    }

    #[step(waits(Approval))]
    async fn boss(&self, ctx: &Context<Self>, _ev: Ready) -> (Go, Go) {
        ctx.wait_for::<Approval>().await;
        (Go, Go)
    }

    #[step]
    async fn pair(&self, item: Item, _go: Go) -> Done {
        Done(item.0)
    }

    #[step]
    async fn ship(&self, done: Vec<Done>) -> StopEvent<usize> {
        StopEvent(done.len())
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_stays_open_for_what_a_step_gives_that_waits() {
    let mut run = Beside.run(());
    assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
    run.send(approved(0)).unwrap();
    assert_eq!(run.await.unwrap(), 2);
}

/// Waits for what nobody sends.
struct Late;

#[workflow(receives(Approval))]
impl Late {
    #[step(waits(Approval))]
    async fn ask(
        &self,
        ctx: &Context<Self>,
        limit: StartEvent<Duration>,
    ) -> Result<StopEvent<bool>, WaitTimedOut> {
        let approval = ctx.wait_for::<Approval>().timeout(limit.0).await?;
        Ok(StopEvent(approval.ok))
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_takes_too_long_is_an_error_that_names_the_event() {
    let error = Late.run(Duration::from_secs(3)).await.unwrap_err();
    let late = error.step_error::<WaitTimedOut>().unwrap();
    assert_eq!((late.event, late.timeout), ("Approval", Duration::from_secs(3)));
    assert_eq!(late.to_string(), "no `Approval` came within 3s");
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_no_time_gets_what_is_there_and_one_without_end_is_no_overflow() {
    for limit in [Duration::ZERO, Duration::MAX] {
        let run = Late.run(limit);
        run.send(approved(0)).unwrap();
        assert!(run.await.unwrap());
    }
    assert!(Late.run(Duration::ZERO).await.is_err());
    let mut run = Late.run(Duration::MAX);
    assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
    run.send(approved(0)).unwrap();
    assert!(run.await.unwrap());
}

/// Asks twice, and takes any answer.
struct Any;

#[workflow(receives(Approval))]
impl Any {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> Vec<Item> {
        (0..count.0).map(Item).collect()
    }

    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, item: Item) -> Done {
        Done(item.0 * 10 + ctx.wait_for::<Approval>().await.of)
    }

    #[step]
    async fn finish(&self, done: Vec<Done>) -> StopEvent<Vec<u32>> {
        StopEvent(done.into_iter().map(|done| done.0).collect())
    }
}

#[tokio::test(start_paused = true)]
async fn two_events_that_come_at_once_wake_two_waits() {
    let mut run = Any.run(2u32);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut run).await.is_err());
    for of in [1, 2] {
        run.send(Approval { of, ok: true }).unwrap();
    }
    let result = tokio::time::timeout(Duration::from_secs(1), run).await;
    assert_eq!(result.expect("both are woken").unwrap(), [1, 12]);
}

/// Does something else meanwhile, on a task of its own.
#[derive(Clone)]
struct Apart;

#[workflow]
impl Apart {
    #[step]
    async fn open(&self, _ev: StartEvent<()>) -> (Item, Option<Approval>) {
        (Item(0), None)
    }

    #[step(waits(Approval), spawn)]
    async fn ask(&self, ctx: &Context<Self>, _item: Item) -> StopEvent<String> {
        tokio::select! {
            _ = ctx.wait_for::<Approval>() => StopEvent("approved".to_owned()),
            () = ctx.sleep(Duration::from_secs(3600)) => StopEvent("slept".to_owned()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_on_a_task_of_its_own_that_does_something_else_while_it_waits_does_not_stall() {
    assert_eq!(Apart.run(()).await.unwrap(), "slept");
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
