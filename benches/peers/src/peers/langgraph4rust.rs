//! langgraph4rust: nodes over a shared state of ours with a typed field beside its required JSON methods, which no
//! work here uses: a router is not async, so it can look at nothing else. A fan-out has a node for each member.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::langgraph4rust::{
    AgentNode, AgentState, END_NODE, LangGraphError, START_NODE, StateGraph, StateGraphBuilder,
};
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use workflow_benches::{Entry, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "langgraph4rust 0.2.3";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain(n))),
        entry(NAME, Work::Fan1k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan10k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan100k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(suspended(n))),
    ]
}

/// The state of one run.
struct Number(AtomicU64);

#[async_trait]
impl AgentState for Number {
    async fn get<T: DeserializeOwned + Send + Sync>(&self, _key: &str) -> Result<Option<T>, LangGraphError> {
        Ok(None)
    }

    async fn set<T: Serialize + Send + Sync>(&self, _key: &str, _value: T) -> Result<bool, LangGraphError> {
        Ok(false)
    }

    async fn snapshot(&self, _step: usize, _nodes: Vec<String>) -> Result<(), ()> {
        Ok(())
    }
}

/// Makes the next number.
struct Next<const PARK: bool>;

#[async_trait]
impl<const PARK: bool> AgentNode<Number> for Next<PARK> {
    async fn apply(&self, state: Arc<Number>) -> Result<(), LangGraphError> {
        if PARK {
            park().await;
        }
        let number = state.0.load(Ordering::Relaxed);
        state.0.store(number.next(), Ordering::Relaxed);
        Ok(())
    }
}

fn to(node: &str) -> HashSet<String> {
    HashSet::from([node.to_owned()])
}

async fn result(graph: &StateGraph<Number>, number: u64) -> u64 {
    let state = Arc::new(Number(AtomicU64::new(number)));
    graph.invoke(Arc::clone(&state)).await.expect("the graph runs");
    state.0.load(Ordering::Relaxed)
}

async fn chain(n: u64) -> u64 {
    let router = |to: &'static str| {
        move |state: &Number| {
            let last = state.0.load(Ordering::Relaxed) == n;
            if last { END_NODE.to_owned() } else { to.to_owned() }
        }
    };
    let mut builder = StateGraphBuilder::new();
    builder.add_node("one", Box::new(Next::<false>));
    builder.add_node("two", Box::new(Next::<false>));
    builder.add_edge(START_NODE, to("one"));
    builder.add_conditional_edge("one", vec![Box::new(router("two"))]);
    builder.add_conditional_edge("two", vec![Box::new(router("one"))]);
    let graph = builder.compile().expect("a graph");
    measure_from_here();
    result(&graph, 0).await
}

struct Member(u64);

#[async_trait]
impl AgentNode<Number> for Member {
    async fn apply(&self, state: Arc<Number>) -> Result<(), LangGraphError> {
        state.0.fetch_add(self.0.next(), Ordering::Relaxed);
        Ok(())
    }
}

struct Join;

#[async_trait]
impl AgentNode<Number> for Join {
    async fn apply(&self, _state: Arc<Number>) -> Result<(), LangGraphError> {
        Ok(())
    }
}

async fn fan(n: u64) -> u64 {
    let mut builder = StateGraphBuilder::new();
    builder.add_node("join", Box::new(Join));
    let members: HashSet<String> = (0..n).map(|number| format!("member {number}")).collect();
    for number in 0..n {
        let member = format!("member {number}");
        builder.add_node(&member, Box::new(Member(number)));
        builder.add_edge(&member, to("join"));
    }
    builder.add_edge(START_NODE, members);
    builder.add_edge("join", to(END_NODE));
    let graph = builder.compile().expect("a graph");
    measure_from_here();
    result(&graph, 0).await
}

fn three<const PARK: bool>() -> StateGraph<Number> {
    let mut builder = StateGraphBuilder::new();
    builder.add_node("one", Box::new(Next::<false>));
    builder.add_node("two", Box::new(Next::<PARK>));
    builder.add_node("three", Box::new(Next::<false>));
    builder.add_edge(START_NODE, to("one"));
    builder.add_edge("one", to("two"));
    builder.add_edge("two", to("three"));
    builder.add_edge("three", to(END_NODE));
    builder.compile().expect("a graph")
}

async fn runs(n: u64) -> u64 {
    let graph = three::<false>();
    let mut sum = 0;
    for number in 0..n {
        sum += result(&graph, number).await;
    }
    sum
}

async fn suspended(n: u64) -> u64 {
    let graph = Arc::new(three::<true>());
    tasks(n, |number| {
        let graph = Arc::clone(&graph);
        async move { result(&graph, number).await }
    })
    .await
}
