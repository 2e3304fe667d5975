//! blazen: typed events and steps by its macros, without the lifecycle events that nobody here reads.

use ::blazen::prelude::*;
use workflow_benches::{Entry, Msg, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "blazen 0.7.0";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain(n))),
        entry(NAME, Work::ChainText, |n| Box::pin(chain_text(n))),
        entry(NAME, Work::Fan1k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan10k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan100k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(suspended(n))),
    ]
}

fn stop(number: u64) -> StopEvent {
    StopEvent { result: number.into() }
}

fn flow(steps: impl IntoIterator<Item = StepRegistration>) -> Workflow {
    let builder = WorkflowBuilder::new("flow").auto_publish_events(false);
    steps.into_iter().fold(builder, WorkflowBuilder::step).build().expect("a workflow")
}

async fn result<E: Event + Serialize>(flow: &Workflow, first: E) -> u64 {
    let end = flow.run_with_event(first).await.expect("the workflow begins").result().await.expect("it ends");
    let stop = end.event.as_any().downcast_ref::<StopEvent>().expect("it ends by a stop event");
    stop.result.as_u64().expect("a number")
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct One {
    number: u64,
    last: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct Two {
    number: u64,
    last: u64,
}

#[step(emits = [Two, StopEvent])]
async fn one(event: One, _ctx: Context) -> Result<StepOutput, WorkflowError> {
    let (number, last) = (event.number.next(), event.last);
    Ok(StepOutput::Single(if number == last {
        Box::new(stop(number))
    } else {
        Box::new(Two { number, last })
    }))
}

#[step(emits = [One, StopEvent])]
async fn two(event: Two, _ctx: Context) -> Result<StepOutput, WorkflowError> {
    let (number, last) = (event.number.next(), event.last);
    Ok(StepOutput::Single(if number == last {
        Box::new(stop(number))
    } else {
        Box::new(One { number, last })
    }))
}

async fn chain(n: u64) -> u64 {
    let flow = flow([one_registration(), two_registration()]);
    measure_from_here();
    result(&flow, One { number: 0, last: n }).await
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct OneText {
    payload: Msg,
    last: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct TwoText {
    payload: Msg,
    last: u64,
}

#[step(emits = [TwoText, StopEvent])]
async fn one_text(event: OneText, _ctx: Context) -> Result<StepOutput, WorkflowError> {
    let (payload, last) = (event.payload.next(), event.last);
    Ok(StepOutput::Single(if payload.number() == last {
        Box::new(stop(last))
    } else {
        Box::new(TwoText { payload, last })
    }))
}

#[step(emits = [OneText, StopEvent])]
async fn two_text(event: TwoText, _ctx: Context) -> Result<StepOutput, WorkflowError> {
    let (payload, last) = (event.payload.next(), event.last);
    Ok(StepOutput::Single(if payload.number() == last {
        Box::new(stop(last))
    } else {
        Box::new(OneText { payload, last })
    }))
}

async fn chain_text(n: u64) -> u64 {
    let flow = flow([one_text_registration(), two_text_registration()]);
    measure_from_here();
    result(&flow, OneText { payload: Msg::new(0), last: n }).await
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct Fan {
    width: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct Member {
    number: u64,
    width: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct Worked {
    number: u64,
    width: u64,
}

#[step(emits = [Member])]
async fn spread(event: Fan, _ctx: Context) -> Result<StepOutput, WorkflowError> {
    let member = |number| Box::new(Member { number, width: event.width }) as Box<dyn AnyEvent>;
    Ok(StepOutput::Multiple((0..event.width).map(member).collect()))
}

#[step]
async fn work(event: Member, _ctx: Context) -> Result<Worked, WorkflowError> {
    Ok(Worked { number: event.number.next(), width: event.width })
}

#[step(emits = [StopEvent])]
async fn join(event: Worked, ctx: Context) -> Result<StepOutput, WorkflowError> {
    let width = usize::try_from(event.width).expect("a width");
    Ok(match ctx.collect_events::<Worked>(width).await {
        Some(members) => StepOutput::Single(Box::new(stop(members.iter().map(|member| member.number).sum()))),
        None => StepOutput::None,
    })
}

async fn fan(n: u64) -> u64 {
    let flow = flow([spread_registration(), work_registration(), join_registration()]);
    measure_from_here();
    result(&flow, Fan { width: n }).await
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct First {
    number: u64,
    park: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct Second {
    number: u64,
    park: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
struct Third {
    number: u64,
}

#[step]
async fn first(event: First, _ctx: Context) -> Result<Second, WorkflowError> {
    Ok(Second { number: event.number.next(), park: event.park })
}

#[step]
async fn second(event: Second, _ctx: Context) -> Result<Third, WorkflowError> {
    if event.park {
        park().await;
    }
    Ok(Third { number: event.number.next() })
}

#[step]
async fn third(event: Third, _ctx: Context) -> Result<StopEvent, WorkflowError> {
    Ok(stop(event.number.next()))
}

fn three() -> Workflow {
    flow([first_registration(), second_registration(), third_registration()])
}

async fn runs(n: u64) -> u64 {
    let flow = three();
    let mut sum = 0;
    for number in 0..n {
        sum += result(&flow, First { number, park: false }).await;
    }
    sum
}

async fn suspended(n: u64) -> u64 {
    let flow = std::sync::Arc::new(three());
    tasks(n, |number| {
        let flow = std::sync::Arc::clone(&flow);
        async move { result(&flow, First { number, park: true }).await }
    })
    .await
}
