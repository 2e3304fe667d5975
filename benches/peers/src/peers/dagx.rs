//! dagx: a graph of typed tasks, built for each run, for it runs once: building counts.
//!
//! No loops: the chain is graphs of 100 tasks in a row, one after the other; one graph of all tasks would take four
//! times as long. A task has at most eight dependencies, so members are
//! joined by a tree of sums of eight.

use ::dagx::{DagRunner, Task, TaskHandle, task};
use workflow_benches::{Entry, Msg, Payload, Work, park, tasks};

use super::entry;

const NAME: &str = "dagx 0.3.1";
const STEPS: u64 = 100;

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

async fn run(dag: &DagRunner) {
    dag.run(|task| drop(tokio::spawn(task))).await.expect("the graph runs");
}

struct First(u64);

#[task]
impl First {
    async fn run(&self) -> u64 {
        self.0
    }
}

struct One;

#[task]
impl One {
    async fn run(number: &u64) -> u64 {
        number.next()
    }
}

struct Two;

#[task]
impl Two {
    async fn run(number: &u64) -> u64 {
        number.next()
    }
}

async fn chain(n: u64) -> u64 {
    let mut number = 0;
    while number < n {
        let dag = DagRunner::new();
        let mut last: TaskHandle<u64> = dag.add_task(First(number)).into();
        for step in 0..STEPS.min(n - number) {
            last = if step % 2 == 0 {
                dag.add_task(One).depends_on(last)
            } else {
                dag.add_task(Two).depends_on(last)
            };
        }
        run(&dag).await;
        number = dag.get(last).expect("the last number");
    }
    number
}

struct FirstText(Msg);

#[task]
impl FirstText {
    async fn run(&self) -> Msg {
        self.0.clone()
    }
}

struct OneText;

#[task]
impl OneText {
    async fn run(payload: &Msg) -> Msg {
        payload.clone().next()
    }
}

struct TwoText;

#[task]
impl TwoText {
    async fn run(payload: &Msg) -> Msg {
        payload.clone().next()
    }
}

async fn chain_text(n: u64) -> u64 {
    let mut payload = Msg::new(0);
    while payload.number() < n {
        let dag = DagRunner::new();
        let rest = n - payload.number();
        let mut last: TaskHandle<Msg> = dag.add_task(FirstText(payload)).into();
        for step in 0..STEPS.min(rest) {
            last = if step % 2 == 0 {
                dag.add_task(OneText).depends_on(last)
            } else {
                dag.add_task(TwoText).depends_on(last)
            };
        }
        run(&dag).await;
        payload = dag.get(last).expect("the last payload");
    }
    payload.number()
}

struct Member(u64);

#[task]
impl Member {
    async fn run(&self, start: &u64) -> u64 {
        (start + self.0).next()
    }
}

struct Sum;

#[task]
impl Sum {
    #[allow(clippy::too_many_arguments, reason = "each is a dependency")]
    async fn run(a: &u64, b: &u64, c: &u64, d: &u64, e: &u64, f: &u64, g: &u64, h: &u64) -> u64 {
        a + b + c + d + e + f + g + h
    }
}

async fn fan(n: u64) -> u64 {
    let dag = DagRunner::new();
    let zero: TaskHandle<u64> = dag.add_task(First(0)).into();
    let mut joined: Vec<TaskHandle<u64>> =
        (0..n).map(|number| dag.add_task(Member(number)).depends_on(zero)).collect();
    while joined.len() > 1 {
        let sum = |members: &[TaskHandle<u64>]| {
            let member = |index| members.get(index).unwrap_or(&zero);
            let first = (member(0), member(1), member(2), member(3));
            let second = (member(4), member(5), member(6), member(7));
            dag.add_task(Sum)
                .depends_on((first.0, first.1, first.2, first.3, second.0, second.1, second.2, second.3))
        };
        joined = joined.chunks(8).map(sum).collect();
    }
    run(&dag).await;
    dag.get(joined.remove(0)).expect("the sum")
}

struct Parked;

#[task]
impl Parked {
    async fn run(number: &u64) -> u64 {
        park().await;
        number.next()
    }
}

async fn runs(n: u64) -> u64 {
    let mut sum = 0;
    for number in 0..n {
        let dag = DagRunner::new();
        let one = dag.add_task(First(number.next()));
        let two = dag.add_task(Two).depends_on(&one);
        let three = dag.add_task(One).depends_on(two);
        run(&dag).await;
        sum += dag.get(three).expect("the last number");
    }
    sum
}

async fn suspended(number: u64) -> u64 {
    let dag = DagRunner::new();
    let one: TaskHandle<u64> = dag.add_task(First(number.next())).into();
    let two = dag.add_task(Parked).depends_on(one);
    let three = dag.add_task(One).depends_on(two);
    run(&dag).await;
    dag.get(three).expect("the last number")
}
