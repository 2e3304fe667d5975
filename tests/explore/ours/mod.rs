//! Ours: flows over every feature, under every order and with a crash at every point. What breaks here is a mistake of
//! the machine or of a driver; each that was found has become a plain test in `behaviour`.
//!
//! `EXPLORE=long` lets the process die twice in a schedule, and takes more schedules.

mod batches;
mod children;
mod failing;
mod gathering;
mod joining;
mod routing;
mod sharing;
mod waiting;

use std::time::Duration;

use workflow_core::testing::{Check, Explored};
use workflow_core::{RunError, Workflow};

/// Goes through the orders without a crash, and then with one, or with two in the long run.
fn check<'a, W: Workflow<Input: Clone, Output: PartialEq> + 'a>(
    begin: impl Fn() -> Check<'a, W>,
    is_right: impl Fn(&W::Output) -> bool + Copy + 'a,
) -> [Explored; 2] {
    let expected = move |outcome: &Result<W::Output, RunError>| outcome.as_ref().is_ok_and(is_right);
    let is_long = std::env::var_os("EXPLORE").is_some_and(|how| how == "long");
    let (crashes, schedules) = if is_long { (2, 5_000_000) } else { (1, 30_000) };
    let sized = |check: Check<'a, W>| {
        check
            .at_most(schedules)
            .within(Duration::from_secs(if is_long { 600 } else { 8 }))
            .seed(7)
            .expect(expected)
    };
    [sized(begin()).run(), sized(begin().crashes_up_to(crashes)).run()]
}
