//! Approval: a person answers, the caller hears of progress, and a failure is caught.

use workflow_core::prelude::*;

#[event]
pub struct Order {
    id: u64,
    cents: u32,
}

#[event]
pub struct ApprovalNeeded {
    order: u64,
    question: String,
}

#[event]
pub struct Approval {
    order: u64,
    ok: bool,
    by: Option<String>,
}

#[event]
pub struct Paid {
    order: u64,
}

#[event]
pub struct Progress(f32);

pub struct Refund;

#[workflow(publishes(ApprovalNeeded, Progress), receives(Approval), timeout = "7days")]
impl Refund {
    #[step]
    async fn load_order(&self, ctx: &Context<Self>, id: StartEvent<u64>) -> Result<Order, std::io::Error> {
        ctx.publish(Progress(0.1));
        Ok(Order { id: id.0, cents: 999 })
    }

    /// Asks a person and waits for the answer; the rest of the run goes on meanwhile.
    #[step(sends(ApprovalNeeded), waits(Approval))]
    async fn approve(
        &self,
        ctx: &Context<Self>,
        order: Order,
    ) -> Result<Paid, Box<dyn std::error::Error + Send + Sync>> {
        ctx.send(ApprovalNeeded { order: order.id, question: format!("Pay back {}?", order.cents) })?;
        let answer = ctx.wait_for::<Approval>().matching(move |answer| answer.order == order.id).await;
        if answer.ok { Ok(Paid { order: order.id }) } else { Err("refused".into()) }
    }

    #[step(timeout = "10s", retry(attempts = 5, base = "100ms", max = "5s", jitter))]
    async fn send_receipt(&self, paid: Paid) -> Result<StopEvent<String>, std::io::Error> {
        Ok(StopEvent(format!("order {} is paid back", paid.order)))
    }

    /// Comes after the last try of any other step.
    #[step]
    #[catch]
    async fn apologise(&self, failed: StepFailed) -> StopEvent<String> {
        StopEvent(failed.error.to_string())
    }
}
