//! adk-graph: function nodes over JSON channels, without a checkpointer. The chain loops by conditional edges; a
//! fan-out has a node for each member, and a channel with the sum reducer, which its join reads.

use ::adk_graph::edge::{END, START};
use ::adk_graph::graph::{CompiledGraph, StateGraph};
use ::adk_graph::node::{ExecutionConfig, NodeContext, NodeOutput};
use ::adk_graph::state::{State, StateSchema};
use serde_json::Value;
use std::sync::Arc;
use workflow_benches::{Entry, Msg, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "adk-graph 2.3.0";
const PAYLOAD: &str = "payload";
const SUM: &str = "sum";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain::<u64>(n))),
        entry(NAME, Work::ChainText, |n| Box::pin(chain::<Msg>(n))),
        entry(NAME, Work::Fan1k, |n| Box::pin(fan(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(suspended(n))),
    ]
}

/// What a node gives that makes the next payload.
fn next<P: Payload>(context: &NodeContext) -> NodeOutput {
    let payload = context.get_as::<P>(PAYLOAD).expect("each step leaves a payload").next();
    NodeOutput::new().with_update(PAYLOAD, serde_json::to_value(payload).expect("a payload is JSON"))
}

fn number<P: Payload>(state: &State) -> u64 {
    state.get(PAYLOAD).and_then(|payload| P::deserialize(payload).ok()).map_or(0, |payload| payload.number())
}

async fn result<P: Payload>(graph: &CompiledGraph, payload: P, steps: u64) -> State {
    let input =
        State::from([(PAYLOAD.to_owned(), serde_json::to_value(payload).expect("a payload is JSON"))]);
    let limit = usize::try_from(steps).expect("a size");
    graph
        .invoke(input, ExecutionConfig::new("thread").with_recursion_limit(limit))
        .await
        .expect("the graph runs")
}

async fn chain<P: Payload>(n: u64) -> u64 {
    let router = move |to: &'static str| {
        move |state: &State| if number::<P>(state) == n { END.to_owned() } else { to.to_owned() }
    };
    let graph = StateGraph::with_channels(&[PAYLOAD])
        .add_node_fn("one", |context| async move { Ok(next::<P>(&context)) })
        .add_node_fn("two", |context| async move { Ok(next::<P>(&context)) })
        .add_edge(START, "one")
        .add_conditional_edges("one", router("two"), [("two", "two"), (END, END)])
        .add_conditional_edges("two", router("one"), [("one", "one"), (END, END)])
        .compile()
        .expect("a graph");
    measure_from_here();
    number::<P>(&result(&graph, P::new(0), n).await)
}

async fn fan(n: u64) -> u64 {
    let schema = StateSchema::builder().channel(PAYLOAD).counter_channel(SUM).build();
    let mut graph = StateGraph::new(schema)
        .add_node_fn("fan", |_| async { Ok(NodeOutput::new()) })
        .add_node_fn("join", |context| async move {
            let sum = context.get(SUM).and_then(Value::as_f64).expect("the reducer sums floating numbers");
            Ok(NodeOutput::new().with_update(PAYLOAD, sum as u64))
        })
        .add_edge(START, "fan")
        .add_edge("join", END);
    for number in 0..n {
        let member = format!("member {number}");
        graph = graph
            .add_node_fn(
                &member,
                move |_| async move { Ok(NodeOutput::new().with_update(SUM, number.next())) },
            )
            .add_edge("fan", &member)
            .add_edge(&member, "join");
    }
    let graph = graph.compile().expect("a graph");
    measure_from_here();
    number::<u64>(&result::<u64>(&graph, 0, 3).await)
}

fn three<const PARK: bool>() -> CompiledGraph {
    StateGraph::with_channels(&[PAYLOAD])
        .add_node_fn("one", |context| async move { Ok(next::<u64>(&context)) })
        .add_node_fn("two", |context| async move {
            if PARK {
                park().await;
            }
            Ok(next::<u64>(&context))
        })
        .add_node_fn("three", |context| async move { Ok(next::<u64>(&context)) })
        .add_edge(START, "one")
        .add_edge("one", "two")
        .add_edge("two", "three")
        .add_edge("three", END)
        .compile()
        .expect("a graph")
}

async fn runs(n: u64) -> u64 {
    let graph = three::<false>();
    let mut sum = 0;
    for first in 0..n {
        sum += number::<u64>(&result(&graph, first, 3).await);
    }
    sum
}

async fn suspended(n: u64) -> u64 {
    let graph = Arc::new(three::<true>());
    tasks(n, |first| {
        let graph = Arc::clone(&graph);
        async move { number::<u64>(&result(&graph, first, 3).await) }
    })
    .await
}
