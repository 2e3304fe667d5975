//! A wait that misses an event which comes early, because another step takes those that nobody waits for.

use workflow_core::prelude::*;

use super::{found, holds};

#[event]
struct Order(u32);
#[event]
struct Parcel(u32);
#[event]
struct Paid(u32);
#[event]
struct Logged;

struct Missing;

#[workflow]
impl Missing {
    #[step]
    async fn open(&self, order: StartEvent<u32>) -> (Order, Parcel) {
        (Order(order.0), Parcel(order.0))
    }
    #[step]
    async fn pay(&self, order: Order) -> Paid {
        Paid(order.0)
    }
    #[step(waits(Paid))]
    async fn ship(&self, ctx: &Context<Self>, parcel: Parcel) -> StopEvent<u32> {
        let paid = ctx.wait_for::<Paid>().await;
        StopEvent(parcel.0 + paid.0)
    }
    /// It was meant to write down each payment, and takes those for which nobody waits yet.
    #[step(allow(dead_end))]
    async fn note(&self, _paid: Paid) {}
}

struct Keeping;

#[workflow]
impl Keeping {
    #[step]
    async fn open(&self, order: StartEvent<u32>) -> (Order, Parcel) {
        (Order(order.0), Parcel(order.0))
    }
    #[step]
    async fn pay(&self, order: Order) -> (Paid, Logged) {
        (Paid(order.0), Logged)
    }
    #[step(waits(Paid))]
    async fn ship(&self, ctx: &Context<Self>, parcel: Parcel) -> StopEvent<u32> {
        let paid = ctx.wait_for::<Paid>().await;
        StopEvent(parcel.0 + paid.0)
    }
    #[step(allow(dead_end))]
    async fn note(&self, _logged: Logged) {}
}

#[test]
fn a_wait_that_misses_an_early_event_is_found() {
    let broken = found(|| Missing, 1, |check| check);
    assert_eq!(broken.schedules(), 1);
    assert!(broken.to_string().contains("`ship` waits for `Paid`"), "{broken}");
    holds(|| Keeping, 1, |check| check.expect(|shipped| matches!(shipped, Ok(2))));
}
