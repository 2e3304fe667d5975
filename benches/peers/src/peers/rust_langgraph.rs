//! rust-langgraph: nodes over a state that goes from channel to channel as JSON, each node on a task of its own.
//!
//! Its engine does not run conditional edges, so the chain's loop ends at the recursion limit, an error, and the
//! number is left in an atomic. Not done: fan-out, for a join gets only the last of the values sent to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::rust_langgraph::prelude::{CompiledGraph, Config, Error, Result, State, StateGraph};
use serde::{Deserialize, Serialize};
use workflow_benches::{Entry, Msg, Payload, Work, measure_from_here, park, tasks};

use super::entry;

const NAME: &str = "rust-langgraph 0.1.1";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(chain::<u64>(n))),
        entry(NAME, Work::ChainText, |n| Box::pin(chain::<Msg>(n))),
        entry(NAME, Work::Runs, |n| Box::pin(runs(n))),
        entry(NAME, Work::Suspended, |n| Box::pin(tasks(n, suspended))),
    ]
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
struct Carried<P: Payload> {
    payload: P,
}

impl<P: Payload> State for Carried<P> {
    fn merge(&mut self, other: Self) -> Result<()> {
        *self = other;
        Ok(())
    }
}

impl<P: Payload> Carried<P> {
    fn next(self) -> Self {
        Self { payload: self.payload.next() }
    }
}

async fn chain<P: Payload>(n: u64) -> u64 {
    let last = Arc::new(AtomicU64::new(0));
    let mut graph = StateGraph::new();
    for name in ["one", "two"] {
        let last = Arc::clone(&last);
        graph.add_node(name, move |state: Carried<P>, _: &Config| {
            let state = state.next();
            last.store(state.payload.number(), Ordering::Relaxed);
            async move { Ok(state) }
        });
    }
    graph.add_edge("one", "two").add_edge("two", "one").set_entry_point("one");
    let mut graph = graph.compile(None).expect("a graph");
    let limit = usize::try_from(n).expect("a size");
    measure_from_here();
    let end = graph.invoke(Carried { payload: P::new(0) }, Config::new().with_recursion_limit(limit)).await;
    assert!(matches!(end, Err(Error::RecursionLimitError { .. })), "the loop ends at the limit");
    last.load(Ordering::Relaxed)
}

fn three<const PARK: bool>() -> CompiledGraph<Carried<u64>> {
    let mut graph = StateGraph::new();
    graph.add_node("one", |state: Carried<u64>, _: &Config| async move { Ok(state.next()) });
    graph.add_node("two", |state: Carried<u64>, _: &Config| async move {
        if PARK {
            park().await;
        }
        Ok(state.next())
    });
    graph.add_node("three", |state: Carried<u64>, _: &Config| async move { Ok(state.next()) });
    graph.add_edge("one", "two").add_edge("two", "three").set_entry_point("one").set_finish_point("three");
    graph.compile(None).expect("a graph")
}

async fn result(graph: &mut CompiledGraph<Carried<u64>>, number: u64) -> u64 {
    graph.invoke(Carried { payload: number }, Config::default()).await.expect("the graph runs").payload
}

async fn runs(n: u64) -> u64 {
    let mut graph = three::<false>();
    let mut sum = 0;
    for number in 0..n {
        sum += result(&mut graph, number).await;
    }
    sum
}

async fn suspended(number: u64) -> u64 {
    result(&mut three::<true>(), number).await
}
