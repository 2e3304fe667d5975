//! Shop: a flow with a batch, a failure, a thread, a task, a child and a wait, for those who look on.

use workflow_core::prelude::*;

#[derive(Debug, thiserror::Error)]
#[error("out of order")]
pub(crate) struct OutOfOrder;

#[event]
pub(crate) struct Item(pub(crate) u32);
#[event]
pub(crate) struct Done(pub(crate) u32);
#[event]
pub(crate) struct Approval;
#[event]
pub(crate) struct Progress(pub(crate) u32);

/// Doubles a number on another task, in a workflow of its own.
#[derive(Clone)]
pub(crate) struct Twice;

#[workflow]
impl Twice {
    #[step(spawn)]
    async fn twice(&self, number: StartEvent<u32>) -> StopEvent<u32> {
        tracing::info!("doubling");
        StopEvent(number.0 * 2)
    }
}

/// Has a batch, a failure, a thread, a child and a wait.
#[derive(Clone)]
pub(crate) struct Shop;

#[workflow(publishes(Progress), receives(Approval))]
impl Shop {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> Vec<Item> {
        (0..count.0).map(Item).collect()
    }

    #[step(retry(attempts = 2, wait = "1s"), workers = 1)]
    async fn work(&self, ctx: &Context<Self>, item: Item) -> Result<Done, OutOfOrder> {
        if item.0 == 0 && ctx.attempt().number == 1 {
            return Err(OutOfOrder);
        }
        ctx.publish(Progress(item.0));
        Ok(Done(item.0))
    }

    #[step(waits(Approval))]
    async fn gather(&self, ctx: &Context<Self>, done: Vec<Done>) -> Result<Sum, RunError> {
        ctx.wait_for::<Approval>().await;
        Ok(Sum(ctx.call(&Twice, done.iter().map(|done| done.0).sum::<u32>()).await?))
    }

    #[step(blocking)]
    fn finish(&self, sum: Sum) -> StopEvent<u32> {
        tracing::info!("finishing");
        StopEvent(sum.0)
    }
}

#[event]
pub(crate) struct Sum(pub(crate) u32);
