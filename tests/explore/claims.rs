//! Claims: what a check asks, what stands in for steps, and what it says when something does not hold.

use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::testing::{Claim, check_all_orders, replay};

#[event]
struct Order(u32);
#[event]
struct Charged(u32);
#[event]
struct Packed(u32);
#[event]
struct Approval {
    ok: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("no money")]
struct NoMoney;

/// A shop whose steps would call the outside world.
struct Shop;

#[workflow(receives(Approval), state = u32)]
impl Shop {
    #[step]
    async fn open(&self, order: StartEvent<u32>) -> (Order, Packed) {
        (Order(order.0), Packed(order.0))
    }
    #[step(retry(attempts = 3, wait = "10s"), timeout = "30s")]
    async fn charge(&self, order: Order) -> Result<Charged, NoMoney> {
        if order.0 == 0 { Err(NoMoney) } else { std::future::pending().await }
    }
    #[step(waits(Approval))]
    async fn ship(&self, ctx: &Context<Self>, charged: Charged, packed: Packed) -> StopEvent<Option<u32>> {
        ctx.state(|shipped| *shipped += 1);
        let approval = ctx.wait_for::<Approval>().await;
        StopEvent(approval.ok.then_some(charged.0 + packed.0))
    }
}

fn charged(order: Order) -> Charged {
    Charged(order.0 * 10)
}

#[test]
fn a_closure_stands_in_for_a_step() {
    let explored = check_all_orders(|| Shop, 4u32)
        .step("charge", charged)
        .receives(Approval { ok: true })
        .always(|shipped| *shipped < 2)
        .expect(|sum| matches!(sum, Ok(Some(44))))
        .deterministic()
        .run();
    assert!(explored.is_complete && explored.outcomes == 1, "{explored}");
}

#[test]
fn a_stand_in_that_fails_is_tried_again() {
    let check = |times| {
        check_all_orders(|| Shop, 4u32)
            .step("charge", charged)
            .fails("charge", times)
            .receives(Approval { ok: true })
    };
    check(2).expect(|sum| matches!(sum, Ok(Some(44)))).run();
    let broken = check(3).expect(|sum| sum.is_ok()).try_run().unwrap_err();
    assert!(broken.to_string().contains("the step was told to fail"), "{broken}");
}

#[test]
fn a_step_that_never_comes_back_runs_into_its_timeout() {
    let broken = check_all_orders(|| Shop, 4u32).expect(|sum| sum.is_ok()).try_run().unwrap_err();
    assert!(broken.to_string().contains("took longer than 30s"), "{broken}");
}

#[test]
fn delays_pass_in_no_time_and_count_for_timeouts() {
    let check = |seconds| {
        check_all_orders(|| Shop, 4u32)
            .step("charge", charged)
            .delays("charge", Duration::from_secs(seconds))
            .receives(Approval { ok: true })
            .expect(|sum| matches!(sum, Ok(Some(44))))
    };
    check(29).run();
    assert!(matches!(check(31).try_run().unwrap_err().claim(), Claim::Expect(_)));
}

#[test]
fn a_run_that_waits_for_what_does_not_come_stalls() {
    let broken = check_all_orders(|| Shop, 4u32).step("charge", charged).try_run().unwrap_err();
    assert_eq!(broken.claim(), &Claim::Stalls("`ship` waits for `Approval`".to_owned()));
}

/// It sleeps on a clock of its own.
struct Sleeper;

#[workflow]
impl Sleeper {
    #[step(timeout = "10s", retry(attempts = 2, wait = "1s"))]
    async fn open(&self, n: StartEvent<u32>) -> StopEvent<u32> {
        tokio::time::sleep(Duration::from_secs(n.0.into())).await;
        StopEvent(n.0)
    }
}

#[test]
fn what_could_not_be_ordered_is_counted() {
    let explored = check_all_orders(|| Sleeper, 5u32).expect(|n| matches!(n, Ok(5))).run();
    assert_eq!(explored.unordered, 1);
    assert!(explored.to_string().contains("1 times a step went on by a timer"), "{explored}");
    // It is dropped by its timeout, as it would be elsewhere.
    check_all_orders(|| Sleeper, 15u32).expect(|n| n.is_err()).run();
}

#[test]
fn a_step_that_panics_is_found() {
    let broken = check_all_orders(|| Shop, 4u32)
        .step("charge", |_: Order| -> Charged { panic!("out of paper") })
        .try_run()
        .unwrap_err();
    assert!(matches!(broken.claim(), Claim::Panics(_)), "{broken}");
}

#[test]
fn the_state_is_looked_at_between_any_two_moves() {
    let broken = check_all_orders(|| Shop, 4u32)
        .step("charge", charged)
        .receives(Approval { ok: true })
        .always(|shipped| *shipped == 0)
        .try_run()
        .unwrap_err();
    assert_eq!(broken.claim(), &Claim::Always);
    assert!(broken.draw().is_some());
}

#[test]
fn beyond_the_budget_schedules_are_random_and_say_so() {
    let explored = check_all_orders(|| Shop, 4u32)
        .step("charge", charged)
        .receives(Approval { ok: true })
        .without_reduction()
        .at_most(2)
        .random(20)
        .seed(3)
        .run();
    assert!(!explored.is_complete && explored.random == Some((20, 3)));
    let sentence = explored.to_string();
    assert!(sentence.ends_with("20 of them random from seed 3; that is not all orders"), "{sentence}");
}

#[test]
fn a_random_schedule_that_breaks_a_claim_is_played_again_by_its_line() {
    let check = |line: Option<&str>| {
        let check = match line {
            Some(line) => replay(|| Shop, 4u32, line),
            None => check_all_orders(|| Shop, 4u32),
        };
        check
            .step("charge", charged)
            .receives(Approval { ok: false })
            .at_most(1)
            .seed(1)
            .expect(|sum| sum.is_err())
    };
    let broken = check(None).try_run().unwrap_err();
    let again = check(Some(broken.schedule())).try_run().unwrap_err();
    assert_eq!(broken.schedule(), again.schedule());
}

#[test]
#[should_panic(expected = "after \"open\" it says `ship`, and there is charge")]
fn a_line_that_does_not_fit_any_more_says_what_there_is() {
    let _ = replay(|| Shop, 4u32, "open ship").run();
}

#[test]
#[should_panic(expected = "the schedule says `pack`, which is no step of `Shop`")]
fn a_line_of_another_flow_is_refused() {
    let _ = replay(|| Shop, 4u32, "open pack").run();
}

#[test]
#[should_panic(expected = "`Shop` has no step `pay`; it has `open`, `charge`, `ship`")]
fn a_stand_in_for_no_step_is_refused() {
    let _ = check_all_orders(|| Shop, 4u32).fails("pay", 1);
}

/// It keeps something from one run to the next.
struct Leaking(&'static std::sync::atomic::AtomicU32);

#[workflow]
impl Leaking {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> (Order, Option<Packed>) {
        let runs = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (Order(n.0), (runs % 2 == 1).then_some(Packed(1)))
    }
    #[step]
    async fn order(&self, order: Order) -> StopEvent<u32> {
        StopEvent(order.0)
    }
    #[step]
    async fn packed(&self, packed: Packed) -> StopEvent<u32> {
        StopEvent(packed.0)
    }
}

#[test]
fn a_flow_that_does_not_do_the_same_twice_is_found_out() {
    static RUNS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    let broken = check_all_orders(|| Leaking(&RUNS), 1u32).try_run().unwrap_err();
    assert_eq!(broken.claim(), &Claim::Repeats);
}
