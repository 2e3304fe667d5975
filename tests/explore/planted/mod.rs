//! Planted: flows with a mistake that the explorer has to find, each beside its mended twin.
//!
//! The number of schedules after which each is found is in the table of the guide.

mod catch_that_loops;
mod first_branch_wins;
mod impatient_wait;
mod lost_update;
mod missed_event;
mod repeated_payment;
mod trusting_join;

use workflow_core::Workflow;
use workflow_core::testing::{Broken, Check, Explored, check_all_orders, replay};

/// What breaks a claim. The line that it prints breaks it again.
fn found<W: Workflow<Input: Clone> + 'static>(
    flow: fn() -> W,
    input: W::Input,
    say: impl Fn(Check<'static, W>) -> Check<'static, W>,
) -> Box<Broken> {
    let check = say(check_all_orders(flow, input.clone()));
    let broken = check.try_run().expect_err("the mistake is there to be found");
    println!("{broken}");
    let again = say(replay(flow, input, broken.schedule()));
    let again = again.try_run().expect_err("the line breaks the claim again");
    assert_eq!((again.claim(), again.schedule()), (broken.claim(), broken.schedule()));
    broken
}

/// The same check of the mended twin.
fn holds<W: Workflow<Input: Clone> + 'static>(
    flow: fn() -> W,
    input: W::Input,
    say: impl Fn(Check<'static, W>) -> Check<'static, W>,
) -> Explored {
    let explored = say(check_all_orders(flow, input)).run();
    assert!(explored.is_complete);
    explored
}
