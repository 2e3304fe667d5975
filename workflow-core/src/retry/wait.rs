//! Wait: how long a failed step waits before its next try.

use std::ops::Add;
use std::time::Duration;

use super::backoff;
use super::chance::Chance;

/// The time between a failed try and the next one, for each of the waits of a step.
///
/// A [`Duration`] is a wait of that length. No wait overflows: what would be longer than [`Duration::MAX`]
/// is that long.
///
/// ```
/// use std::time::Duration;
/// use workflow_core::retry::Wait;
///
/// # let (ms, secs) = (Duration::from_millis, Duration::from_secs);
/// // 100 ms, 200 ms, 400 ms and so on up to 10 s, and up to 50 ms on top of each
/// let growing = Wait::exponential(ms(100), 2.0).max(secs(10)).jitter(ms(50));
/// // three times one second, then a minute each time
/// let patient = Wait::fixed(secs(1)).then_after(3, Wait::fixed(secs(60)));
/// // the sum of both
/// let both = growing + patient;
/// ```
#[derive(Clone, Debug)]
pub struct Wait(Rule);

#[derive(Clone, Debug)]
enum Rule {
    Fixed(Duration),
    Random { least: Duration, most: Duration },
    Exponential { base: Duration, multiplier: f64 },
    Sum(Box<(Wait, Wait)>),
    AtMost(Box<Wait>, Duration),
    FullJitter(Box<Wait>),
    Chain { first: Box<Wait>, waits: u32, then: Box<Wait> },
}

impl Wait {
    /// The same time each time; none at all when it is zero.
    #[must_use]
    pub const fn fixed(length: Duration) -> Self {
        Self(Rule::Fixed(length))
    }

    /// A random time between the two bounds, which are both included and may come in either order.
    ///
    /// It is drawn anew for each failure, evenly, from the run's id, the step's name and the number of
    /// failures: asked again about the same failure, the answer is the same.
    #[must_use]
    pub fn random(one: Duration, other: Duration) -> Self {
        Self(Rule::Random { least: one.min(other), most: one.max(other) })
    }

    /// A time that grows from wait to wait: `base * multiplier^(n - 1)` for wait number `n`, counted from 1.
    ///
    /// This is the backoff of AWS,
    /// ["Exponential Backoff And Jitter"](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)
    /// (Brooker, 2015), whose multiplier is 2. It grows without end unless [`Wait::max`] ends it. A
    /// `multiplier` under 1, or one that is no number, counts as 1. With a `base` of a millisecond or more,
    /// the result is rounded to whole milliseconds.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use workflow_core::retry::Wait;
    /// let wait = Wait::exponential(Duration::from_millis(100), 2.0).max(Duration::from_secs(10));
    /// ```
    #[must_use]
    pub const fn exponential(base: Duration, multiplier: f64) -> Self {
        Self(Rule::Exponential { base, multiplier })
    }

    /// The same, but never longer than `longest`.
    ///
    /// What is added later comes on top: `.max(longest).jitter(bound)` may reach `longest + bound`, while
    /// `.jitter(bound).max(longest)` may not.
    #[must_use]
    pub fn max(self, longest: Duration) -> Self {
        Self(Rule::AtMost(Box::new(self), longest))
    }

    /// The same, and a random time from zero to `bound` on top.
    ///
    /// This is the jitter of Google Cloud's
    /// ["truncated exponential backoff"](https://cloud.google.com/storage/docs/exponential-backoff):
    /// `min(2^n + random, maximum_backoff)`, where the random part is a second at most. It is short for
    /// `self + Wait::random(Duration::ZERO, bound)`.
    #[must_use]
    pub fn jitter(self, bound: Duration) -> Self {
        self + Self::random(Duration::ZERO, bound)
    }

