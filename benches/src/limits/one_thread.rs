//! Members that compute, one after the other on one thread: what more threads are compared with.

use std::hint::black_box;

use futures::FutureExt;

use super::limit;
use crate::{Entry, Work};

pub(super) fn entries() -> Vec<Entry> {
    vec![limit(Work::Cores, "in place, one thread", |n| async move { (0..n).map(compute).sum() }.boxed())]
}

/// About a millisecond of work that the compiler cannot leave out; gives 1.
pub(crate) fn compute(seed: u64) -> u64 {
    let mut state = black_box(seed);
    for _ in 0..1_000_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    }
    black_box(state);
    1
}
