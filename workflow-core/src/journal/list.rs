//! List: which runs are asked for, and what is said of each.

use std::time::Duration;

use super::Status;

/// Which runs to list; the default is all of them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Filter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// With this status.
    pub status: Option<Status>,
    /// That began at least so long ago.
    pub older_than: Option<Duration>,
    /// Called by this run.
    pub parent: Option<String>,
}

impl Filter {
    /// Runs of this workflow only.
    #[must_use]
    pub fn workflow(self, workflow: impl Into<String>) -> Self {
        Self { workflow: Some(workflow.into()), ..self }
    }

    /// Runs with this status only.
    #[must_use]
    pub fn status(self, status: Status) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Runs only that this one has called.
    #[must_use]
    pub fn parent(self, id: impl Into<String>) -> Self {
        Self { parent: Some(id.into()), ..self }
    }

    /// Runs only that began at least so long ago.
    #[must_use]
    pub fn older_than(self, age: Duration) -> Self {
        Self { older_than: Some(age), ..self }
    }
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunInfo {
    /// Its id.
    pub id: String,
    /// The workflow's name.
    pub workflow: String,
    /// The run that has called it.
    pub parent: Option<String>,
    /// How it stands.
    pub status: Status,
    /// How long ago it began.
    pub age: Duration,
    /// How many records it has written.
    pub records: u64,
}

impl RunInfo {
    /// A run in a list.
    #[must_use]
    pub fn new(id: impl Into<String>, workflow: impl Into<String>, status: Status, age: Duration) -> Self {
        let (id, workflow) = (id.into(), workflow.into());
        Self { id, workflow, parent: None, status, age, records: 0 }
    }
}
