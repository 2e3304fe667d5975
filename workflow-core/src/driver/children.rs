//! Children: the runs that steps of a run have called, as far as they must be written down with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::snapshot::{ResumeError, Snapshot, SnapshotError};
use crate::Workflow;

/// The children of a run that can be written down, by the execution that called and the number of its call.
#[derive(Default)]
pub(super) struct Children {
    known: BTreeMap<(u64, u32), Child>,
}

/// One child.
#[derive(Clone)]
pub(super) enum Child {
    /// It runs.
    Live(Arc<dyn Write + Send + Sync>),
    /// It is as it was written down.
    Written(WrittenChild),
}

/// A child as it is written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum WrittenChild {
    /// It has not ended.
    Open(Box<Snapshot>),
    /// It has given its result.
    Done(Done),
}

/// The result of a child.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Done {
    workflow: String,
    /// Its stop event.
    event: serde_json::Value,
}

impl Done {
    pub(super) fn of<C: Workflow>(event: serde_json::Value) -> Self {
        Self { workflow: C::NAME.to_owned(), event }
    }

    /// The result, when it is one of `C`.
    pub(super) fn read<C: Workflow>(self) -> Result<C::Output, ResumeError> {
        if self.workflow != C::NAME {
            return Err(ResumeError::OtherWorkflow { wanted: C::NAME, found: self.workflow });
        }
        let unreadable = |source| ResumeError::Unreadable { workflow: C::NAME, source };
        let event = serde_json::from_value(self.event).map_err(unreadable)?;
        C::close(event).map_err(|_| unreadable(serde::de::Error::custom("no event that ends a run")))
    }
}

/// A live run that can be written down.
pub(super) trait Write {
    /// The run as it is now, or its result; `None` when it is over without one.
    fn write(&self) -> Result<Option<WrittenChild>, SnapshotError>;
}

/// A child with the execution that called it and the number of its call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    number: u64,
    call: u32,
    child: WrittenChild,
}

impl Children {
    pub(super) fn insert(&mut self, number: u64, call: u32, child: Child) {
        self.known.insert((number, call), child);
    }

    /// The child as it was when its parent was written down.
    pub(super) fn written(&self, number: u64, call: u32) -> Option<WrittenChild> {
        match self.known.get(&(number, call)) {
            Some(Child::Written(child)) => Some(child.clone()),
            Some(Child::Live(_)) | None => None,
        }
    }

    /// The execution has ended, or begins a new try.
    pub(super) fn forget(&mut self, number: u64) {
        while let Some((call, _)) = self.known.range((number, 0)..=(number, u32::MAX)).next() {
            let call = *call;
            self.known.remove(&call);
        }
    }

    /// The children, to be written when no lock of their parent's is held.
    pub(super) fn list(&self) -> Vec<((u64, u32), Child)> {
        self.known.iter().map(|(key, child)| (*key, child.clone())).collect()
    }

    pub(super) fn write(known: Vec<((u64, u32), Child)>) -> Result<Vec<Entry>, SnapshotError> {
        let entries = known.into_iter().map(|((number, call), child)| {
            let child = match child {
                Child::Live(run) => run.write()?,
                Child::Written(child) => Some(child),
            };
            Ok(child.map(|child| Entry { number, call, child }))
        });
        entries.filter_map(Result::transpose).collect()
    }

    pub(super) fn read(entries: Vec<Entry>) -> Self {
        let known =
            entries.into_iter().map(|entry| ((entry.number, entry.call), Child::Written(entry.child)));
        Self { known: known.collect() }
    }
}
