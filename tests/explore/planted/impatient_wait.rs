//! A wait that gives up, and a run that forgets what comes after.

use std::time::Duration;

use workflow_core::prelude::*;

use super::{found, holds};

#[event]
struct Ask(u32);
#[event]
struct Answer(u32);
#[event]
struct Refused;

struct Impatient;

#[workflow]
impl Impatient {
    #[step]
    async fn open(&self, order: StartEvent<u32>) -> (Ask, Refused) {
        (Ask(order.0), Refused)
    }
    #[step]
    async fn think(&self, ctx: &Context<Self>, ask: Ask) -> Answer {
        ctx.sleep(Duration::from_secs(10)).await;
        Answer(ask.0)
    }
    #[step(waits(Answer))]
    async fn wait(&self, ctx: &Context<Self>, _default: Refused) -> StopEvent<Option<u32>> {
        let answer = ctx.wait_for::<Answer>().timeout(Duration::from_secs(10)).await;
        StopEvent(answer.ok().map(|answer| answer.0))
    }
}

struct Patient;

#[workflow]
impl Patient {
    #[step]
    async fn open(&self, order: StartEvent<u32>) -> (Ask, Refused) {
        (Ask(order.0), Refused)
    }
    #[step]
    async fn think(&self, ctx: &Context<Self>, ask: Ask) -> Answer {
        ctx.sleep(Duration::from_secs(10)).await;
        Answer(ask.0)
    }
    #[step(waits(Answer))]
    async fn wait(&self, ctx: &Context<Self>, _default: Refused) -> StopEvent<Option<u32>> {
        let answer = ctx.wait_for::<Answer>().await;
        StopEvent(Some(answer.0))
    }
}

#[test]
fn a_wait_that_is_over_too_early_is_found() {
    let answered = |outcome: &Result<Option<u32>, RunError>| matches!(outcome, Ok(Some(7)));
    let broken = found(|| Impatient, 7, |check| check.expect(answered));
    assert_eq!(broken.schedules(), 1);
    holds(|| Patient, 7, |check| check.expect(answered));
}
