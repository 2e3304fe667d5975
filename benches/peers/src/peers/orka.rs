//! orka: pipelines over a shared context, whose handlers change it under its lock; a fan-out is its `FanOut` over
//! a pipeline, called from a handler.
//!
//! No loops: the chain is a pipeline of 100 steps, two handlers by turns, run again until the number is reached.

use std::sync::Arc;

use ::orka::{ContextData, FanOut, OrkaError, Pipeline, PipelineControl};
use workflow_benches::{Entry, Msg, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "orka 0.3.1";
const STEPS: usize = 100;

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain::<u64>(n))),
        entry(NAME, Work::ChainText, |n| Box::pin(chain::<Msg>(n))),
        entry(NAME, Work::Fan1k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan10k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan100k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(suspended(n))),
    ]
}

type Flow<T> = Pipeline<T, OrkaError>;

struct Turns<P> {
    payload: Option<P>,
    last: u64,
}

impl<P: Payload> Turns<P> {
    fn advance(&mut self) -> PipelineControl {
        self.payload = self.payload.take().map(P::next);
        if self.number() == self.last { PipelineControl::Stop } else { PipelineControl::Continue }
    }

    fn number(&self) -> u64 {
        self.payload.as_ref().map_or(0, P::number)
    }
}

async fn chain<P: Payload>(n: u64) -> u64 {
    let names: Vec<String> = (0..STEPS).map(|step| format!("step {step}")).collect();
    let mut flow = Flow::<Turns<P>>::new(&names);
    for pair in names.chunks(2) {
        flow.on_root(&pair[0], |context| async move { Ok(context.with_mut(Turns::advance)) });
        flow.on_root(&pair[1], |context| async move { Ok(context.with_mut(Turns::advance)) });
    }
    measure_from_here();
    let context = ContextData::new(Turns { payload: Some(P::new(0)), last: n });
    while context.with_ref(Turns::number) < n {
        flow.run(context.clone()).await.expect("the pipeline runs");
    }
    context.with_ref(Turns::number)
}

struct Fan {
    width: u64,
    sum: u64,
}

async fn fan(n: u64) -> u64 {
    let mut worker = Flow::<u64>::new(["work"]);
    worker.on_root("work", |member| async move {
        member.with_mut(|number| *number = number.next());
        Ok(PipelineControl::Continue)
    });
    let fan_out = Arc::new(FanOut::new(Arc::new(worker)));
    let mut flow = Flow::<Fan>::new(["fan"]);
    flow.on_root("fan", move |context| {
        let fan_out = Arc::clone(&fan_out);
        async move {
            let members = fan_out.run(0..context.with_ref(|fan| fan.width)).await;
            let sum = members.oks().map(|member| member.with_ref(|number| *number)).sum();
            context.with_mut(|fan| fan.sum = sum);
            members.into_control()
        }
    });
    measure_from_here();
    let context = ContextData::new(Fan { width: n, sum: 0 });
    flow.run(context.clone()).await.expect("the pipeline runs");
    context.with_ref(|fan| fan.sum)
}

fn three<const PARK: bool>() -> Flow<u64> {
    let mut flow = Flow::<u64>::new(["one", "two", "three"]);
    flow.on_root("one", |context| async move {
        context.with_mut(|number| *number = number.next());
        Ok(PipelineControl::Continue)
    });
    flow.on_root("two", |context| async move {
        if PARK {
            park().await;
        }
        context.with_mut(|number| *number = number.next());
        Ok(PipelineControl::Continue)
    });
    flow.on_root("three", |context| async move {
        context.with_mut(|number| *number = number.next());
        Ok(PipelineControl::Continue)
    });
    flow
}

async fn run(flow: &Flow<u64>, number: u64) -> u64 {
    let context = ContextData::new(number);
    flow.run(context.clone()).await.expect("the pipeline runs");
    context.with_ref(|number| *number)
}

async fn runs(n: u64) -> u64 {
    let flow = three::<false>();
    let mut sum = 0;
    for number in 0..n {
        sum += run(&flow, number).await;
    }
    sum
}

async fn suspended(n: u64) -> u64 {
    let flow = Arc::new(three::<true>());
    tasks(n, |number| {
        let flow = Arc::clone(&flow);
        async move { run(&flow, number).await }
    })
    .await
}
