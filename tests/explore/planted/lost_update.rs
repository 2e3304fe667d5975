//! An increment by `get` and `set`, with a wait in between.

use workflow_core::ValueError;
use workflow_core::prelude::*;

use super::{found, holds};

#[event]
struct Page(u32);
#[event]
struct Counted;

async fn look_up(_page: &Page) {
    tokio::task::yield_now().await;
}

struct ByKey;

#[workflow]
impl ByKey {
    #[step]
    async fn open(&self, pages: StartEvent<u32>) -> Vec<Page> {
        (0..pages.0).map(Page).collect()
    }
    #[step]
    async fn count(&self, ctx: &Context<Self>, page: Page) -> Result<Counted, ValueError> {
        let count: u32 = ctx.get("count")?.unwrap_or(0);
        look_up(&page).await;
        ctx.set("count", &(count + 1))?;
        Ok(Counted)
    }
    #[step]
    async fn tell(&self, ctx: &Context<Self>, _all: Vec<Counted>) -> Result<StopEvent<u32>, ValueError> {
        Ok(StopEvent(ctx.get("count")?.unwrap_or(0)))
    }
}

struct ByState;

#[workflow(state = u32)]
impl ByState {
    #[step]
    async fn open(&self, pages: StartEvent<u32>) -> Vec<Page> {
        (0..pages.0).map(Page).collect()
    }
    #[step]
    async fn count(&self, ctx: &Context<Self>, page: Page) -> Counted {
        look_up(&page).await;
        ctx.state(|count| *count += 1);
        Counted
    }
    #[step]
    async fn tell(&self, ctx: &Context<Self>, _all: Vec<Counted>) -> StopEvent<u32> {
        StopEvent(ctx.state(|count| *count))
    }
}

#[test]
fn an_update_that_is_lost_is_found() {
    let broken = found(|| ByKey, 2, |check| check.expect(|count| matches!(count, Ok(2))));
    assert_eq!(broken.schedules(), 2);
    assert_eq!(broken.schedule(), "open count count#2");
    holds(|| ByState, 2, |check| check.expect(|count| matches!(count, Ok(2))));
}
