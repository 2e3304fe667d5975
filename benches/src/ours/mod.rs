//! Ours: the works as workflows, by the public interface.

mod chain;
mod cores;
mod fan;
mod runs;
mod snapshot;
mod stream;

use futures::future::BoxFuture;

use crate::{Entry, Group, Work};

/// All that is done by `workflow-core`.
#[must_use]
pub fn entries_of_ours() -> Vec<Entry> {
    [
        chain::entries(),
        fan::entries(),
        runs::entries(),
        cores::entries(),
        stream::entries(),
        snapshot::entries(),
    ]
    .concat()
}

const fn ours(work: Work, run: fn(u64) -> BoxFuture<'static, u64>) -> Entry {
    named(work, "ours", run)
}

const fn named(work: Work, name: &'static str, run: fn(u64) -> BoxFuture<'static, u64>) -> Entry {
    Entry { work, name, group: Group::Ours, run }
}
