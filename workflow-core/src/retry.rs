//! Retry: whether a failed step is tried again, and after how long.
//!
//! Pure functions of policy and failure; nothing here reads a clock, draws from a shared source of chance
//! or sleeps.

use std::error::Error;
use std::time::Duration;

/// Decides, each time a step has failed, whether it is tried again and when.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    attempts: u32,
    wait: Duration,
}

/// What a policy is told of a failure.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// The id of the run.
    pub run_id: &'a str,
    /// The step's name.
    pub step: &'a str,
    /// How many tries have failed by now; at least 1.
    pub failures: u32,
    /// The time since the first try began.
    pub elapsed: Duration,
    /// What the last try failed with.
    pub error: &'a (dyn Error + Send + Sync + 'static),
}

impl<'a> Failure<'a> {
    /// All that a policy is told.
    #[must_use]
    pub fn new(
        run_id: &'a str,
        step: &'a str,
        failures: u32,
        elapsed: Duration,
        error: &'a (dyn Error + Send + Sync + 'static),
    ) -> Self {
        Self { run_id, step, failures, elapsed, error }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryPolicy {
    /// Three attempts in all, with five seconds between them, whatever the error.
    #[must_use]
    pub fn new() -> Self {
        Self { attempts: 3, wait: Duration::from_secs(5) }
    }

    /// How long to wait before the next try; `None` to give up.
    #[must_use]
    pub fn verdict(&self, failure: &Failure<'_>) -> Option<Duration> {
        (failure.failures < self.attempts).then_some(self.wait)
    }
}
