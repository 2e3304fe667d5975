//! Several waits in one step, and waits that are dropped.

use std::time::Duration;

use workflow_core::prelude::*;

use crate::Log;

const HOUR: Duration = Duration::from_secs(3600);

#[event]
struct Approval {
    of: u32,
}
#[event]
struct Item(u32);
#[event]
struct Done(u32);

fn approved(of: u32) -> Approval {
    Approval { of }
}

/// Waits for two things, in one of several ways.
#[derive(Default)]
struct Ways(Log);

#[event]
struct Go;

#[workflow(receives(Approval, Go))]
impl Ways {
    #[step(waits(Approval, Go))]
    async fn ask(&self, ctx: &Context<Self>, way: StartEvent<String>) -> StopEvent<String> {
        let of = |of| ctx.wait_for::<Approval>().matching(move |approval| approval.of == of);
        StopEvent(match &*way.0 {
            "both" => {
                let (two, one) = tokio::join!(of(2), of(1));
                format!("{} {}", two.of, one.of)
            }
            "either" => {
                let first = tokio::select! {
                    biased;
                    Go = ctx.wait_for::<Go>() => "go".to_owned(),
                    approval = of(2) => format!("approval {}", approval.of),
                };
                let approval = of(1).await;
                let second = of(2).timeout(HOUR).await;
                format!("{first} {} {}", approval.of, second.is_ok())
            }
            "dropped" => {
                tokio::select! {
                    biased;
                    approval = ctx.wait_for::<Approval>() => return StopEvent(approval.of.to_string()),
                    () = ctx.sleep(Duration::from_secs(1)) => (),
                }
                self.0.note("has dropped its wait");
                let approval = ctx.wait_for::<Approval>().await;
                format!("the other gets {}", approval.of)
            }
            "not polled" => {
                let mut kept = std::pin::pin!(ctx.wait_for::<Go>());
                tokio::select! {
                    biased;
                    Go = &mut kept => (),
                    approval = of(1) => self.0.note(format!("{}", approval.of)),
                }
                ctx.sleep(HOUR).await;
                kept.await;
                "go".to_owned()
            }
            "never polled" => {
                drop(ctx.wait_for::<Approval>());
                let approval = ctx.wait_for::<Approval>().await;
                approval.of.to_string()
            }
            _ => unreachable!(),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_can_have_several_waits_at_once() {
    let run = Ways::default();
    let run = run.run("both");
    for of in [3, 1, 2] {
        run.send(approved(of)).unwrap();
    }
    assert_eq!(run.await.unwrap(), "2 1");
    let flow = Ways::default();
    let mut run = flow.run("not polled");
    assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
    run.send(approved(1)).unwrap();
    assert!(tokio::time::timeout(HOUR / 2, &mut run).await.is_err());
    run.send(Go).unwrap();
    assert_eq!(run.await.unwrap(), "go");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_takes_nothing() {
    let flow = Ways::default();
    let mut run = flow.run("either");
    assert!(tokio::time::timeout(HOUR, &mut run).await.is_err());
    run.send(Go).unwrap();
    run.send(approved(2)).unwrap();
    run.send(approved(1)).unwrap();
    assert_eq!(run.await.unwrap(), "go 1 true");
    let flow = Ways::default();
    let run = flow.run("never polled");
    run.send(approved(1)).unwrap();
    assert_eq!(run.await.unwrap(), "1");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_after_its_time_takes_nothing() {
    let flow = Ways::default();
    let mut run = flow.run("dropped");
    assert!(tokio::time::timeout(Duration::from_secs(2), &mut run).await.is_err());
    assert_eq!(flow.0.take(), ["has dropped its wait"]);
    run.send(approved(4)).unwrap();
    assert_eq!(run.await.unwrap(), "the other gets 4");
}

/// Two wait without workers to go on, one of which gives up at the moment at which its event comes.
#[derive(Default)]
struct Race(Log);

#[workflow(receives(Approval))]
impl Race {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> Vec<Item> {
        vec![Item(0), Item(1), Item(2)]
    }

    #[step(waits(Approval), workers = 1)]
    async fn ask(&self, ctx: &Context<Self>, item: Item) -> Done {
        match item.0 {
            0 => tokio::select! {
                biased;
                () = ctx.sleep(Duration::from_secs(2)) => self.0.note("0 gives up"),
                _ = ctx.wait_for::<Approval>() => self.0.note("0 is approved"),
            },
            1 => {
                ctx.wait_for::<Approval>().await;
                self.0.note("1 is approved");
            }
            _ => {
                ctx.sleep(Duration::from_secs(3)).await;
                self.0.note("2 gives its worker up");
            }
        }
        Done(item.0)
    }

    #[step]
    async fn ship(&self, done: Vec<Done>) -> StopEvent<usize> {
        StopEvent(done.len())
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_when_its_event_has_come_leaves_it_to_the_next() {
    for at in [1, 2] {
        let flow = Race::default();
        let mut run = flow.run(());
        assert!(tokio::time::timeout(Duration::from_millis(at * 1000 - 1), &mut run).await.is_err());
        if at == 2 {
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        run.send(approved(0)).unwrap();
        assert_eq!(run.await.unwrap(), 3);
        assert_eq!(flow.0.take(), ["0 gives up", "2 gives its worker up", "1 is approved"]);
    }
}

/// Two executions share one worker; the first begins a second wait while the worker is taken by the other.
#[derive(Default)]
struct OneDesk(Log);

#[workflow(receives(Approval, Go))]
impl OneDesk {
    #[step]
    async fn open(&self, _ev: StartEvent<()>) -> Vec<Item> {
        vec![Item(0), Item(1)]
    }

    #[step(waits(Approval, Go), workers = 1)]
    async fn ask(&self, ctx: &Context<Self>, item: Item) -> Done {
        if item.0 == 0 {
            let later = async {
                ctx.sleep(Duration::from_secs(2)).await;
                ctx.wait_for::<Go>().await
            };
            let of = |approval: &Approval| approval.of == 0;
            let (approval, Go) = tokio::join!(ctx.wait_for::<Approval>().matching(of), later);
            self.0.note(format!("approved {}", approval.of));
        } else {
            ctx.sleep(Duration::from_secs(3)).await;
            self.0.note("the other is done");
        }
        Done(item.0)
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<Vec<u32>> {
        StopEvent(done.into_iter().map(|done| done.0).collect())
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_wait_may_begin_while_the_first_one_waits_for_a_worker_to_go_on() {
    let flow = OneDesk::default();
    let mut run = flow.run(()).timeout(HOUR);
    let handle = run.handle();
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut run).await.is_err());
    handle.send(approved(0)).unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(5), &mut run).await.is_err());
    handle.send(Go).unwrap();
    assert_eq!(run.await.unwrap(), [1, 0]);
    assert_eq!(flow.0.take(), ["the other is done", "approved 0"]);
}

/// Takes what comes first of two, then the other, and then waits for its end.
struct OneThenTheOther {
    /// Whether the step waits in another order when it starts again.
    turns: std::sync::atomic::AtomicBool,
}

#[workflow(receives(Approval, Item, Go))]
impl OneThenTheOther {
    #[step(waits(Approval, Item, Go))]
    async fn ask(&self, ctx: &Context<Self>, _ev: StartEvent<()>) -> StopEvent<(u32, u32)> {
        let is_turned = self.turns.load(std::sync::atomic::Ordering::Relaxed);
        if is_turned {
            let _ = ctx.wait_for::<Item>().await;
        }
        let approval = tokio::select! {
            biased;
            approval = ctx.wait_for::<Approval>() => approval,
            _ = ctx.wait_for::<Item>() => unreachable!("the other one is looked at first"),
        };
        let item = ctx.wait_for::<Item>().await;
        let Go = ctx.wait_for::<Go>().await;
        StopEvent((approval.of, item.0))
    }
}

/// The run as it is when its step has had both, and waits for its end.
async fn has_had_both() -> workflow_core::Snapshot {
    let flow = OneThenTheOther { turns: false.into() };
    let mut run = flow.run(()).resumable();
    run.send(Item(7)).unwrap();
    run.send(approved(1)).unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut run).await.is_err());
    run.snapshot().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_step_that_starts_again_begins_the_same_waits_beside_one_that_is_on_record() {
    let flow = OneThenTheOther { turns: false.into() };
    let run = flow.resume(has_had_both().await).unwrap();
    run.send(Go).unwrap();
    assert_eq!(run.timeout(HOUR).await.unwrap(), (1, 7));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_starts_again_and_waits_in_another_order_fails_and_says_so() {
    let flow = OneThenTheOther { turns: true.into() };
    let run = flow.resume(has_had_both().await).unwrap();
    run.send(Go).unwrap();
    let error = run.timeout(HOUR).await.unwrap_err();
    let panicked = error.step_error::<workflow_core::StepPanicked>().unwrap().to_string();
    assert!(panicked.contains("waits for `Item`, where it had waited for `Approval` before"), "{panicked}");
}
