//! Every option of a step: in a generic workflow, with an alias for results and steps under conditions.

use std::fmt;
use std::time::Duration;

use workflow_core::graph::{Catches, Graph, RunsOn, Shape};
use workflow_core::prelude::*;
use workflow_core::{BoxError, RetryPolicy};

type Result<T, E = BoxError> = std::result::Result<T, E>;

#[event]
struct Priced(u32);

#[event]
struct Question;

#[event]
struct Approval;

#[event]
struct Approved(u32);

#[event]
struct Packed(u32);

#[event]
struct Printed(u32);

trait Model: Send + Sync {
    type Error: fmt::Debug + fmt::Display + Send + Sync;

    fn price(&self, order: &str) -> std::result::Result<u32, Self::Error>;
}

#[derive(Clone)]
struct Fixed(u32);

impl Model for Fixed {
    type Error = BoxError;

    fn price(&self, order: &str) -> Result<u32> {
        Ok(self.0 * order.len() as u32)
    }
}

#[derive(Clone)]
struct Order<M> {
    model: M,
}

#[workflow(publishes(Question), receives(Approval))]
impl<M: Model + Clone + 'static> Order<M>
where
    M::Error: Into<BoxError>,
{
    fn policy() -> RetryPolicy {
        RetryPolicy::new()
    }

    #[step(timeout = "1m 30s", retry)]
    async fn price(&self, order: StartEvent<String>) -> std::result::Result<Priced, M::Error> {
        self.model.price(&order).map(Priced)
    }

    #[step(waits(Approval), retry = Self::policy)]
    async fn approve(&self, ctx: &Context<Self>, priced: Priced) -> Result<Approved> {
        ctx.publish(Question);
        Ok(Approved(priced.0))
    }

    #[step(spawn, workers = 2, timeout = "5s")]
    async fn pack(&self, ctx: &Context<Self>, approved: Approved) -> std::result::Result<Packed, M::Error> {
        tokio::task::yield_now().await;
        self.model.price(ctx.run_id())?;
        Ok(Packed(approved.0))
    }

    #[step(blocking)]
    fn print(&self, packed: Packed) -> Result<Printed> {
        Ok(Printed(packed.0))
    }

    #[cfg(all())]
    #[step(spawn)]
    async fn end(&self, printed: Printed) -> StopEvent<u32> {
        StopEvent(printed.0)
    }

    #[cfg(any())]
    #[step(blocking, waits(Approval))]
    fn end_otherwise(&self, printed: Printed) -> StopEvent<u32> {
        StopEvent(printed.0)
    }

    #[catch(of(price, end_otherwise, pack), times = 2)]
    #[step]
    async fn mend(&self, ctx: &Context<Self>, failed: StepFailed) -> Option<Approved> {
        ctx.set("last", &failed.step).ok()?;
        failed.input()
    }

    #[cfg(all())]
    #[step(timeout = "10s")]
    #[catch]
    async fn give_up(&self, failed: workflow_core::StepFailed) -> Result<StopEvent<u32>> {
        Err(failed.error.into())
    }
}

/// Steps that run apart, each in a way of its own.
#[derive(Clone)]
struct Apart;

#[event]
struct Left(u32);

#[event]
struct Right(u32);

#[derive(OneOf)]
enum Side {
    Left(Left),
    Right(Right),
}

#[workflow]
impl Apart {
    #[step(blocking)]
    fn split(&self, number: StartEvent<u32>) -> (Left, Right) {
        (Left(*number), Right(*number))
    }

    #[step(spawn, on(Left, Right))]
    async fn double(&self, side: Side) -> Doubled {
        match side {
            Side::Left(Left(number)) | Side::Right(Right(number)) => Doubled(2 * number),
        }
    }

    #[step(spawn)]
    async fn add(&self, one: Doubled, other: Doubled) -> Vec<Added> {
        vec![Added(one.0), Added(other.0)]
    }

    #[step(blocking)]
    fn sum(&self, ctx: &Context<Self>, all: Vec<Added>) -> StopEvent<u32> {
        assert!(!ctx.is_cancelled());
        StopEvent(all.iter().map(|added| added.0).sum())
    }
}

#[event]
struct Doubled(u32);

#[event]
struct Added(u32);

fn is_caught(graph: &Graph, step: usize) -> bool {
    let failed = graph.events.iter().position(|event| event.name == "StepFailed").unwrap() as u16;
    matches!(graph.steps[step].emits, Shape::OneOf([_, Shape::Event(event)]) if *event == failed)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let graph = Order::<Fixed>::graph();
    let names: Vec<_> = graph.steps.iter().map(|step| step.name).collect();
    assert_eq!(names, ["price", "approve", "pack", "print", "end", "mend", "give_up"]);
    assert_eq!(graph.steps[0].timeout, Some(Duration::from_secs(90)));
    let retries: Vec<_> = graph.steps.iter().map(|step| step.retries).collect();
    assert_eq!(retries, [true, true, false, false, false, false, false]);
    let policies: Vec<_> = (0..7).map(|step| Order::<Fixed>::retry(step).is_some()).collect();
    assert_eq!(policies, retries);
    let runs: Vec<_> = graph.steps.iter().map(|step| step.runs).collect();
    assert_eq!(runs[1..5], [RunsOn::Run, RunsOn::Task, RunsOn::Pool, RunsOn::Task]);
    assert_eq!(graph.event_name(graph.steps[1].waits[0]), "Approval");
    assert_eq!(graph.steps[5].catches, Some(Catches { of: &[0, 2], times: 2 }));
    assert_eq!(graph.steps[6].catches, Some(Catches { of: &[], times: 1 }));
    let caught: Vec<_> = (0..7).map(|step| is_caught(graph, step)).collect();
    assert_eq!(caught, [true, true, true, true, true, false, false]);
    for step in 0..7 {
        assert_eq!(graph.catcher(step).is_some(), caught[step]);
    }
    let _ = Order { model: Fixed(1) };

    assert_eq!(Apart.run(3_u32).await?, 12);
    Ok(())
}
