//! Joins of two and of several of a kind, behind each other.

use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

use super::check;

#[event]
struct A(u32);
#[event]
struct B(u32);
#[event]
struct C(u32);
#[event]
struct Pair(u32);

/// Two pairs, of which each takes one of either kind, and a join of both.
struct Pairs;

#[workflow]
impl Pairs {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> ((A, B), (A, B), C) {
        ((A(n.0), B(n.0)), (A(n.0 + 1), B(n.0 + 1)), C(100))
    }
    #[step]
    async fn pair(&self, a: A, b: B) -> Pair {
        tokio::task::yield_now().await;
        Pair(a.0 + b.0)
    }
    #[step]
    async fn all(&self, first: Pair, c: C, second: Pair) -> StopEvent<u32> {
        StopEvent(first.0 + second.0 + c.0)
    }
}

#[test]
fn joins_pair_what_comes() {
    check(|| check_all_orders(|| Pairs, 1u32), |sum| *sum == 106);
}
