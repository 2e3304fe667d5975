//! swiftide: a typed task graph of nodes with transitions between them; the fan-out joined and run in parallel.

use async_trait::async_trait;
use swiftide_tasks::{
    ConcurrencyModel, DynNodeId, JoinInput, NodeArg, NodeError, Task, TaskNode, TaskRunOutcome, Transition,
};
use workflow_benches::{Entry, Msg, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "swiftide-tasks 0.33.0";

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

/// Gives the next payload. A node gets its input by reference, so a text is copied.
#[derive(Clone)]
struct Next<P> {
    park: bool,
    of: std::marker::PhantomData<fn(P) -> P>,
}

fn next<P>() -> Next<P> {
    Next { park: false, of: std::marker::PhantomData }
}

#[async_trait]
impl<P: Payload> TaskNode for Next<P> {
    type Input = P;
    type Output = P;
    type Error = NodeError;

    async fn evaluate(&self, _id: &DynNodeId<Self>, input: &P) -> Result<P, NodeError> {
        if self.park {
            park().await;
        }
        Ok(input.clone().next())
    }
}

/// Gives the number of the last payload.
#[derive(Clone)]
struct Last<P>(std::marker::PhantomData<fn(P)>);

#[async_trait]
impl<P: Payload> TaskNode for Last<P> {
    type Input = P;
    type Output = u64;
    type Error = NodeError;

    async fn evaluate(&self, _id: &DynNodeId<Self>, input: &P) -> Result<u64, NodeError> {
        Ok(input.number())
    }
}

async fn result<Input: NodeArg + Clone>(task: &mut Task<Input, u64>, input: Input) -> u64 {
    match task.run(input).await.expect("the task runs") {
        TaskRunOutcome::Completed(number) => number,
        TaskRunOutcome::Paused => unreachable!("no transition pauses"),
    }
}

async fn chain<P: Payload>(n: u64) -> u64 {
    let mut task = Task::<P, u64>::new();
    let one = task.register_node(next::<P>());
    let two = task.register_node(next::<P>());
    let last = task.register_node(Last(std::marker::PhantomData));
    task.starts_with(one);
    let after_one = move |payload: P| -> Transition {
        if payload.number() == n {
            last.transitions_with(payload).into()
        } else {
            two.transitions_with(payload).into()
        }
    };
    let after_two = move |payload: P| -> Transition {
        if payload.number() == n {
            last.transitions_with(payload).into()
        } else {
            one.transitions_with(payload).into()
        }
    };
    task.register_transition(one, after_one).expect("a first transition");
    task.register_transition(two, after_two).expect("a first transition");
    task.register_transition(last, task.transitions_to_finish()).expect("a first transition");
    measure_from_here();
    result(&mut task, P::new(0)).await
}

#[derive(Clone)]
struct Sum;

#[async_trait]
impl TaskNode for Sum {
    type Input = JoinInput<u64>;
    type Output = u64;
    type Error = NodeError;

    async fn evaluate(&self, _id: &DynNodeId<Self>, input: &JoinInput<u64>) -> Result<u64, NodeError> {
        Ok(input.iter().sum())
    }
}

#[derive(Clone)]
struct Width;

#[async_trait]
impl TaskNode for Width {
    type Input = u64;
    type Output = u64;
    type Error = NodeError;

    async fn evaluate(&self, _id: &DynNodeId<Self>, input: &u64) -> Result<u64, NodeError> {
        Ok(*input)
    }
}

async fn fan(n: u64) -> u64 {
    let mut task = Task::<u64, u64>::new();
    let width = task.register_node(Width);
    let work = task.register_node(next::<u64>());
    let sum = task.register_node(Sum);
    task.starts_with(width);
    task.register_transition(width, move |width: u64| {
        (1..width)
            .fold(Transition::fan_out(&work, 0_u64), |members, number| members.and(&work, number))
            .join_with(sum.join())
            .concurrency_model(ConcurrencyModel::Parallel)
    })
    .expect("a first transition");
    task.register_transition(work, sum.join()).expect("a first transition");
    task.register_transition(sum, task.transitions_to_finish()).expect("a first transition");
    measure_from_here();
    result(&mut task, n).await
}

fn three(park: bool) -> Task<u64, u64> {
    let mut task = Task::new();
    let one = task.register_node(next::<u64>());
    let two = task.register_node(Next { park, ..next::<u64>() });
    let three = task.register_node(next::<u64>());
    task.starts_with(one);
    task.register_transition(one, move |number| two.transitions_with(number)).expect("a first transition");
    task.register_transition(two, move |number| three.transitions_with(number)).expect("a first transition");
    task.register_transition(three, task.transitions_to_finish()).expect("a first transition");
    task
}

async fn runs(n: u64) -> u64 {
    let mut task = three(false);
    let mut sum = 0;
    for number in 0..n {
        sum += result(&mut task, number).await;
    }
    sum
}

async fn suspended(n: u64) -> u64 {
    let task = three(true);
    tasks(n, |number| {
        let mut task = task.clone();
        async move { result(&mut task, number).await }
    })
    .await
}
