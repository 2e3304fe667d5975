//! Chance: the numbers behind random waits, drawn from what has failed and from nothing else.
//!
//! Both algorithms are written out here, because a crate may change its numbers from one minor version to
//! the next, as `fastrand` did in 2.1; the same failure must get the same wait from every version.

use std::time::Duration;

use super::Failure;
use crate::hash::fnv_1a;

/// The numbers of one failure, the same in every process.
///
/// They are those of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014; constants as in <https://prng.di.unimi.it/splitmix64.c>), from a seed by FNV-1a.
pub(super) struct Chance {
    state: u64,
}

impl Chance {
    /// The numbers that belong to the run, the step and the count of its failures.
    pub(super) fn of(failure: &Failure<'_>) -> Self {
        // UTF-8 has no byte 0xff, so two failures that differ never read the same.
        let (run_id, step) = (failure.run_id.as_bytes(), failure.step.as_bytes());
        let failures = failure.failures.to_le_bytes();
        Self { state: fnv_1a(&[run_id, &[0xff], step, &[0xff], &failures].concat()) }
    }

    /// A duration from `least` to `most`, both included, each nanosecond as likely as the next.
    ///
    /// The number is scaled by a multiplication, as in Lemire, "Fast Random Integer Generation in an
    /// Interval" (2019), without the rejection: over an hour, no duration is favoured by more than 2^-22.
    /// Past `least` the draw reaches 2^64 nanoseconds, which are 584 years.
    pub(super) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let span = most.saturating_sub(least).as_nanos().min(u64::MAX.into());
        let past_least = (u128::from(self.next()) * (span + 1)) >> 64;
        least.saturating_add(Duration::from_nanos_u128(past_least))
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn first_number(run_id: &str, step: &str, failures: u32) -> u64 {
        Chance::of(&Failure::new(run_id, step, failures, Duration::ZERO, &std::fmt::Error)).next()
    }

    #[test]
    fn numbers_are_the_published_ones() {
        let mut chance = Chance { state: 1_234_567 };
        let numbers = [chance.next(), chance.next(), chance.next()];
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn failures_that_differ_in_anything_get_other_numbers() {
        let mut numbers = BTreeSet::new();
        for failures in 1..=100 {
            for (run_id, step) in [("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc"), ("bc", "a")] {
                numbers.insert(first_number(run_id, step, failures));
            }
        }
        assert_eq!(numbers.len(), 500);
    }

    #[test]
    fn both_bounds_are_drawn_and_nothing_beyond_them() {
        let [least, most] = [7, 9].map(Duration::from_nanos);
        let mut chance = Chance { state: 0 };
        let drawn: BTreeSet<_> = (0..100).map(|_| chance.between(least, most)).collect();
        assert_eq!(drawn, BTreeSet::from([7, 8, 9].map(Duration::from_nanos)));
    }

    #[test]
    fn draw_spreads_over_its_span() {
        let [none, second] = [Duration::ZERO, Duration::from_secs(1)];
        let mut chance = Chance { state: 0 };
        let mut tenths = [0; 10];
        for _ in 0..10_000 {
            tenths[chance.between(none, second).as_millis().min(999) as usize / 100] += 1;
        }
        assert!(tenths.iter().all(|count| (850..1150).contains(count)), "{tenths:?}");
    }

    #[test]
    fn widest_span_does_not_overflow() {
        let mut chance = Chance { state: 0 };
        for _ in 0..100 {
            let wide = chance.between(Duration::ZERO, Duration::MAX);
            assert!(wide <= Duration::from_nanos(u64::MAX));
            assert_eq!(chance.between(Duration::MAX, Duration::MAX), Duration::MAX);
        }
    }
}