    /// A random time from zero to what it would have been.
    ///
    /// This is the "Full Jitter" of AWS,
    /// ["Exponential Backoff And Jitter"](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)
    /// (Brooker, 2015): `random_between(0, min(cap, base * 2^n))`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use workflow_core::retry::Wait;
    /// # let (ms, secs) = (Duration::from_millis, Duration::from_secs);
    /// let wait = Wait::exponential(ms(100), 2.0).max(secs(10)).full_jitter();
    /// ```
    #[must_use]
    pub fn full_jitter(self) -> Self {
        Self(Rule::FullJitter(Box::new(self)))
    }

    /// This for the first `waits` waits, then the other one, which starts with its own first wait.
    ///
    /// Each number counts from the start of the chain:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use workflow_core::retry::Wait;
    /// # let secs = Duration::from_secs;
    /// // 1 s, 1 s, 1 s, 5 s, 5 s, and then 60 s, 120 s, 240 s
    /// let wait = Wait::fixed(secs(1))
    ///     .then_after(3, Wait::fixed(secs(5)))
    ///     .then_after(5, Wait::exponential(secs(60), 2.0));
    /// ```
    #[must_use]
    pub fn then_after(self, waits: u32, then: impl Into<Self>) -> Self {
        Self(Rule::Chain { first: Box::new(self), waits, then: Box::new(then.into()) })
    }

    /// How long wait number `nth` is, counted from 1.
    pub(super) fn length(&self, nth: u32, chance: &mut Chance) -> Duration {
        match &self.0 {
            Rule::Fixed(length) => *length,
            Rule::Random { least, most } => chance.between(*least, *most),
            Rule::Exponential { base, multiplier } => backoff::exponential(*base, *multiplier, nth),
            Rule::Sum(waits) => waits.0.length(nth, chance).saturating_add(waits.1.length(nth, chance)),
            Rule::AtMost(wait, longest) => wait.length(nth, chance).min(*longest),
            Rule::FullJitter(wait) => {
                let most = wait.length(nth, chance);
                chance.between(Duration::ZERO, most)
            }
            Rule::Chain { first, waits, .. } if nth <= *waits => first.length(nth, chance),
            Rule::Chain { waits, then, .. } => then.length(nth - waits, chance),
        }
    }
}

impl From<Duration> for Wait {
    fn from(length: Duration) -> Self {
        Self::fixed(length)
    }
}

/// One wait and then the other, each time.
impl<W: Into<Wait>> Add<W> for Wait {
    type Output = Self;

