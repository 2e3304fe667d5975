//! dagrs: a flow graph of nodes with channels between them; the chain is its example of a loop, two nodes that send
//! each other the number by `LoopSubgraph`. A run after another resets the graph; runs at once have one each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::dagrs::graph::loop_subgraph::LoopSubgraph;
use ::dagrs::{
    Action, Content, DefaultNode, EnvVar, Graph, InChannels, Node, NodeId, NodeTable, OutChannels, Output,
};
use async_trait::async_trait;
use workflow_benches::{Entry, Msg, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "dagrs 0.9.0";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain::<u64>(n))),
        entry(NAME, Work::ChainText, |n| Box::pin(chain::<Msg>(n))),
        entry(NAME, Work::Fan1k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Fan10k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(tasks(n, suspended))),
    ]
}

/// Sends the first payload, and ends.
struct Start<P>(P);

#[async_trait]
impl<P: Payload> Action for Start<P> {
    async fn run(&self, _: &mut InChannels, output: &mut OutChannels, _: Arc<EnvVar>) -> Output {
        output.broadcast(Content::new(self.0.clone())).await;
        Output::Out(None)
    }
}

/// Sends the next payload for each that comes, until the last.
struct Turn<P> {
    start: Option<NodeId>,
    other: NodeId,
    last: u64,
    of: std::marker::PhantomData<fn(P) -> P>,
}

#[async_trait]
impl<P: Payload> Action for Turn<P> {
    async fn run(&self, input: &mut InChannels, output: &mut OutChannels, _: Arc<EnvVar>) -> Output {
        let mut from = self.start.unwrap_or(self.other);
        while let Ok(content) = input.recv_from(&from).await {
            let payload = next::<P>(content);
            if payload.number() >= self.last {
                output.close(&self.other).await;
                return Output::Out(Some(Content::new(payload.number())));
            }
            if output.send_to(&self.other, Content::new(payload)).await.is_err() {
                break;
            }
            from = self.other;
        }
        Output::empty()
    }
}

/// The payload after the one in `content`, which nobody else holds.
fn next<P: Payload>(content: Content) -> P {
    let payload = content.into_inner::<P>().expect("a payload");
    Arc::unwrap_or_clone(payload).next()
}

async fn chain<P: Payload>(n: u64) -> u64 {
    let mut table = NodeTable::new();
    let start = DefaultNode::with_action("start".to_owned(), Start(P::new(0)), &mut table);
    let mut one = DefaultNode::new("one".to_owned(), &mut table);
    let mut two = DefaultNode::new("two".to_owned(), &mut table);
    let (start_id, one_id, two_id) = (start.id(), one.id(), two.id());
    one.set_action(Turn::<P> { start: Some(start_id), other: two_id, last: n, of: std::marker::PhantomData });
    two.set_action(Turn::<P> { start: None, other: one_id, last: n, of: std::marker::PhantomData });
    let mut turns = LoopSubgraph::new("turns".to_owned(), &mut table);
    turns.add_node(one).expect("a new node");
    turns.add_node(two).expect("a new node");
    let mut graph = Graph::new();
    graph.add_node(start).expect("a new node");
    graph.add_node(turns).expect("a new node");
    graph.add_edge(start_id, [one_id]).expect("an edge");
    graph.add_edge(one_id, [two_id]).expect("an edge");
    graph.add_edge(two_id, [one_id]).expect("an edge");
    graph.set_env(EnvVar::new(table));
    measure_from_here();
    graph.async_start().await.expect("the graph runs");
    graph.get_results::<u64>().into_values().flatten().map(|number| *number).max().unwrap_or(0)
}

/// Takes its own number when the start is given, and sends the next one.
struct Member(u64);

#[async_trait]
impl Action for Member {
    async fn run(&self, input: &mut InChannels, output: &mut OutChannels, _: Arc<EnvVar>) -> Output {
        input.map(drop).await;
        output.broadcast(Content::new(self.0.next())).await;
        Output::Out(None)
    }
}

struct Sum;

