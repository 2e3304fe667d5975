//! Retries, catches, timeouts of steps, beside steps that go on.

use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

use super::check;

#[event]
struct Fetch(u32);
#[event]
struct Page(u32);
#[event]
struct Slow(u32);
#[event]
struct Done(u32);

#[derive(Debug, thiserror::Error)]
#[error("no answer")]
struct NoAnswer;

/// A step that fails once, one that gives up and is caught, and one that takes too long once.
struct Fetching;

#[workflow(timeout = "1h")]
impl Fetching {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> (Vec<Fetch>, Slow) {
        ((0..n.0).map(Fetch).collect(), Slow(n.0))
    }
    #[step(workers = 2, retry(attempts = 2, wait = "1s"))]
    async fn fetch(&self, ctx: &Context<Self>, fetch: Fetch) -> Result<Page, NoAnswer> {
        match (fetch.0, ctx.attempt().number) {
            (0, 1) | (1, _) => Err(NoAnswer),
            (number, _) => Ok(Page(number + 1)),
        }
    }
    #[step]
    #[catch(of(fetch))]
    async fn give_up(&self, failed: StepFailed) -> Page {
        Page(100 * failed.attempts)
    }
    #[step]
    async fn all(&self, pages: Vec<Page>) -> Page2 {
        Page2(pages.iter().map(|page| page.0).sum())
    }
    #[step(timeout = "5s", retry(attempts = 2, wait = "1s"))]
    async fn slow(&self, ctx: &Context<Self>, slow: Slow) -> Done {
        if ctx.attempt().number == 1 {
            ctx.sleep(Duration::from_secs(60)).await;
        }
        Done(slow.0)
    }
    #[step]
    async fn join(&self, pages: Page2, done: Done) -> StopEvent<(u32, u32)> {
        StopEvent((pages.0, done.0))
    }
}

#[event]
struct Page2(u32);

#[test]
fn what_fails_is_tried_again_or_caught_in_every_order() {
    check(|| check_all_orders(|| Fetching, 2u32), |both| *both == (201, 2));
}
