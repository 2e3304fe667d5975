//! Retry: whether a failed step is tried again, and after how long.
//!
//! Pure functions of policy and failure; nothing here reads a clock, draws from a shared source of chance
//! or sleeps.
//!
//! Most steps say what they need in their attribute, `#[step(retry(attempts = 5, base = "100ms", jitter))]`.
//! For the rest there is `#[step(retry = path::to::policy)]` with a function that returns a [`RetryPolicy`]:
//!
//! ```
//! use std::time::Duration;
//!
//! use workflow_core::StepTimedOut;
//! use workflow_core::retry::{Condition, Failure, RetryPolicy, Stop, Wait};
//!
//! #[derive(Debug, thiserror::Error)]
//! #[error("the service answered {status}")]
//! struct Refused {
//!     status: u16,
//! }
//!
//! fn policy() -> RetryPolicy {
//!     let (ms, secs) = (Duration::from_millis, Duration::from_secs);
//!     RetryPolicy::new()
//!         // 100 ms, 200 ms, 400 ms and so on up to 10 s
//!         .wait(Wait::exponential(ms(100), 2.0).max(secs(10)))
//!         .stop(Stop::attempts(5) | Stop::within(secs(60)))
//!         .on::<StepTimedOut>()
//!         .when(|refused: &Refused| refused.status >= 500)
//! }
//!
//! let busy = Refused { status: 503 };
//! let third = Failure::new("run-1", "fetch", 3, Duration::from_secs(2), &busy);
//! assert_eq!(policy().verdict(&third), Some(Duration::from_millis(400)));
//!
//! let fifth = Failure::new("run-1", "fetch", 5, Duration::from_secs(4), &busy);
//! assert_eq!(policy().verdict(&fifth), None);
//!
//! let unknown = Refused { status: 404 };
//! let first = Failure::new("run-1", "fetch", 1, Duration::from_secs(1), &unknown);
//! assert_eq!(policy().verdict(&first), None);
//! ```
//!
//! Many runs that fail together should not come back together. Jitter keeps them apart, and still gives one
//! and the same failure the same wait whenever it is asked about:
//!
//! ```
//! use std::time::Duration;
//! use workflow_core::retry::{Failure, RetryPolicy, Wait};
//!
//! let policy = RetryPolicy::new().wait(Wait::fixed(Duration::from_secs(2)).full_jitter());
//! let wait_of = |run_id| {
//!     policy.verdict(&Failure::new(run_id, "fetch", 1, Duration::ZERO, &std::fmt::Error))
//! };
//! assert!(wait_of("run-1") <= Some(Duration::from_secs(2)));
//! assert_eq!(wait_of("run-1"), wait_of("run-1"));
//! assert_ne!(wait_of("run-1"), wait_of("run-2"));
//! ```

mod backoff;
mod chance;
mod condition;
mod policy;
mod stop;
mod wait;

use std::error::Error;
use std::time::Duration;

pub use condition::Condition;
pub use policy::RetryPolicy;
pub use stop::Stop;
pub use wait::Wait;

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
