//! Error: why a journal could not do what it was asked.

use std::time::Duration;

use super::Record;
use crate::BoxError;

/// Why a journal could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Somebody else runs it; wait until that one has ended, or its hold has.
    #[error("run `{id}` is held by another process, at most for {left:?} more")]
    #[non_exhaustive]
    Busy {
        /// The run.
        id: String,
        /// How long that hold lasts, unless it is renewed.
        left: Duration,
    },
    /// Somebody else has taken hold of the run, since this process was too slow to renew its own; look for the
    /// run there.
    #[error("run `{id}` was taken over by another process")]
    #[non_exhaustive]
    Lost {
        /// The run.
        id: String,
    },
    /// There is no such run; list those that there are.
    #[error("there is no run `{id}`")]
    #[non_exhaustive]
    Unknown {
        /// The run.
        id: String,
    },
    /// The id is that of a run which began otherwise; give this one another id.
    #[error("run `{id}` is one of `{found}` that began with another input")]
    #[non_exhaustive]
    Other {
        /// The run.
        id: String,
        /// The workflow that it is a run of.
        found: String,
    },
    /// The run cannot be forked there: it had not come so far, or had ended, or what was before is not kept any
    /// more. Choose another record.
    #[error("run `{id}` cannot be forked at record {at}; its records {first} to {last} are kept")]
    #[non_exhaustive]
    OutOfReach {
        /// The run.
        id: String,
        /// Where it was to be forked.
        at: u64,
        /// The first record at which it can be.
        first: u64,
        /// The one after the last.
        last: u64,
    },
    /// Nothing is kept of what the workflow of the run looks like, as the run began before that was: its facts can be
    /// read, but no recording can be made of them.
    #[error("what the workflow of run `{id}` looks like is not kept")]
    #[non_exhaustive]
    Undefined {
        /// The run.
        id: String,
    },
    /// The run was begun by another version of the workflow, and its records cannot be told to this one as its
    /// [`Migration`](crate::journal::Migration) says; let that version finish it, or start anew.
    #[error("run `{id}` cannot go on with the workflow of today")]
    #[non_exhaustive]
    NotMigrated {
        /// The run.
        id: String,
        /// What does not fit.
        source: BoxError,
    },
    /// A record is larger than may be; keep large things elsewhere and pass on where they are.
    #[error("a `{kind}` of run `{id}` has {size} bytes, and {limit} are allowed")]
    #[non_exhaustive]
    TooLarge {
        /// The run.
        id: String,
        /// The kind of record.
        kind: String,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Something in the run cannot be written down, like a transient event: keep it out of a run with a journal,
    /// or make it data.
    #[error("a `{kind}` of run `{id}` cannot be written down")]
    #[non_exhaustive]
    Unwritable {
        /// The run.
        id: String,
        /// The kind of record.
        kind: String,
        /// What could not be written, by name.
        source: serde_json::Error,
    },
    /// A record does not read as one of the run; the place where it is kept was damaged or edited: restore it.
    #[error("record {number} of run `{id}`, a `{kind}`, cannot be read")]
    #[non_exhaustive]
    Unreadable {
        /// The run.
        id: String,
        /// The record's number.
        number: u64,
        /// Its kind.
        kind: String,
        /// What did not fit.
        source: BoxError,
    },
    /// The place where runs are kept does not work; its own error says why.
    #[error("the journal does not work")]
    Store(#[source] BoxError),
}

impl JournalError {
    /// Something is wrong with the place where runs are kept.
    pub fn store(source: impl Into<BoxError>) -> Self {
        Self::Store(source.into())
    }

    /// Somebody else holds the run, so long at most.
    pub fn busy(id: impl Into<String>, left: Duration) -> Self {
        Self::Busy { id: id.into(), left }
    }

    /// Somebody else has taken hold of the run.
    pub fn lost(id: impl Into<String>) -> Self {
        Self::Lost { id: id.into() }
    }

    /// There is no such run.
    pub fn unknown(id: impl Into<String>) -> Self {
        Self::Unknown { id: id.into() }
    }

    /// The run of that id is another one, of workflow `found`.
    pub fn other(id: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Other { id: id.into(), found: found.into() }
    }

    pub(crate) fn out_of_reach(id: &str, at: u64, first: u64, last: u64) -> Self {
        Self::OutOfReach { id: id.to_owned(), at, first, last }
    }

    pub(crate) fn not_migrated(id: &str, source: BoxError) -> Self {
        Self::NotMigrated { id: id.to_owned(), source }
    }

    pub(crate) fn undefined(id: &str) -> Self {
        Self::Undefined { id: id.to_owned() }
    }

    /// A record is larger than may be.
    pub fn too_large(id: impl Into<String>, record: &Record, limit: usize) -> Self {
        Self::TooLarge { id: id.into(), kind: record.kind.clone(), size: record.body.len(), limit }
    }

    /// A record does not read as one of the run.
    pub fn unreadable(id: impl Into<String>, record: &Record, source: impl Into<BoxError>) -> Self {
        let (number, kind) = (record.number, record.kind.clone());
        Self::Unreadable { id: id.into(), number, kind, source: source.into() }
    }

    pub(crate) fn unwritable(id: &str, kind: &str, source: serde_json::Error) -> Self {
        Self::Unwritable { id: id.to_owned(), kind: kind.to_owned(), source }
    }
}
