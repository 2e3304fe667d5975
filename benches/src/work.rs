//! Work: what is measured, in which size, and by which unit.

use crate::Group;

/// A work that is done by several implementations, each in its own most idiomatic form.
///
/// Every step is async. "The next number" is [`Payload::next`](crate::Payload::next), a `black_box(x + 1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Two steps by turns, each giving the other the next number in an event, from 0; the one that comes
    /// to `n` stops. Checksum: the last number, `n`.
    Chain,
    /// The same with a [`Msg`](crate::Msg) as the event.
    ChainText,
    /// One step gives `n` events, numbered from 0; a worker step gives the next number of each; a join gets
    /// these, one by one or all together, and stops with their sum. One run. Checksum: `n (n + 1) / 2`.
    Fan1k,
    /// The same, wider.
    Fan10k,
    /// The same, wider still.
    Fan100k,
    /// `n` runs of three steps in a row, one run after the other, on one flow; the k-th, from 0, is given `k`,
    /// and each step gives the next number. Checksum: the sum of the runs' `k + 3`.
    Runs,
    /// The same runs, each on a task of its own ([`tasks`](crate::tasks)), all begun before the first ends;
    /// the second step calls [`park`](crate::park) first. The same checksum.
    Suspended,
    /// One step gives `n` events to a step that computes for a while; a join counts them. Checksum: `n`.
    /// Measured in wall time, with two threads.
    Cores,
    /// A run publishes `n` numbers, from 0, to one reader. Checksum: the sum of the numbers that were read.
    Stream1,
    /// The same, to ten readers.
    Stream10,
    /// A run that has made 1,000 transitions is written down, read again, resumed
    /// and ended, `n` times. Checksum: `n`.
    Snapshot1k,
    /// The same after 100,000 transitions.
    Snapshot100k,
}

impl Work {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 12] = [
        Self::Chain,
        Self::ChainText,
        Self::Fan1k,
        Self::Fan10k,
        Self::Fan100k,
        Self::Runs,
        Self::Suspended,
        Self::Cores,
        Self::Stream1,
        Self::Stream10,
        Self::Snapshot1k,
        Self::Snapshot100k,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::ChainText => "chain-text",
            Self::Fan1k => "fan-1k",
            Self::Fan10k => "fan-10k",
            Self::Fan100k => "fan-100k",
            Self::Runs => "runs",
            Self::Suspended => "suspended",
            Self::Cores => "cores",
            Self::Stream1 => "stream-1",
            Self::Stream10 => "stream-10",
            Self::Snapshot1k => "snapshot-1k",
            Self::Snapshot100k => "snapshot-100k",
        }
    }

    /// The `n` that an entry is given.
    #[must_use]
    pub const fn size(self, group: Group) -> u64 {
        match self {
            Self::Fan1k => 1_000,
            Self::Fan10k => 10_000,
            // A run of some peers is a hundred times as large as ours, and the machine may be small.
            Self::Suspended if matches!(group, Group::Peer) => 10_000,
            Self::Cores => 64,
            Self::Snapshot1k | Self::Snapshot100k => 100,
            Self::Chain
            | Self::ChainText
            | Self::Fan100k
            | Self::Runs
            | Self::Suspended
            | Self::Stream1
            | Self::Stream10 => 100_000,
        }
    }

    /// What a right implementation gives for `n`.
    #[must_use]
    pub const fn checksum(self, n: u64) -> u64 {
        match self {
            Self::Chain | Self::ChainText | Self::Cores | Self::Snapshot1k | Self::Snapshot100k => n,
            Self::Fan1k | Self::Fan10k | Self::Fan100k => n * (n + 1) / 2,
            Self::Runs | Self::Suspended => n * (n + 5) / 2,
            Self::Stream1 => n * (n - 1) / 2,
            Self::Stream10 => 10 * (n * (n - 1) / 2),
        }
    }

    /// What one unit of the size is.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Chain | Self::ChainText => "transition",
            Self::Fan1k | Self::Fan10k | Self::Fan100k | Self::Cores => "member",
            Self::Runs | Self::Suspended => "run",
            Self::Stream1 | Self::Stream10 => "event",
            Self::Snapshot1k | Self::Snapshot100k => "snapshot and resume",
        }
    }

    /// The row that the others are compared with.
    #[must_use]
    pub const fn reference(self) -> &'static str {
        match self {
            Self::Chain | Self::ChainText | Self::Runs | Self::Suspended => "match loop",
            Self::Fan1k | Self::Fan10k | Self::Fan100k => "futures-buffered",
            Self::Cores => "in place, one thread",
            Self::Stream1 | Self::Stream10 => "tokio broadcast",
            Self::Snapshot1k | Self::Snapshot100k => "ours",
        }
    }
}
