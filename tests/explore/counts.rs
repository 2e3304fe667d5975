//! Counts: how many schedules tiny flows have, as counted by hand.

use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

#[event]
struct A(u32);
#[event]
struct B(u32);
#[event]
struct Left(u32);
#[event]
struct Right(u32);

/// Two steps beside each other, and a join.
struct Two;

#[workflow]
impl Two {
    #[step]
    async fn split(&self, n: StartEvent<u32>) -> (A, B) {
        (A(n.0), B(n.0))
    }
    #[step]
    async fn left(&self, a: A) -> Left {
        Left(a.0 + 1)
    }
    #[step]
    async fn right(&self, b: B) -> Right {
        Right(b.0 * 2)
    }
    #[step]
    async fn join(&self, left: Left, right: Right) -> StopEvent<u32> {
        StopEvent(left.0 + right.0)
    }
}

#[test]
fn two_steps_have_two_orders() {
    let explored = check_all_orders(|| Two, 1u32).deterministic().run();
    assert_eq!((explored.schedules, explored.longest, explored.is_complete), (2, 4, true));
    assert_eq!(check_all_orders(|| Two, 1u32).without_reduction().run().schedules, 2);
}

/// A batch of as many members as the input says, with one worker or four.
struct Batch;

#[event]
struct Item(u32);
#[event]
struct Done(u32);

#[workflow]
impl Batch {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> Vec<Item> {
        (0..n.0).map(Item).collect()
    }
    #[step]
    async fn work(&self, item: Item) -> Done {
        Done(item.0)
    }
    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<Vec<u32>> {
        StopEvent(done.into_iter().map(|done| done.0).collect())
    }
}

#[test]
fn three_members_of_a_batch_have_six_orders() {
    let explored = check_all_orders(|| Batch, 3u32).run();
    assert_eq!((explored.schedules, explored.outcomes), (6, 6));
    assert_eq!(check_all_orders(|| Batch, 3u32).without_reduction().run().schedules, 6);
}

struct OneWorker;

#[workflow]
impl OneWorker {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> Vec<Item> {
        (0..n.0).map(Item).collect()
    }
    #[step(workers = 1)]
    async fn work(&self, item: Item) -> Done {
        Done(item.0)
    }
    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<Vec<u32>> {
        StopEvent(done.into_iter().map(|done| done.0).collect())
    }
}

#[test]
fn one_worker_leaves_one_order() {
    assert_eq!(check_all_orders(|| OneWorker, 3u32).run().schedules, 1);
}

/// Two branches of two steps that meet only at the end.
struct Branches;

#[event]
struct A2(u32);
#[event]
struct B2(u32);

#[workflow]
impl Branches {
    #[step]
    async fn split(&self, n: StartEvent<u32>) -> (A, B) {
        (A(n.0), B(n.0))
    }
    #[step]
    async fn a(&self, a: A) -> A2 {
        A2(a.0)
    }
    #[step]
    async fn b(&self, b: B) -> B2 {
        B2(b.0)
    }
    #[step]
    async fn a2(&self, a: A2) -> Left {
        Left(a.0)
    }
    #[step]
    async fn b2(&self, b: B2) -> Right {
        Right(b.0)
    }
    #[step]
    async fn join(&self, left: Left, right: Right) -> StopEvent<u32> {
        StopEvent(left.0 + right.0)
    }
}

#[test]
fn what_commutes_is_left_out() {
    // Six ways to interleave two and two; only who comes to the join first is seen.
    assert_eq!(check_all_orders(|| Branches, 1u32).without_reduction().run().schedules, 6);
    assert_eq!(check_all_orders(|| Branches, 1u32).run().schedules, 2);
}
