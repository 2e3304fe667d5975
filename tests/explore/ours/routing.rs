//! One event for several steps, several events at once, perhaps none, one of an enum, a loop.

use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

use super::check;

#[event]
struct Draft(u32);
#[event]
struct Checked(u32);
#[event]
struct Spelled(u32);
#[event]
struct Side(u32);
#[event]
struct Shown(u32);

#[derive(OneOf)]
enum Verdict {
    Again(Draft),
    Good(Checked),
}

/// A draft goes to two steps; one of them sends it back until it is long enough.
struct Review;

#[workflow(publishes(Shown), state = Vec<u32>)]
impl Review {
    #[step]
    async fn write(&self, start: StartEvent<u32>) -> Draft {
        Draft(start.0)
    }
    #[step]
    async fn check(&self, ctx: &Context<Self>, draft: Draft) -> (Verdict, Shown, Option<Side>) {
        ctx.publish(Shown(draft.0));
        let side = (draft.0 == 1).then_some(Side(5));
        let verdict = if draft.0 < 2 { Draft(draft.0 + 1).into() } else { Checked(draft.0).into() };
        (verdict, Shown(draft.0), side)
    }
    #[step(allow(dead_end))]
    async fn spell(&self, draft: Draft) -> Option<Spelled> {
        (draft.0 == 2).then_some(Spelled(draft.0))
    }
    #[step(allow(dead_end))]
    async fn side(&self, ctx: &Context<Self>, side: Side) {
        ctx.state(|seen| {
            if !seen.contains(&side.0) {
                seen.push(side.0);
            }
        });
    }
    #[step]
    async fn finish(&self, checked: Checked, spelled: Spelled) -> StopEvent<u32> {
        StopEvent(checked.0 * 10 + spelled.0)
    }
}

#[test]
fn a_loop_with_two_takers_ends_the_same_in_every_order() {
    check(|| check_all_orders(|| Review, 0u32).always(|seen| seen.len() < 2), |sum| *sum == 22);
}

/// What a step sends goes before what it returns.
struct Sends;

#[event]
struct One(u32);
#[event]
struct Other(u32);

#[workflow]
impl Sends {
    #[step(sends(One))]
    async fn open(&self, ctx: &Context<Self>, n: StartEvent<u32>) -> Other {
        ctx.send(One(n.0)).unwrap();
        tokio::task::yield_now().await;
        ctx.send(One(n.0 + 1)).unwrap();
        Other(n.0)
    }
    #[step(workers = 1)]
    async fn one(&self, one: One) -> Checked {
        Checked(one.0)
    }
    #[step]
    async fn other(&self, other: Other) -> Spelled {
        Spelled(other.0)
    }
    #[step]
    async fn join(&self, first: Checked, second: Checked, spelled: Spelled) -> StopEvent<(u32, u32, u32)> {
        StopEvent((first.0, second.0, spelled.0))
    }
}

#[test]
fn what_is_sent_arrives_once_and_in_order() {
    check(|| check_all_orders(|| Sends, 1u32), |all| *all == (1, 2, 1));
}