#[async_trait]
impl Action for Sum {
    async fn run(&self, input: &mut InChannels, _: &mut OutChannels, _: Arc<EnvVar>) -> Output {
        let members =
            input.map(|member| *member.expect("a member").into_inner::<u64>().expect("a number")).await;
        Output::Out(Some(Content::new(members.into_iter().sum::<u64>())))
    }
}

async fn fan(n: u64) -> u64 {
    let mut table = NodeTable::new();
    let start = DefaultNode::with_action("start".to_owned(), Start(0_u64), &mut table);
    let sum = DefaultNode::with_action("sum".to_owned(), Sum, &mut table);
    let (start_id, sum_id) = (start.id(), sum.id());
    let mut graph = Graph::new();
    graph.add_node(start).expect("a new node");
    graph.add_node(sum).expect("a new node");
    let mut members = Vec::new();
    for number in 0..n {
        let member = DefaultNode::with_action(format!("member {number}"), Member(number), &mut table);
        members.push(member.id());
        graph.add_node(member).expect("a new node");
    }
    graph.add_edge(start_id, members.iter().copied()).expect("an edge");
    for member in members {
        graph.add_edge(member, [sum_id]).expect("an edge");
    }
    graph.set_env(EnvVar::new(table));
    measure_from_here();
    graph.async_start().await.expect("the graph runs");
    result(&graph, sum_id)
}

fn result(graph: &Graph, node: NodeId) -> u64 {
    graph.get_results::<u64>().remove(&node).flatten().map_or(0, |number| *number)
}

/// Takes the number that a run is given.
struct First(Arc<AtomicU64>);

#[async_trait]
impl Action for First {
    async fn run(&self, _: &mut InChannels, output: &mut OutChannels, _: Arc<EnvVar>) -> Output {
        output.broadcast(Content::new(self.0.load(Ordering::Relaxed).next())).await;
        Output::Out(None)
    }
}

struct Second<const PARK: bool>(NodeId);

#[async_trait]
impl<const PARK: bool> Action for Second<PARK> {
    async fn run(&self, input: &mut InChannels, output: &mut OutChannels, _: Arc<EnvVar>) -> Output {
        let number = input.recv_from(&self.0).await.expect("a number");
        if PARK {
            park().await;
        }
        output.broadcast(Content::new(next::<u64>(number))).await;
        Output::Out(None)
    }
}

struct Third(NodeId);

#[async_trait]
impl Action for Third {
    async fn run(&self, input: &mut InChannels, _: &mut OutChannels, _: Arc<EnvVar>) -> Output {
        let number = input.recv_from(&self.0).await.expect("a number");
        Output::Out(Some(Content::new(next::<u64>(number))))
    }
}

/// A graph of three nodes and the last of them.
fn three<const PARK: bool>(number: Arc<AtomicU64>) -> (Graph, NodeId) {
    let mut table = NodeTable::new();
    let one = DefaultNode::with_action("one".to_owned(), First(number), &mut table);
    let two = DefaultNode::with_action("two".to_owned(), Second::<PARK>(one.id()), &mut table);
    let three = DefaultNode::with_action("three".to_owned(), Third(two.id()), &mut table);
    let (one_id, two_id, three_id) = (one.id(), two.id(), three.id());
    let mut graph = Graph::new();
    graph.add_node(one).expect("a new node");
    graph.add_node(two).expect("a new node");
    graph.add_node(three).expect("a new node");
    graph.add_edge(one_id, [two_id]).expect("an edge");
    graph.add_edge(two_id, [three_id]).expect("an edge");
    graph.set_env(EnvVar::new(table));
    (graph, three_id)
}

async fn runs(n: u64) -> u64 {
    let given = Arc::new(AtomicU64::new(0));
    let (mut graph, last) = three::<false>(Arc::clone(&given));
    let mut sum = 0;
    for number in 0..n {
        given.store(number, Ordering::Relaxed);
        graph.async_start().await.expect("the graph runs");
        sum += result(&graph, last);
        graph.reset().await.expect("the graph can run again");
    }
    sum
}

async fn suspended(number: u64) -> u64 {
    let (mut graph, last) = three::<true>(Arc::new(AtomicU64::new(number)));
    graph.async_start().await.expect("the graph runs");
    result(&graph, last)
}
