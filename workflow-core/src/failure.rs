//! Failure: why a step gave up, as an event that a catch takes and as the error itself.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::output::Nothing;
use crate::{BoxError, Event};

/// A step has given up: what a step with `#[catch]` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepFailed {
    /// The step's name.
    pub step: String,
    /// The events that it was given, in the order of its parameters.
    pub input: Vec<FailedInput>,
    /// What went wrong the last time.
    pub error: StepError,
    /// How many times it was tried.
    pub attempts: u32,
    /// From the start of the first try until it gave up.
    pub elapsed: Duration,
}

/// One event that a failed step was given, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailedInput {
    /// The event's name, as in the graph.
    pub event: String,
    /// The event; null when it is transient, which cannot be written down.
    pub value: Value,
}

impl StepFailed {
    /// The first event of type `E` that the step was given; `None` when there was none, or when it is
    /// transient.
    #[must_use]
    pub fn input<E: Event>(&self) -> Option<E> {
        let named = self.input.iter().filter(|input| last_segment(&input.event) == E::NAME);
        named.filter_map(|input| E::deserialize(&input.value).ok()).next()
    }
}

/// `Found` of `joke::Found<Page>`.
fn last_segment(name: &str) -> &str {
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name).trim()
}

#[diagnostic::do_not_recommend]
impl Event for StepFailed {
    const NAME: &'static str = "StepFailed";
    type Opens = Nothing;
}

/// The error of a step, as text that can be written down, and as itself in the process in which it arose.
#[derive(Clone, Serialize, Deserialize)]
pub struct StepError {
    message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    #[serde(skip)]
    source: Option<Arc<BoxError>>,
}

impl StepError {
    /// The error with its chain of causes.
    #[must_use]
    pub fn new(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let causes = causes.map(ToString::to_string).collect();
        Self { message: error.to_string(), causes, source: Some(Arc::new(error)) }
    }

    /// The error's own words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The words of its source, of that one's source, and so on.
    #[must_use]
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// The error itself, if it is an `E` and arose in this process: what was written down and read back
    /// is text.
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.source.as_ref()?.downcast_ref()
    }

    /// The error itself, where there is only this copy of it; else its words.
    #[must_use]
    pub fn into_source(self) -> BoxError {
        match self.source.map(Arc::try_unwrap) {
            Some(Ok(source)) => source,
            Some(Err(_)) | None => Self { source: None, ..self }.into(),
        }
    }
}

impl PartialEq for StepError {
    fn eq(&self, other: &Self) -> bool {
        self.message == other.message && self.causes == other.causes
    }
}

impl fmt::Debug for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => source.fmt(f),
            None => f.debug_tuple("StepError").field(&self.message).finish(),
        }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StepError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().and_then(|source| source.source())
    }
}

/// A try of a step took longer than its `timeout`; it counts as one attempt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it took longer than {limit:?}")]
#[non_exhaustive]
pub struct StepTimedOut {
    /// How long one try may take.
    pub limit: Duration,
}

/// A step panicked, which is a failure of that step and not of the process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it panicked: {message}")]
#[non_exhaustive]
pub struct StepPanicked {
    /// What it panicked with.
    pub message: String,
}

#[cfg(feature = "runtime")]
impl StepTimedOut {
    pub(crate) const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

#[cfg(feature = "runtime")]
impl StepPanicked {
    pub(crate) const fn new(message: String) -> Self {
        Self { message }
    }
}

impl StepFailed {
    pub(crate) fn new(
        step: &str,
        input: Vec<FailedInput>,
        error: StepError,
        attempts: u32,
        elapsed: Duration,
    ) -> Self {
        Self { step: step.to_owned(), input, error, attempts, elapsed }
    }
}

impl FailedInput {
    pub(crate) fn new(event: &str, written: serde_json::Result<Value>) -> Self {
        // An enum writes itself as `{"Name": value}`; the name is known.
        let value = match written {
            Ok(Value::Object(map)) if map.len() == 1 => map.into_iter().next().map(|(_, value)| value),
            Ok(value) => Some(value),
            Err(_) => None,
        };
        Self { event: event.to_owned(), value: value.unwrap_or(Value::Null) }
    }
}
