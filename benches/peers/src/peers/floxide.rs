//! floxide: nodes and a workflow by its macros, routed by enums, run in one process. Its queue takes the members
//! of a fan-out (`SplitNode`) one at a time; a node that holds until the last of them is its join.
#![allow(unused_braces, reason = "the macro asks for them")]

use ::floxide::{
    FloxideError, Node, SharedState, SplitNode, Transition, Workflow, WorkflowCtx, node, workflow,
};
use serde::{Deserialize, Serialize};
use workflow_benches::{Entry, Msg, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "floxide 3.2.2";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain(n))),
        entry(NAME, Work::ChainText, |n| Box::pin(chain_text(n))),
        entry(NAME, Work::Fan1k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan10k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan100k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(tasks(n, suspended))),
    ]
}

/// Where a payload goes.
#[derive(Clone, Debug)]
pub enum Turn<P> {
    Next(P),
    Last(P),
}

fn turn<P: Payload>(payload: P, last: u64) -> Result<Transition<Turn<P>>, FloxideError> {
    let payload = payload.next();
    let last = payload.number() == last;
    Ok(Transition::Next(if last { Turn::Last(payload) } else { Turn::Next(payload) }))
}

node! {
    pub struct OfNumber { last: u64 };
    context = ();
    input = u64;
    output = Turn<u64>;
    |_ctx, number| { turn(number, self.last) }
}

node! {
    pub struct LastNumber {};
    context = ();
    input = u64;
    output = u64;
    |_ctx, number| { Ok(Transition::Next(number)) }
}

workflow! {
    pub struct Numbers {
        one: OfNumber,
        two: OfNumber,
        last: LastNumber,
    }
    context = ();
    start = one;
    edges {
        one => {
            Turn::Next(number) => [two];
            Turn::Last(number) => [last];
        };
        two => {
            Turn::Next(number) => [one];
            Turn::Last(number) => [last];
        };
        last => {};
    }
}

async fn chain(n: u64) -> u64 {
    let numbers = Numbers { one: OfNumber { last: n }, two: OfNumber { last: n }, last: LastNumber {} };
    numbers.run(&WorkflowCtx::new(()), 0).await.expect("the workflow runs")
}

node! {
    pub struct OfText { last: u64 };
    context = ();
    input = Msg;
    output = Turn<Msg>;
    |_ctx, payload| { turn(payload, self.last) }
}

node! {
    pub struct LastText {};
    context = ();
    input = Msg;
    output = u64;
    |_ctx, payload| { Ok(Transition::Next(payload.number())) }
}

workflow! {
    pub struct Texts {
        one: OfText,
        two: OfText,
        last: LastText,
    }
    context = ();
    start = one;
    edges {
        one => {
            Turn::Next(payload) => [two];
            Turn::Last(payload) => [last];
        };
        two => {
            Turn::Next(payload) => [one];
            Turn::Last(payload) => [last];
        };
        last => {};
    }
}

async fn chain_text(n: u64) -> u64 {
    let texts = Texts { one: OfText { last: n }, two: OfText { last: n }, last: LastText {} };
    texts.run(&WorkflowCtx::new(()), Msg::new(0)).await.expect("the workflow runs")
}

/// What the join has so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Joined {
    members: SharedState<(u64, u64)>,
    width: u64,
}

node! {
    pub struct Member {};
    context = Joined;
    input = u64;
    output = u64;
    |_ctx, number| { Ok(Transition::Next(number.next())) }
}

node! {
    pub struct Join {};
    context = Joined;
    input = u64;
    output = u64;
    |ctx, number| {
        let mut members = ctx.members.get().await;
        let (count, sum) = &mut *members;
        *count += 1;
        *sum += number;
        if *count < ctx.width { Ok(Transition::Hold) } else { Ok(Transition::Next(*sum)) }
    }
}

node! {
    pub struct Sum {};
    context = Joined;
    input = u64;
    output = u64;
    |_ctx, sum| { Ok(Transition::Next(sum)) }
}

workflow! {
    pub struct Fan {
        split: SplitNode<u64, u64, fn(u64) -> Vec<u64>>,
        member: Member,
        join: Join,
        sum: Sum,
    }
    context = Joined;
    start = split;
    edges {
        split => { [member] };
        member => { [join] };
        join => { [sum] };
        sum => {};
    }
}

async fn fan(n: u64) -> u64 {
    let fan = Fan {
        split: SplitNode::new(|width| (0..width).collect()),
        member: Member {},
        join: Join {},
        sum: Sum {},
    };
    let context = WorkflowCtx::new(Joined { members: SharedState::default(), width: n });
    measure_from_here();
    fan.run(&context, n).await.expect("the workflow runs")
}

node! {
    pub struct Step { park: bool };
    context = ();
    input = u64;
    output = u64;
    |_ctx, number| {
        if self.park {
            park().await;
        }
        Ok(Transition::Next(number.next()))
    }
}

workflow! {
    pub struct Three {
        one: Step,
        two: Step,
        three: Step,
    }
    context = ();
    start = one;
    edges {
        one => { [two] };
        two => { [three] };
        three => {};
    }
}

fn three(park: bool) -> Three {
    Three { one: Step { park: false }, two: Step { park }, three: Step { park: false } }
}

async fn runs(n: u64) -> u64 {
    let three = three(false);
    let mut sum = 0;
    for number in 0..n {
        sum += three.run(&WorkflowCtx::new(()), number).await.expect("the workflow runs");
    }
    sum
}

async fn suspended(number: u64) -> u64 {
    three(true).run(&WorkflowCtx::new(()), number).await.expect("the workflow runs")
}
