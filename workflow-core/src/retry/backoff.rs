//! Backoff: the lengths of waits that grow, as `backon` computes them.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// Wait number `nth`, counted from 1: `base * multiplier^(nth - 1)`, [`Duration::MAX`] where that is past it.
///
/// A multiplier under 1, or one that is no number, counts as 1. `backon` computes in `f32`, whose error
/// shows in the seventh digit; from a base of a millisecond upwards the result is rounded to whole
/// milliseconds, which is also as fine as tokio's timer.
pub(super) fn exponential(base: Duration, multiplier: f64, nth: u32) -> Duration {
    // `max` takes the number where the other is none; the largest `f32` keeps zero times it at zero.
    let factor = (multiplier.max(1.0) as f32).min(f32::MAX);
    let growing = ExponentialBuilder::new().with_min_delay(base).with_factor(factor);
    let mut longer = growing.without_max_delay().without_max_times().build().skip(1);
    let mut wait = base;
    for _ in 1..nth {
        match longer.next() {
            // What no longer grows never will again: the rest of a long count need not be counted out.
            Some(same) if same == wait => break,
            Some(next) => wait = next,
            None => break,
        }
    }
    if base < Duration::from_millis(1) { wait } else { whole_millis(wait) }
}

fn whole_millis(length: Duration) -> Duration {
    let millis = (length.subsec_nanos() + 500_000) / 1_000_000;
    Duration::from_secs(length.as_secs()).saturating_add(Duration::from_millis(millis.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_five(base: Duration, multiplier: f64) -> [u128; 5] {
        [1, 2, 3, 4, 5].map(|nth| exponential(base, multiplier, nth).as_millis())
    }

    #[test]
    fn wait_is_the_base_times_the_multiplier_so_often() {
        assert_eq!(first_five(Duration::from_millis(100), 2.0), [100, 200, 400, 800, 1600]);
        assert_eq!(first_five(Duration::from_millis(100), 1.5), [100, 150, 225, 338, 506]);
        assert_eq!(first_five(Duration::from_secs(1), 10.0), [1_000, 10_000, 100_000, 1_000_000, 10_000_000]);
    }

    #[test]
    fn result_is_in_whole_milliseconds_unless_the_base_is_less_than_one() {
        assert_eq!(exponential(Duration::from_millis(100), 2.0, 10), Duration::from_millis(51_200));
        assert_eq!(exponential(Duration::from_micros(1500), 2.0, 1), Duration::from_millis(2));
        assert_eq!(exponential(Duration::from_nanos(3), 2.0, 2), Duration::from_nanos(6));
    }

    #[test]
    fn multiplier_that_would_shrink_the_wait_leaves_it_as_it_is() {
        for multiplier in [1.0, 0.5, 0.0, -3.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(first_five(Duration::from_millis(100), multiplier), [100; 5], "{multiplier}");
        }
    }

    #[test]
    fn growth_without_end_stays_at_the_longest_duration() {
        for multiplier in [2.0, 1e30, 1e300, f64::INFINITY] {
            assert_eq!(exponential(Duration::from_secs(1), multiplier, u32::MAX), Duration::MAX);
            assert_eq!(exponential(Duration::MAX, multiplier, 3), Duration::MAX);
        }
    }

    #[test]
    fn zero_stays_zero() {
        for multiplier in [1.0, 2.0, f64::INFINITY] {
            assert_eq!(exponential(Duration::ZERO, multiplier, u32::MAX), Duration::ZERO);
        }
    }

    #[test]
    fn later_waits_are_never_shorter() {
        for multiplier in [1.0, 1.001, 1.1, 1.618, 2.0, 7.3] {
            for base in [Duration::from_nanos(1), Duration::from_micros(999), Duration::from_millis(250)] {
                let waits: Vec<_> = (1..=200).map(|nth| exponential(base, multiplier, nth)).collect();
                assert!(waits.is_sorted(), "{base:?} times {multiplier}");
            }
        }
    }
}
