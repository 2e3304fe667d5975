//! graph-flow: tasks over a session's JSON context, in one call by `ContinueAndExecute`; the fan-out by its
//! `FanOutTask`, a child for each member. The graph executes a session directly, without a session storage.

use std::sync::Arc;

use ::graph_flow::{Context, FanOutTask, Graph, GraphBuilder, NextAction, Result, Session, Task, TaskResult};
use async_trait::async_trait;
use workflow_benches::{Entry, Msg, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "graph-flow 0.8.1";
const PAYLOAD: &str = "payload";

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

fn next<P: Payload>(context: &Context) -> Result<u64> {
    let payload = context.get::<P>(PAYLOAD).expect("each step leaves a payload").next();
    let number = payload.number();
    context.set(PAYLOAD, payload)?;
    Ok(number)
}

/// Gives the next payload, and ends at the last.
struct Turn<P> {
    name: &'static str,
    last: u64,
    of: std::marker::PhantomData<fn(P) -> P>,
}

#[async_trait]
impl<P: Payload> Task for Turn<P> {
    fn id(&self) -> &str {
        self.name
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        if next::<P>(&context)? == self.last {
            Ok(TaskResult::new(None, NextAction::End))
        } else {
            Ok(TaskResult::move_to_next_direct())
        }
    }
}

/// The number that a session comes to which begins with `payload`.
async fn result<P: Payload>(graph: &Graph, first: &str, payload: P) -> u64 {
    let mut session = Session::new_from_task("session".to_owned(), first);
    session.context.set(PAYLOAD, payload).expect("a payload is JSON");
    graph.execute_session(&mut session).await.expect("the graph runs");
    session.context.get::<P>(PAYLOAD).expect("each step leaves a payload").number()
}

async fn chain<P: Payload>(n: u64) -> u64 {
    let turn = |name| Arc::new(Turn::<P> { name, last: n, of: std::marker::PhantomData });
    let graph = GraphBuilder::new("chain")
        .add_task(turn("one"))
        .add_task(turn("two"))
        .add_edge("one", "two")
        .add_edge("two", "one")
        .build()
        .expect("a graph");
    measure_from_here();
    result(&graph, "one", P::new(0)).await
}

struct Member {
    id: String,
    number: u64,
}

#[async_trait]
impl Task for Member {
    fn id(&self) -> &str {
        &self.id
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        context.set(self.id.as_str(), self.number.next())?;
        Ok(TaskResult::new(None, NextAction::End))
    }
}

struct Join {
    members: Vec<String>,
}

#[async_trait]
impl Task for Join {
    fn id(&self) -> &str {
        "join"
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        let sum: u64 = self.members.iter().filter_map(|member| context.get::<u64>(member)).sum();
        context.set(PAYLOAD, sum)?;
        Ok(TaskResult::new(None, NextAction::End))
    }
}

async fn fan(n: u64) -> u64 {
    let id = |number| format!("member {number}");
    let members = (0..n).map(|number| Arc::new(Member { id: id(number), number }) as Arc<dyn Task>).collect();
    let graph = GraphBuilder::new("fan")
        .add_task(FanOutTask::new("fan", members).with_next_action(NextAction::ContinueAndExecute))
        .add_task(Arc::new(Join { members: (0..n).map(id).collect() }))
        .add_edge("fan", "join")
        .build()
        .expect("a graph");
    measure_from_here();
    result::<u64>(&graph, "fan", 0).await
}

struct Step {
    name: &'static str,
    park: bool,
    action: NextAction,
}

#[async_trait]
impl Task for Step {
    fn id(&self) -> &str {
        self.name
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        if self.park {
            park().await;
        }
        next::<u64>(&context)?;
        Ok(TaskResult::new(None, self.action.clone()))
    }
}

fn three(park: bool) -> Graph {
    let step = |name, park, action| Arc::new(Step { name, park, action });
    GraphBuilder::new("three")
        .add_task(step("one", false, NextAction::ContinueAndExecute))
        .add_task(step("two", park, NextAction::ContinueAndExecute))
        .add_task(step("three", false, NextAction::End))
        .add_edge("one", "two")
        .add_edge("two", "three")
        .build()
        .expect("a graph")
}

async fn runs(n: u64) -> u64 {
    let graph = three(false);
    let mut sum = 0;
    for number in 0..n {
        sum += result(&graph, "one", number).await;
    }
    sum
}

async fn suspended(n: u64) -> u64 {
    let graph = Arc::new(three(true));
    tasks(n, |number| {
        let graph = Arc::clone(&graph);
        async move { result(&graph, "one", number).await }
    })
    .await
}
