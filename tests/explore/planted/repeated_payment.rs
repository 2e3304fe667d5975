//! A step that pays and then fails or dies, so that its next try pays again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use workflow_core::prelude::*;

use super::{found, holds};

/// A bank that does the same thing once, if it is told by a key that it is the same.
#[derive(Clone, Default)]
struct Bank {
    paid: Arc<Mutex<BTreeMap<String, u32>>>,
    calls: Arc<Mutex<u32>>,
}

impl Bank {
    fn pay(&self, key: Option<String>, amount: u32) {
        let mut calls = self.calls.lock().unwrap();
        *calls += 1;
        let key = key.unwrap_or_else(|| format!("call {calls}"));
        self.paid.lock().unwrap().insert(key, amount);
    }

    fn sum(&self) -> u32 {
        self.paid.lock().unwrap().values().sum()
    }
}

#[event]
struct Paid;

struct Careless {
    bank: Bank,
}

#[workflow]
impl Careless {
    #[step]
    async fn pay(&self, amount: StartEvent<u32>) -> Paid {
        self.bank.pay(None, amount.0);
        Paid
    }
    #[step]
    async fn finish(&self, _paid: Paid) -> StopEvent<u32> {
        StopEvent(self.bank.sum())
    }
}

struct Careful {
    bank: Bank,
}

#[workflow]
impl Careful {
    #[step]
    async fn pay(&self, ctx: &Context<Self>, amount: StartEvent<u32>) -> Paid {
        self.bank.pay(Some(ctx.idempotency_key()), amount.0);
        Paid
    }
    #[step]
    async fn finish(&self, _paid: Paid) -> StopEvent<u32> {
        StopEvent(self.bank.sum())
    }
}

/// It pays, and then the receipt fails to print.
struct Retrying {
    bank: Bank,
    uses_key: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the printer is out of paper")]
struct NoPaper;

#[workflow]
impl Retrying {
    #[step(retry(attempts = 2, wait = "1s"))]
    async fn pay(&self, ctx: &Context<Self>, amount: StartEvent<u32>) -> Result<Paid, NoPaper> {
        self.bank.pay(self.uses_key.then(|| ctx.idempotency_key()), amount.0);
        if ctx.attempt().number == 1 { Err(NoPaper) } else { Ok(Paid) }
    }
    #[step]
    async fn finish(&self, _paid: Paid) -> StopEvent<u32> {
        StopEvent(self.bank.sum())
    }
}

fn paid_once(outcome: &Result<u32, RunError>) -> bool {
    matches!(outcome, Ok(42))
}

#[test]
fn a_payment_that_a_crash_repeats_is_found() {
    let broken = found(|| Careless { bank: Bank::default() }, 42, |check| check.crashes().expect(paid_once));
    assert_eq!((broken.schedules(), broken.schedule()), (4, "!pay"));
    let explored = holds(|| Careful { bank: Bank::default() }, 42, |check| check.crashes().expect(paid_once));
    assert!(explored.crashed > 0);
}

#[test]
fn a_payment_that_a_retry_repeats_is_found() {
    let broken =
        found(|| Retrying { bank: Bank::default(), uses_key: false }, 42, |check| check.expect(paid_once));
    assert_eq!(broken.schedules(), 1);
    holds(
        || Retrying { bank: Bank::default(), uses_key: true },
        42,
        |check| check.crashes().expect(paid_once),
    );
}
