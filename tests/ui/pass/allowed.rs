//! What looks like a mistake and is none, or is said to be none.

use workflow_core::prelude::*;

#[event]
struct Progress(u32);

#[event]
struct Unused;

#[event]
struct Draft;

#[event]
struct Approval;

#[event]
struct Log;

/// `Unused` goes to the caller, in case a step ever emits it; a step that only talks to the caller is no
/// dead end; one that is never reached, and one that ends in nothing, say so.
struct Flow;

#[workflow(publishes(Progress, Unused), receives(Approval))]
impl Flow {
    #[step]
    async fn begin(&self, _: StartEvent<u32>) -> (Draft, Log) {
        (Draft, Log)
    }

    #[step]
    async fn report(&self, _: Draft) -> Option<Progress> {
        Some(Progress(1))
    }

    #[step(allow(dead_end))]
    async fn log(&self, _: Log) {}

    #[step(allow(unreachable))]
    async fn later(&self, _: Unused) -> StopEvent<u32> {
        StopEvent(0)
    }

    #[step]
    async fn end(&self, _: Approval) -> StopEvent<u32> {
        StopEvent(1)
    }
}

/// A step that nothing but a send reaches, and a stop that is sent.
struct Sends;

#[workflow]
impl Sends {
    #[step(sends(Draft), allow(dead_end))]
    async fn begin(&self, ctx: &Context<Self>, _: StartEvent<u32>) -> Result<(), SendError> {
        ctx.send(Draft)
    }

    #[step(sends(StopEvent<u32>))]
    async fn end(&self, ctx: &Context<Self>, _: Draft) -> Result<(), SendError> {
        ctx.send(StopEvent(3))
    }
}

/// A loop that can only be left by an error or by the timeout has a way out that the types do not show.
struct Forever;

#[workflow(timeout = "10ms")]
impl Forever {
    #[step(allow(dead_end))]
    async fn begin(&self, _: StartEvent<u32>) -> Draft {
        Draft
    }

    #[step(allow(dead_end))]
    async fn again(&self, _: Draft) -> Draft {
        tokio::task::yield_now().await;
        Draft
    }

    #[step(allow(unreachable))]
    async fn end(&self, _: Unused) -> StopEvent<u32> {
        StopEvent(0)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let mut run = Flow.run(1_u32);
    assert!(matches!(run.next().await, Some(FlowEvent::Progress(Progress(1)))));
    run.send(Approval).expect("the run is not over");
    assert_eq!(run.await?, 1);
    assert_eq!(Sends.run(1_u32).await?, 3);
    assert!(Forever.run(1_u32).await.is_err());
    Ok(())
}
