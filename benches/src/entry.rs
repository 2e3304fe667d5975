//! Entry: one implementation of one work.

use futures::future::BoxFuture;

use crate::Work;

/// Whose implementation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Written by hand, without a library for workflows.
    Limit,
    /// By `workflow-core`.
    Ours,
    /// By another library.
    Peer,
}

/// One implementation of one work.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What is done; how, stands there.
    pub work: Work,
    /// The row's name, the same for all works of an implementation; a peer's says its version: `orka 0.3`.
    pub name: &'static str,
    /// Whose it is.
    pub group: Group,
    /// Does the work in size `n` and gives its checksum, [`Work::checksum`] of `n`. Polled as one task of a
    /// current-thread runtime of tokio, several times in one process (once for [`Work::Suspended`]).
    pub run: fn(n: u64) -> BoxFuture<'static, u64>,
}
