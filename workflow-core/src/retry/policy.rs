//! Policy: what a step's `retry` comes to.

use std::error::Error;
use std::ops::BitOr;
use std::time::Duration;

use super::chance::Chance;
use super::{Condition, Failure, Stop, Wait};

/// Decides, each time a step has failed, whether it is tried again and when.
///
/// What is named adds up: any of the stops ends it, any of the conditions allows another try.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    wait: Wait,
    stop: Option<Stop>,
    condition: Option<Condition>,
}

impl RetryPolicy {
    const ATTEMPTS: u32 = 3;
    const WAIT: Duration = Duration::from_secs(5);

    /// Three attempts in all, with five seconds between them, whatever the error.
    #[must_use]
    pub fn new() -> Self {
        Self { wait: Wait::fixed(Self::WAIT), stop: None, condition: None }
    }

    /// How long to wait before each further try, in place of the five seconds or what was said before.
    #[must_use]
    pub fn wait(self, wait: impl Into<Wait>) -> Self {
        Self { wait: wait.into(), ..self }
    }

    /// Gives up after so many tries in all, the first one included; short for [`Stop::attempts`].
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        self.stop(Stop::attempts(attempts))
    }

    /// Gives up when the next try would begin later than `limit` after the first; short for
    /// [`Stop::within`].
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        self.stop(Stop::within(limit))
    }

    /// Gives up when this says so.
    ///
    /// The first stop that is named takes the place of the three attempts; each further one is another
    /// reason to give up.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use workflow_core::retry::{Failure, RetryPolicy, Stop};
    /// let policy = RetryPolicy::new().stop(Stop::elapsed(Duration::from_secs(60)));
    /// let tenth = Failure::new("run-1", "fetch", 10, Duration::from_secs(50), &std::fmt::Error);
    /// assert!(policy.verdict(&tenth).is_some());
    /// assert!(policy.attempts(10).verdict(&tenth).is_none());
    /// ```
    #[must_use]
    pub fn stop(self, stop: Stop) -> Self {
        Self { stop: Some(either(self.stop, stop)), ..self }
    }

    /// Tries again after an error of this type, also where it is a cause further down; short for
    /// [`Condition::on`].
    ///
    /// ```
    /// use workflow_core::{RetryPolicy, StepTimedOut};
    ///
    /// let policy = RetryPolicy::new().on::<StepTimedOut>().on::<std::io::Error>();
    /// ```
    #[must_use]
    pub fn on<E: Error + 'static>(self) -> Self {
        self.condition(Condition::on::<E>())
    }

    /// Tries again after an error of this type of which the function says yes; short for
    /// [`Condition::when`].
    ///
    /// ```
    /// use std::io;
    /// use workflow_core::RetryPolicy;
    ///
    /// fn is_interrupted(error: &io::Error) -> bool {
    ///     error.kind() == io::ErrorKind::Interrupted
    /// }
    ///
    /// let policy = RetryPolicy::new().when(is_interrupted);
    /// ```
    #[must_use]
    pub fn when<E: Error + 'static>(self, says_yes: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        self.condition(Condition::when(says_yes))
    }

    /// Tries again where this holds.
    ///
    /// Before a condition is named every error is worth another try, a panic too; after that only what one
    /// of them allows.
    #[must_use]
    pub fn condition(self, condition: Condition) -> Self {
        Self { condition: Some(either(self.condition, condition)), ..self }
    }

    /// How long to wait before the next try; `None` to give up.
    ///
    /// The same policy gives the same answer to the same failure, in every process.
    #[must_use]
    pub fn verdict(&self, failure: &Failure<'_>) -> Option<Duration> {
        if self.condition.as_ref().is_some_and(|condition| !condition.holds(failure.error)) {
            return None;
        }
        let wait = self.wait.length(failure.failures, &mut Chance::of(failure));
        let gives_up = match &self.stop {
            Some(stop) => stop.is_met(failure, wait),
            None => failure.failures >= Self::ATTEMPTS,
        };
        (!gives_up).then_some(wait)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

fn either<T: BitOr<Output = T>>(named: Option<T>, next: T) -> T {
    match named {
        Some(named) => named | next,
        None => next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StepPanicked, StepTimedOut};

    const SECOND: Duration = Duration::from_secs(1);

    /// How often a step runs that needs `takes` for each try and always fails.
    fn attempts_of(policy: &RetryPolicy, takes: Duration) -> u32 {
        let mut elapsed = takes;
        for failures in 1.. {
            let failure = Failure::new("run-1", "write", failures, elapsed, &std::fmt::Error);
            match policy.verdict(&failure) {
                Some(wait) => elapsed += wait + takes,
                None => return failures,
            }
        }
        unreachable!("a policy in these tests gives up")
    }

    fn is_tried_again(policy: &RetryPolicy, error: &(dyn Error + Send + Sync + 'static)) -> bool {
        policy.verdict(&Failure::new("run-1", "write", 1, Duration::ZERO, error)).is_some()
    }

    #[test]
    fn policy_can_be_shared_by_threads() {
        fn shared<T: Clone + std::fmt::Debug + Send + Sync + 'static>(_: T) {}
        shared(RetryPolicy::default().on::<StepTimedOut>());
    }

    #[test]
    fn unnamed_policy_is_three_attempts_five_seconds_apart() {
        let verdicts = [1, 2, 3, 4].map(|failures| {
            let failure = Failure::new("run-1", "write", failures, Duration::MAX, &std::fmt::Error);
            RetryPolicy::default().verdict(&failure)
        });
        assert_eq!(verdicts, [Some(5 * SECOND), Some(5 * SECOND), None, None]);
    }

    #[test]
    fn wait_alone_leaves_the_three_attempts() {
        assert_eq!(attempts_of(&RetryPolicy::new().wait(SECOND), SECOND), 3);
    }

    #[test]
    fn stop_takes_the_place_of_the_three_attempts() {
        assert_eq!(attempts_of(&RetryPolicy::new().attempts(7), SECOND), 7);
        // Tries begin at 0, 2, 4, 6, 8 and 10 s; a seventh would begin at 12 s.
        assert_eq!(attempts_of(&RetryPolicy::new().wait(SECOND).within(10 * SECOND), SECOND), 6);
        // The sixth try ends at 11 s, and the one before it at 9 s.
        assert_eq!(attempts_of(&RetryPolicy::new().wait(SECOND).stop(Stop::elapsed(10 * SECOND)), SECOND), 6);
    }

    #[test]
    fn first_stop_that_is_met_ends_it() {
        let policy = RetryPolicy::new().wait(SECOND);
        assert_eq!(attempts_of(&policy.clone().attempts(4).within(10 * SECOND), SECOND), 4);
        assert_eq!(attempts_of(&policy.clone().within(10 * SECOND).attempts(40), SECOND), 6);
        assert_eq!(attempts_of(&policy.stop(Stop::never()).attempts(50), SECOND), 50);
    }

    #[test]
    fn jitter_counts_towards_the_limit() {
        let policy = RetryPolicy::new().wait(Wait::random(SECOND, 9 * SECOND)).within(5 * SECOND);
        let waits: Vec<_> = (0..100)
            .map(|run| {
                let run_id = format!("run-{run}");
                policy.verdict(&Failure::new(&run_id, "write", 1, Duration::ZERO, &std::fmt::Error))
            })
            .collect();
        assert!(waits.contains(&None));
        assert!(waits.iter().flatten().all(|wait| *wait <= 5 * SECOND));
        assert!(waits.iter().flatten().any(|wait| *wait > 4 * SECOND));
    }

    #[test]
    fn every_error_is_worth_another_try_until_one_is_named() {
        let panic = StepPanicked::new("index out of bounds".to_owned());
        let late = StepTimedOut::new(SECOND);
        assert!(is_tried_again(&RetryPolicy::new(), &panic));
        assert!(is_tried_again(&RetryPolicy::new().on::<StepTimedOut>(), &late));
        assert!(!is_tried_again(&RetryPolicy::new().on::<StepTimedOut>(), &panic));
    }

    #[test]
    fn any_condition_that_is_named_allows_another_try() {
        let policy = RetryPolicy::new().on::<StepPanicked>().when(|late: &StepTimedOut| late.limit > SECOND);
        assert!(is_tried_again(&policy, &StepPanicked::new(String::new())));
        assert!(is_tried_again(&policy, &StepTimedOut::new(2 * SECOND)));
        assert!(!is_tried_again(&policy, &StepTimedOut::new(SECOND)));
        assert!(!is_tried_again(&policy, &std::fmt::Error));
    }

    #[test]
    fn failure_that_counts_none_is_taken_as_the_first() {
        let policy = RetryPolicy::new().wait(Wait::exponential(SECOND, 2.0).then_after(2, SECOND));
        let none = Failure::new("run-1", "write", 0, Duration::ZERO, &std::fmt::Error);
        assert_eq!(policy.verdict(&none), Some(SECOND));
    }
}
