//! Flows: the runs that are looked at.

use std::time::Duration;

use workflow_core::prelude::*;

/// Two steps, one after the other.
pub(crate) struct Greeter;

#[event]
pub(crate) struct Draft {
    pub(crate) text: String,
}

#[workflow]
impl Greeter {
    #[step]
    async fn write(&self, name: StartEvent<String>) -> Draft {
        tracing::info_span!("look up", otel.kind = "client").in_scope(|| ());
        Draft { text: format!("hello {}", name.0) }
    }

    #[step]
    async fn polish(&self, draft: Draft) -> StopEvent<String> {
        StopEvent(draft.text + "!")
    }
}

/// What it was for.
#[derive(Debug, thiserror::Error)]
#[error("the order {0} is refused")]
pub(crate) struct Refused(pub(crate) u32, #[source] pub(crate) Cause);

#[derive(Debug, thiserror::Error)]
#[error("the card has expired")]
pub(crate) struct Cause;

/// A batch of orders, of which one fails at first and one for good, which is caught.
pub(crate) struct Orders;

#[event]
pub(crate) struct Order(pub(crate) u32);
#[event]
pub(crate) struct Shipped(pub(crate) u32);

#[workflow]
impl Orders {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> Vec<Order> {
        (0..count.0).map(Order).collect()
    }

    #[step(workers = 1, retry(attempts = 2, wait = "1s"))]
    async fn ship(&self, ctx: &Context<Self>, order: Order) -> Result<Shipped, Refused> {
        match (order.0, ctx.attempt().number) {
            (0, 1) | (1, _) => Err(Refused(order.0, Cause)),
            (number, _) => Ok(Shipped(number)),
        }
    }

    #[step]
    #[catch(of(ship))]
    async fn refund(&self, failed: StepFailed) -> Shipped {
        failed.input::<Order>().map_or(Shipped(0), |order| Shipped(order.0))
    }

    #[step]
    async fn bill(&self, shipped: Vec<Shipped>) -> StopEvent<u32> {
        StopEvent(shipped.len() as u32)
    }
}

/// Waits for an answer, once in vain, and then calls another workflow.
pub(crate) struct Asks;

#[event]
pub(crate) struct Answer(pub(crate) String);

#[workflow(receives(Answer))]
impl Asks {
    #[step(waits(Answer))]
    async fn ask(
        &self,
        ctx: &Context<Self>,
        name: StartEvent<String>,
    ) -> Result<StopEvent<String>, RunError> {
        let _ = ctx.wait_for::<Answer>().timeout(Duration::from_secs(1)).await;
        let answer = ctx.wait_for::<Answer>().await;
        let greeting = ctx.call(&Greeter, name.0).await?;
        Ok(StopEvent(greeting + &answer.0))
    }
}

/// Two steps at once, of which the one that stops cuts the other; or fails; or never ends.
pub(crate) struct Races;

#[event]
pub(crate) struct Slow;
#[event]
pub(crate) struct Fast(pub(crate) String);

#[workflow]
impl Races {
    #[step]
    async fn begin(&self, how: StartEvent<String>) -> (Slow, Fast) {
        (Slow, Fast(how.0))
    }

    #[step]
    async fn wait(&self, ctx: &Context<Self>, _slow: Slow) -> StopEvent<()> {
        ctx.sleep(Duration::from_secs(3600)).await;
        StopEvent(())
    }

    #[step]
    async fn hurry(&self, fast: Fast) -> Result<StopEvent<()>, Refused> {
        match fast.0.as_str() {
            "fails" => Err(Refused(7, Cause)),
            "panics" => panic!("out of stock"),
            "hangs" => std::future::pending().await,
            _ => Ok(StopEvent(())),
        }
    }
}
