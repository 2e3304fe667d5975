//! Stalled and idle: what becomes of a run whose steps wait, when nothing else is left.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::{StepPanicked, StepTimedOut};

const HOUR: Duration = Duration::from_secs(3600);

#[event]
struct Item;
#[event]
struct Approval;
#[event]
struct Left;
#[event]
struct Right;

/// Two waits and a join, none of which gets what it lacks unless the caller says so.
struct Stuck;

#[workflow]
impl Stuck {
    #[step]
    async fn open(&self, gives: StartEvent<bool>) -> (Item, Left, Option<Approval>, Option<Right>) {
        (Item, Left, gives.0.then_some(Approval), None)
    }

    #[step(waits(Approval, Right))]
    async fn ask(&self, ctx: &Context<Self>, _item: Item) -> StopEvent<String> {
        tokio::select! {
            biased;
            Approval = ctx.wait_for::<Approval>() => StopEvent("approved".to_owned()),
            Right = ctx.wait_for::<Right>() => StopEvent("right".to_owned()),
        }
    }

    #[step]
    async fn pair(&self, _left: Left, _right: Right) -> StopEvent<String> {
        StopEvent("paired".to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_what_can_never_come_stalls_and_says_so() {
    assert_eq!(Stuck.run(true).await.unwrap(), "approved");
    let error = Stuck.run(false).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the run can never finish: `pair` holds `Left`, lacks `Right`; \
         `Right` comes only from `open`, which ran; \
         `ask` waits for `Approval`; `Approval` comes only from `open`, which ran; \
         `ask` waits for `Right`; `Right` comes only from `open`, which ran"
    );
}

/// The same with somebody outside who can help.
struct Idle;

#[workflow(receives(Approval))]
impl Idle {
    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> StopEvent<()> {
        ctx.wait_for::<Approval>().await;
        StopEvent(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_what_the_caller_may_send_is_idle() {
    let mut run = Idle.run(());
    assert!(!run.is_idle());
    assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
    assert!(run.is_idle());
    run.send(Approval).unwrap();
    run.await.unwrap();
}

/// Waits for what never comes, and for something that does, in one of several ways.
#[derive(Clone)]
struct Meanwhile;

#[event]
struct Apart;

#[derive(OneOf)]
enum Way {
    Item(Item),
    Apart(Apart),
}

#[workflow]
impl Meanwhile {
    #[step]
    async fn open(&self, ctx: &Context<Self>, way: StartEvent<String>) -> (Way, Option<Approval>) {
        ctx.set("way", &way.0).expect("a text can be written");
        (if way.0 == "spawned" { Apart.into() } else { Item.into() }, None)
    }

    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, _item: Item) -> StopEvent<String> {
        let way: String = ctx.get("way").unwrap().unwrap();
        let mut wait = pin!(ctx.wait_for::<Approval>());
        match &*way {
            "sleep" => tokio::select! {
                Approval = wait => unreachable!(),
                () = ctx.sleep(HOUR) => (),
            },
            "two waits and a sleep" => tokio::select! {
                Approval = wait => unreachable!(),
                Approval = ctx.wait_for::<Approval>() => unreachable!(),
                () = ctx.sleep(HOUR) => (),
            },
            "channel" => {
                let (sender, receiver) = tokio::sync::oneshot::channel();
                tokio::spawn(async {
                    tokio::time::sleep(HOUR).await;
                    sender.send(()).unwrap();
                });
                tokio::select! {
                    Approval = wait => unreachable!(),
                    received = receiver => received.unwrap(),
                }
            }
            "task" => {
                let mut tasks = tokio::task::JoinSet::new();
                tasks.spawn(tokio::time::sleep(HOUR));
                tokio::select! {
                    Approval = wait => unreachable!(),
                    joined = tasks.join_next() => joined.unwrap().unwrap(),
                }
            }
            "set" => {
                own_waker(async {
                    tokio::select! {
                        Approval = wait => unreachable!(),
                        () = ctx.sleep(HOUR) => (),
                    }
                })
                .await;
            }
            "unpolled" => {
                assert!(tokio::time::timeout(HOUR, &mut wait).await.is_err());
                ctx.sleep(HOUR).await;
            }
            "turns" => tokio::select! {
                Approval = wait => unreachable!(),
                () = turns(10) => (),
            },
            "yields" => tokio::select! {
                Approval = wait => unreachable!(),
                () = async { for _ in 0..10 { tokio::task::yield_now().await } } => (),
            },
            _ => unreachable!(),
        }
        StopEvent(way)
    }

    #[step(waits(Approval), spawn)]
    async fn ask_apart(&self, ctx: &Context<Self>, _ev: Apart) -> StopEvent<String> {
        tokio::select! {
            Approval = ctx.wait_for::<Approval>() => unreachable!(),
            () = ctx.sleep(HOUR) => StopEvent("spawned".to_owned()),
        }
    }
}

/// Polls with a waker of its own, as sets of futures do.
fn own_waker(future: impl Future<Output = ()>) -> impl Future<Output = ()> {
    struct Own(Waker);

    impl Wake for Own {
        fn wake(self: Arc<Self>) {
            self.0.wake_by_ref();
        }
    }

    let mut future = Box::pin(future);
    std::future::poll_fn(move |cx| {
        let waker = Waker::from(Arc::new(Own(cx.waker().clone())));
        future.as_mut().poll(&mut TaskContext::from_waker(&waker))
    })
}

/// Is polled so many times before it is ready; asks for each turn itself and keeps no waker.
fn turns(count: u32) -> impl Future<Output = ()> {
    let mut left = count;
    std::future::poll_fn(move |cx| {
        left -= 1;
        if left == 0 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

#[tokio::test(start_paused = true)]
async fn a_step_that_awaits_something_else_while_it_waits_does_not_stall() {
    let ways = [
        "sleep",
        "two waits and a sleep",
        "channel",
        "task",
        "set",
        "unpolled",
        "turns",
        "yields",
        "spawned",
    ];
    for way in ways {
        assert_eq!(Meanwhile.run(way).await.expect(way), way);
    }
}

/// Waits for what never comes, for a second at most by the step's own option.
struct Impatient;

#[workflow]
impl Impatient {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> (Item, Option<Approval>) {
        (Item, None)
    }

    #[step(waits(Approval), timeout = "1s")]
    async fn ask(&self, ctx: &Context<Self>, _item: Item) -> StopEvent<String> {
        ctx.wait_for::<Approval>().await;
        StopEvent("approved".to_owned())
    }

    #[step]
    #[catch]
    async fn mend(&self, failed: StepFailed) -> StopEvent<String> {
        assert!(failed.error.downcast_ref::<StepTimedOut>().is_some());
        StopEvent(failed.error.to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_waits_longer_than_it_may_run_fails_and_does_not_stall() {
    assert_eq!(Impatient.run(()).await.unwrap(), "it took longer than 1s");
}

/// One step declares what another waits for.
struct Undeclared;

#[workflow(receives(Approval))]
impl Undeclared {
    #[step(waits(Approval))]
    async fn declares(&self, ctx: &Context<Self>, early: StartEvent<bool>) -> Early {
        if early.0 {
            ctx.wait_for::<Approval>().await;
            return StopEvent(()).into();
        }
        Item.into()
    }

    #[step]
    async fn does_not(&self, ctx: &Context<Self>, _item: Item) -> StopEvent<()> {
        ctx.wait_for::<Approval>().await;
        StopEvent(())
    }
}

#[derive(OneOf)]
enum Early {
    Item(Item),
    Stop(StopEvent<()>),
}

#[tokio::test(start_paused = true)]
async fn a_step_that_waits_for_what_it_did_not_declare_fails_with_the_line_to_add() {
    let error = Undeclared.run(false).await.unwrap_err();
    assert_eq!(
        error.step_error::<StepPanicked>().unwrap().message,
        "step `does_not` does not declare that it waits for `Approval`: write `#[step(waits(Approval))]`"
    );
}