    fn add(self, other: W) -> Self {
        Self(Rule::Sum(Box::new((self, other.into()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::Failure;

    fn ms(length: u64) -> Duration {
        Duration::from_millis(length)
    }

    fn length(wait: &Wait, run: u32, nth: u32) -> Duration {
        let run_id = format!("run-{run}");
        let failure = Failure::new(&run_id, "write", nth, Duration::ZERO, &std::fmt::Error);
        wait.length(nth, &mut Chance::of(&failure))
    }

    fn first_five(wait: &Wait) -> [u128; 5] {
        [1, 2, 3, 4, 5].map(|nth| length(wait, 1, nth).as_millis())
    }

    /// Over many runs and waits, all within the bounds, and not all the same.
    fn assert_random_within(wait: &Wait, nth: u32, least: Duration, most: Duration) {
        let waits: Vec<_> = (0..1000).map(|run| length(wait, run, nth)).collect();
        assert!(waits.iter().all(|wait| (least..=most).contains(wait)), "{wait:?}");
        let span = most - least;
        assert!(waits.iter().any(|wait| *wait < least + span / 10), "{wait:?}");
        assert!(waits.iter().any(|wait| *wait > most - span / 10), "{wait:?}");
    }

    #[test]
    fn fixed_wait_is_the_same_each_time() {
        assert_eq!(first_five(&Wait::fixed(ms(70))), [70; 5]);
        assert_eq!(first_five(&Duration::ZERO.into()), [0; 5]);
    }

    #[test]
    fn random_wait_is_between_its_bounds_in_either_order() {
        assert_random_within(&Wait::random(ms(20), ms(50)), 1, ms(20), ms(50));
        assert_random_within(&Wait::random(ms(50), ms(20)), 1, ms(20), ms(50));
        assert_eq!(first_five(&Wait::random(ms(30), ms(30))), [30; 5]);
    }

    #[test]
    fn random_wait_of_one_failure_stays_what_it_was() {
        let wait = Wait::random(Duration::ZERO, Duration::from_secs(1));
        let waits = [1, 2, 3].map(|nth| length(&wait, 1, nth).as_nanos());
        assert_eq!(waits, [837_525_375, 987_703_746, 625_553_639]);
    }

    #[test]
    fn exponential_wait_stops_growing_at_its_longest() {
        let wait = Wait::exponential(ms(100), 2.0).max(ms(500));
        assert_eq!(first_five(&wait), [100, 200, 400, 500, 500]);
        assert_eq!(first_five(&Wait::exponential(ms(900), 2.0).max(ms(500))), [500; 5]);
    }

    #[test]
    fn jitter_comes_on_top() {
        let wait = Wait::exponential(ms(100), 2.0).jitter(ms(50));
        assert_random_within(&wait, 1, ms(100), ms(150));
        assert_random_within(&wait, 3, ms(400), ms(450));
        assert_eq!(first_five(&Wait::fixed(ms(70)).jitter(Duration::ZERO)), [70; 5]);
    }

    #[test]
    fn full_jitter_reaches_from_nothing_to_the_wait() {
        let wait = Wait::exponential(ms(100), 2.0).max(ms(300)).full_jitter();
        assert_random_within(&wait, 1, Duration::ZERO, ms(100));
        assert_random_within(&wait, 9, Duration::ZERO, ms(300));
        assert_eq!(first_five(&Wait::fixed(Duration::ZERO).full_jitter()), [0; 5]);
    }

    #[test]
    fn longest_bounds_what_came_before_it_and_not_what_comes_after() {
        assert_random_within(&Wait::fixed(ms(70)).jitter(ms(50)).max(ms(90)), 1, ms(70), ms(90));
        assert_random_within(&Wait::fixed(ms(70)).max(ms(50)).jitter(ms(50)), 1, ms(50), ms(100));
    }

    #[test]
    fn chain_counts_from_its_start_and_the_second_wait_from_its_own() {
        let wait = Wait::fixed(ms(1)).then_after(2, ms(5)).then_after(3, Wait::exponential(ms(60), 2.0));
        assert_eq!(first_five(&wait), [1, 1, 5, 60, 120]);
    }

    #[test]
    fn chain_after_no_wait_is_its_second_part() {
        assert_eq!(first_five(&Wait::fixed(ms(1)).then_after(0, ms(5))), [5; 5]);
        assert_eq!(length(&Wait::fixed(ms(1)).then_after(u32::MAX, ms(5)), 1, u32::MAX), ms(1));
    }

    #[test]
    fn sum_is_the_sum_of_its_parts() {
        let wait = Wait::exponential(ms(100), 2.0) + Wait::fixed(ms(3)) + ms(4);
        assert_eq!(first_five(&wait), [107, 207, 407, 807, 1607]);
    }

    #[test]
    fn parts_of_a_sum_are_drawn_apart() {
        let twice = Wait::random(Duration::ZERO, ms(100)) + Wait::random(Duration::ZERO, ms(100));
        let once = Wait::random(Duration::ZERO, ms(100));
        assert!((0..100).all(|run| length(&twice, run, 1) != length(&once, run, 1) * 2));
    }

    #[test]
    fn no_wait_overflows() {
        let long = Wait::fixed(Duration::MAX) + Duration::MAX;
        for wait in [long.clone(), long.clone().jitter(Duration::MAX), Wait::fixed(ms(1)).then_after(1, long)]
        {
            assert_eq!(length(&wait, 1, u32::MAX), Duration::MAX);
        }
    }
}
