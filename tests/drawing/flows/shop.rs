//! Shop: the flow of the README that asks a person, and the pictures of the two flows there.

use workflow_core::prelude::*;

#[event]
pub struct Approved(u64);
#[event]
pub struct ApprovalNeeded(u64);
#[event]
pub struct Approval {
    order: u64,
    ok: bool,
}

pub struct Shop;

#[workflow(publishes(ApprovalNeeded), receives(Approval))]
impl Shop {
    /// Asks a person and waits for the answer; the rest of the run goes on meanwhile.
    #[step(waits(Approval))]
    async fn approve(&self, ctx: &Context<Self>, order: StartEvent<u64>) -> Result<Approved, &'static str> {
        let order = order.0;
        ctx.publish(ApprovalNeeded(order));
        let answer = ctx.wait_for::<Approval>().matching(move |answer| answer.order == order).await;
        answer.ok.then_some(Approved(order)).ok_or("refused")
    }

    #[step(timeout = "10s", retry(attempts = 5, base = "100ms", max = "5s", jitter))]
    async fn charge(&self, order: Approved) -> Result<StopEvent<String>, std::io::Error> {
        Ok(StopEvent(format!("order {} is paid", order.0)))
    }

    /// Comes after the last try of any other step.
    #[step]
    #[catch]
    async fn apologise(&self, failed: StepFailed) -> StopEvent<String> {
        StopEvent(format!("{} gave up after {} attempts: {}", failed.step, failed.attempts, failed.error))
    }
}

/// What the person answers who does not want the order.
pub fn refusal(order: u64) -> Approval {
    Approval { order, ok: false }
}
