//! `ctx.collect`: counts that are known only at run time, with a step that is tried again.

use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

use super::check;

#[event]
struct Query(u32);
#[event]
struct Hit(u32);

struct Search;

#[derive(Debug, thiserror::Error)]
#[error("busy")]
struct Busy;

#[workflow]
impl Search {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> (Query, Option<Query>, Option<Query>) {
        (Query(1), (n.0 > 1).then_some(Query(2)), (n.0 > 2).then_some(Query(3)))
    }
    #[step]
    async fn search(&self, query: Query) -> Hit {
        Hit(query.0)
    }
    #[step(retry(attempts = 2, wait = "1s"))]
    async fn gather(&self, ctx: &Context<Self>, hit: Hit) -> Result<Option<StopEvent<(u32, usize)>>, Busy> {
        let number = hit.0;
        let Some(hits) = ctx.collect::<Hit>(hit, 3) else {
            return Ok(None);
        };
        tokio::task::yield_now().await;
        if ctx.attempt().number == 1 && number == 2 {
            return Err(Busy);
        }
        Ok(Some(StopEvent((hits.iter().map(|hit| hit.0).sum(), hits.len()))))
    }
}

#[test]
fn what_is_collected_is_collected_once() {
    check(|| check_all_orders(|| Search, 3u32), |all| *all == (6, 3));
}
