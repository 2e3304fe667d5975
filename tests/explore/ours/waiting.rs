//! Waits in the middle of a step: from outside, from other steps, with a wish, with a time, several at once.

use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

use super::check;

#[event]
struct Ask(u32);
#[event]
struct Approval {
    id: u32,
    ok: bool,
}
#[event]
struct Shipped(u32);

/// Two orders wait for their approvals from outside, which come in any order, at any time.
struct Orders;

#[workflow(receives(Approval))]
impl Orders {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> Vec<Ask> {
        (0..n.0).map(Ask).collect()
    }
    #[step(workers = 1, waits(Approval))]
    async fn ship(&self, ctx: &Context<Self>, ask: Ask) -> Shipped {
        let approval = ctx.wait_for::<Approval>().matching(move |approval| approval.id == ask.0).await;
        Shipped(if approval.ok { ask.0 + 1 } else { 0 })
    }
    #[step]
    async fn all(&self, shipped: Vec<Shipped>) -> StopEvent<u32> {
        StopEvent(shipped.iter().map(|shipped| shipped.0).sum())
    }
}

#[test]
fn each_wait_gets_its_event() {
    let begin = || {
        check_all_orders(|| Orders, 2u32)
            .receives(Approval { id: 1, ok: true })
            .receives(Approval { id: 0, ok: true })
    };
    check(begin, |sum| *sum == 3);
}

/// One waits for what another gives, at most so long, and then for what comes from outside.
struct Relay;

#[event]
struct Begin(u32);
#[event]
struct Baton(u32);
#[event]
struct Whistle;

#[workflow(receives(Whistle))]
impl Relay {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> (Begin, Ask) {
        (Begin(n.0), Ask(n.0))
    }
    #[step(sends(Baton))]
    async fn first(&self, ctx: &Context<Self>, begin: Begin) {
        ctx.sleep(Duration::from_secs(3)).await;
        ctx.send(Baton(begin.0)).unwrap();
    }
    #[step(waits(Baton, Whistle))]
    async fn second(&self, ctx: &Context<Self>, ask: Ask) -> StopEvent<u32> {
        let baton = ctx.wait_for::<Baton>().timeout(Duration::from_secs(5)).await;
        let _whistle = ctx.wait_for::<Whistle>().await;
        StopEvent(ask.0 + baton.map_or(100, |baton| baton.0))
    }
}

#[test]
fn a_wait_ends_once_by_its_event_or_by_its_time() {
    // The step may take its time, so that the baton comes too late.
    check(|| check_all_orders(|| Relay, 1u32).receives(Whistle), |sum| [2, 101].contains(sum));
}

/// A step that waits for two things at once, and lets one of them go.
struct Either;

#[workflow(receives(Approval))]
impl Either {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> (Begin, Ask) {
        (Begin(n.0), Ask(n.0))
    }
    #[step]
    async fn hand(&self, begin: Begin) -> Baton {
        Baton(begin.0)
    }
    #[step(waits(Approval, Baton))]
    async fn take(&self, ctx: &Context<Self>, ask: Ask) -> StopEvent<u32> {
        let mut sum = ask.0;
        let first = tokio::select! {
            // Else the branches are looked at in random order, and a step that starts again waits in another one.
            biased;
            approval = ctx.wait_for::<Approval>() => { sum += approval.id; true }
            baton = ctx.wait_for::<Baton>() => { sum += baton.0; false }
        };
        // What was let go is not lost.
        sum += match first {
            true => ctx.wait_for::<Baton>().await.0,
            false => ctx.wait_for::<Approval>().await.id,
        };
        StopEvent(sum)
    }
}

#[test]
fn a_wait_that_is_let_go_loses_nothing() {
    let begin = || check_all_orders(|| Either, 1u32).receives(Approval { id: 10, ok: true });
    check(begin, |sum| *sum == 12);
}
