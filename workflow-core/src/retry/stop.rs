//! Stop: when a failed step is not tried again, whatever it failed with.

use std::ops::{BitAnd, BitOr};
use std::time::Duration;

use super::Failure;

/// When to give up.
///
/// `a | b` gives up as soon as one of both says so, `a & b` once both do.
///
/// ```
/// use std::time::Duration;
/// use workflow_core::retry::Stop;
///
/// // at the tenth failure, or before it when the next try would come later than a minute after the first
/// let either = Stop::attempts(10) | Stop::within(Duration::from_secs(60));
/// // not before three tries, and not before ten seconds
/// let both = Stop::attempts(3) & Stop::elapsed(Duration::from_secs(10));
/// ```
#[derive(Clone, Debug)]
pub struct Stop(Rule);

#[derive(Clone, Debug)]
enum Rule {
    Never,
    Attempts(u32),
    Elapsed(Duration),
    Within(Duration),
    Any(Box<(Stop, Stop)>),
    All(Box<(Stop, Stop)>),
}

impl Stop {
    /// Never: the step is tried until it succeeds.
    #[must_use]
    pub const fn never() -> Self {
        Self(Rule::Never)
    }

    /// After so many tries in all, the first one included.
    ///
    /// Zero counts as 1: there is a failure to ask about only after a first try.
    #[must_use]
    pub const fn attempts(attempts: u32) -> Self {
        Self(Rule::Attempts(attempts))
    }

    /// Once so much time has passed since the first try began; exactly so much is enough.
    ///
    /// The wait is not counted, so that a last try may begin later than `limit`; [`Stop::within`] does
    /// count it.
    #[must_use]
    pub const fn elapsed(limit: Duration) -> Self {
        Self(Rule::Elapsed(limit))
    }

    /// When the next try, with the wait before it, would begin later than `limit` after the first.
    ///
    /// A try that begins exactly then still takes place. How long it takes is for the step's `timeout` to
    /// say.
    #[must_use]
    pub const fn within(limit: Duration) -> Self {
        Self(Rule::Within(limit))
    }

    /// Whether to give up after this failure, where the next try would come after `wait`.
    pub(super) fn is_met(&self, failure: &Failure<'_>, wait: Duration) -> bool {
        match &self.0 {
            Rule::Never => false,
            Rule::Attempts(attempts) => failure.failures >= *attempts,
            Rule::Elapsed(limit) => failure.elapsed >= *limit,
            Rule::Within(limit) => failure.elapsed.saturating_add(wait) > *limit,
            Rule::Any(stops) => stops.0.is_met(failure, wait) || stops.1.is_met(failure, wait),
            Rule::All(stops) => stops.0.is_met(failure, wait) && stops.1.is_met(failure, wait),
        }
    }
}

/// As soon as one of both says so.
impl BitOr for Stop {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(Rule::Any(Box::new((self, other))))
    }
}

/// Once both say so.
impl BitAnd for Stop {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(Rule::All(Box::new((self, other))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NANOSECOND: Duration = Duration::from_nanos(1);

    fn is_met(stop: &Stop, failures: u32, elapsed: Duration, wait: Duration) -> bool {
        stop.is_met(&Failure::new("run-1", "write", failures, elapsed, &std::fmt::Error), wait)
    }

    #[test]
    fn attempts_are_spent_at_the_last_one() {
        assert!(!is_met(&Stop::attempts(3), 2, Duration::MAX, Duration::MAX));
        assert!(is_met(&Stop::attempts(3), 3, Duration::ZERO, Duration::ZERO));
        assert!(is_met(&Stop::attempts(3), 4, Duration::ZERO, Duration::ZERO));
    }

    #[test]
    fn one_attempt_and_none_both_mean_no_second_try() {
        for attempts in [0, 1] {
            assert!(is_met(&Stop::attempts(attempts), 1, Duration::ZERO, Duration::ZERO));
        }
    }

    #[test]
    fn elapsed_time_is_up_when_it_is_reached_and_counts_no_wait() {
        assert!(!is_met(&Stop::elapsed(SECOND), u32::MAX, SECOND - NANOSECOND, Duration::MAX));
        assert!(is_met(&Stop::elapsed(SECOND), 1, SECOND, Duration::ZERO));
        assert!(is_met(&Stop::elapsed(Duration::ZERO), 1, Duration::ZERO, Duration::ZERO));
    }

    #[test]
    fn next_try_may_begin_at_the_limit_and_not_past_it() {
        let stop = Stop::within(3 * SECOND);
        assert!(!is_met(&stop, u32::MAX, 2 * SECOND, SECOND));
        assert!(is_met(&stop, 1, 2 * SECOND, SECOND + NANOSECOND));
        assert!(is_met(&stop, 1, 2 * SECOND + NANOSECOND, SECOND));
        assert!(!is_met(&Stop::within(Duration::ZERO), 1, Duration::ZERO, Duration::ZERO));
    }

    #[test]
    fn times_that_overflow_are_past_every_limit_but_the_longest() {
        assert!(is_met(&Stop::within(Duration::MAX - NANOSECOND), 1, Duration::MAX, Duration::MAX));
        assert!(!is_met(&Stop::within(Duration::MAX), 1, Duration::MAX, Duration::MAX));
    }

    #[test]
    fn either_stops_at_the_first_and_both_at_the_last() {
        let (attempts, elapsed) = (Stop::attempts(3), Stop::elapsed(SECOND));
        for failures in 1..5 {
            for time in [Duration::ZERO, SECOND, 2 * SECOND] {
                let met = |stop: &Stop| is_met(stop, failures, time, SECOND);
                let (one, other) = (met(&attempts), met(&elapsed));
                assert_eq!(met(&(attempts.clone() | elapsed.clone())), one || other);
                assert_eq!(met(&(elapsed.clone() | attempts.clone())), one || other);
                assert_eq!(met(&(attempts.clone() & elapsed.clone())), one && other);
                assert_eq!(met(&(elapsed.clone() & attempts.clone())), one && other);
                assert_eq!(met(&(attempts.clone() | Stop::never())), one);
                assert!(!met(&(attempts.clone() & Stop::never())));
            }
        }
    }
}
