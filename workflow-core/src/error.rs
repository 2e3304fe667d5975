//! Errors: how a run can fail, and how a call from a step or a caller can.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::journal::JournalError;
use crate::machine::Stalled;
use crate::{BoxError, ResumeError};

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A step gave up. Its own error is the [`source`](std::error::Error::source); look at it with
    /// [`RunError::step_error`]. A panic in a step is a [`StepPanicked`](crate::StepPanicked), a try that took
    /// too long a [`StepTimedOut`](crate::StepTimedOut).
    #[error("step `{step}` failed{}", after(*attempts))]
    #[non_exhaustive]
    Step {
        /// The step's name.
        step: &'static str,
        /// How many times it was tried.
        attempts: u32,
        /// From the start of the first try until it gave up. Zero where nobody keeps the time: of a step
        /// without timeout, retry and catch.
        elapsed: Duration,
        /// What it returned the last time.
        source: BoxError,
    },
    /// Nothing is left that could happen; mend the wiring that the text names.
    #[error("the run can never finish: {0}")]
    Stalled(Stalled),
    /// An event reached the join of a batch without being part of one; emit it from a step that works on
    /// the members of a `Vec`, or take it one at a time.
    #[error("step `{step}` gathers batches, and a `{event}` came that belongs to none")]
    #[non_exhaustive]
    OutsideBatch {
        /// The step that gathers.
        step: &'static str,
        /// The event.
        event: &'static str,
    },
    /// The run took longer than it may; raise its `timeout`, or look at the steps named.
    #[error("the run took longer than {limit:?}; {} running", list(running))]
    #[non_exhaustive]
    TimedOut {
        /// How long the run may take.
        limit: Duration,
        /// The steps that were active, in the order in which they had started.
        running: Vec<&'static str>,
    },
    /// The workflow is wired wrongly; mend what the findings name. Only a workflow whose steps are free
    /// functions can come this far: ask [`Workflow::check`](crate::Workflow::check) in a test.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The input does not read as what the first step takes; give that, or say `#[workflow(input = T)]`, so
    /// that the compiler asks for it.
    #[error("the input is no `{wanted}`")]
    #[non_exhaustive]
    Input {
        /// What the first step takes.
        wanted: String,
        /// What did not fit.
        source: serde_json::Error,
    },
    /// The result cannot be written down as JSON; say its type: `#[workflow(output = T)]`.
    #[error("the result cannot be written down")]
    #[non_exhaustive]
    Output {
        /// Why not.
        source: serde_json::Error,
    },
    /// The run was called by a step of one that was resumed, and cannot go on from where it was. A later try
    /// of the calling step begins it anew.
    #[error("the run that was called cannot go on from where it was")]
    NotResumed(#[source] ResumeError),
    /// What happened could not be written down, or not be read; its source says why. Nothing has followed from
    /// what was not written. Mend the cause, and the run goes on from where it was.
    #[error("the journal of run `{id}` failed")]
    #[non_exhaustive]
    Journal {
        /// The run's id.
        id: String,
        /// What went wrong.
        source: JournalError,
    },
    /// The journal has a run of that id, and that has failed; begin one with another id.
    #[error("run `{id}` has failed before: {error}")]
    #[non_exhaustive]
    Ended {
        /// The run's id.
        id: String,
        /// What it failed with, in its own words.
        error: String,
    },
    /// The run was cancelled, by [`RunHandle::cancel`](crate::RunHandle::cancel) or with its runtime.
    #[error("the run was cancelled")]
    Cancelled,
}

impl RunError {
    /// Why a result was not taken out of the event that ended the run.
    pub(crate) fn unwritten(stop: &impl Serialize) -> Self {
        let source = serde_json::to_value(stop).err();
        Self::Output { source: source.expect("a run stops with its stop event, which fails only in writing") }
    }

    /// The error of the step that failed the run, if it is an `E`.
    #[must_use]
    pub fn step_error<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match self {
            Self::Step { source, .. } => source.downcast_ref(),
            _ => None,
        }
    }
}

fn after(attempts: u32) -> String {
    if attempts > 1 { format!(" after {attempts} attempts") } else { String::new() }
}

fn list(steps: &[&'static str]) -> String {
    match steps {
        [] => "no step was".to_owned(),
        [only] => format!("`{only}` was"),
        several => {
            let names: Vec<_> = several.iter().map(|step| format!("`{step}`")).collect();
            format!("{} were", names.join(", "))
        }
    }
}

/// What is wrong with the wiring of a workflow: all findings, in the words of the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    workflow: &'static str,
    findings: Vec<String>,
}

impl GraphError {
    pub(crate) fn new(workflow: &'static str, findings: Vec<String>) -> Self {
        Self { workflow, findings }
    }

    /// The workflow's name.
    #[must_use]
    pub fn workflow(&self) -> &'static str {
        self.workflow
    }

    /// The findings, at least one: each says what is wrong, and in a line that begins with `help:` what to
    /// write.
    #[must_use]
    pub fn findings(&self) -> &[String] {
        &self.findings
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "workflow `{}` cannot run", self.workflow)?;
        let mut lines = self.findings.iter().map(|finding| finding.replace('\n', "\n  "));
        lines.try_for_each(|finding| write!(f, "\n- {finding}"))
    }
}

impl std::error::Error for GraphError {}

/// Why an event could not be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The step does not say that it sends this event: add it to the step's options.
    #[error("step `{step}` does not declare that it sends `{event}`: write `#[step(sends({event}))]`")]
    #[non_exhaustive]
    Undeclared {
        /// The step that called `send`.
        step: &'static str,
        /// The event.
        event: &'static str,
    },
    /// The workflow does not take this event from its caller: add it to the workflow's options. An `impl`
    /// block that lacks it does not compile.
    #[error(
        "this workflow does not receive `{event}`: write `#[workflow(receives({event}))]`, and let a step take it"
    )]
    #[non_exhaustive]
    NotReceived {
        /// The event.
        event: &'static str,
    },
    /// A step gathers the event with its batch, and what comes from outside belongs to none: return it
    /// from a step instead, or take it one at a time.
    #[error(
        "`{event}` is sent, and step `{step}` gathers it with its batch, to which a sent event does not belong"
    )]
    #[non_exhaustive]
    Gathered {
        /// The event.
        event: &'static str,
        /// The step that gathers.
        step: &'static str,
    },
    /// The run is over, so nothing took the event; begin another run, or ask
    /// [`RunHandle::is_done`](crate::RunHandle::is_done) first.
    #[error("`{event}` was sent to a run that is over")]
    #[non_exhaustive]
    Over {
        /// The event.
        event: &'static str,
    },
    /// The run has ended, or nobody drives it any more, and it is not known that all that was sent to it is kept: look
    /// for the run in its journal, and send it again there.
    #[error("run `{id}` was over or left before all that was sent to it was kept")]
    #[non_exhaustive]
    NotKept {
        /// The run.
        id: String,
    },
}

/// Why a dynamic key of a run could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// There is a value, but it is not what was asked for; ask for the type that was put there by `set`.
    #[error("the value `{key}` is no `{wanted}`")]
    Wrong {
        /// The key.
        key: String,
        /// The type that was asked for.
        wanted: &'static str,
        /// What did not fit.
        source: serde_json::Error,
    },
    /// The value cannot be written down as JSON; a map has text for keys.
    #[error("the value for `{key}` cannot be written down")]
    Unwritable {
        /// The key.
        key: String,
        /// Why not.
        source: serde_json::Error,
    },
}
