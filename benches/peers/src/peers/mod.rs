//! Peers: the works by other libraries, a file a library, each in its own most idiomatic form.
//!
//! A file says in its first lines which form that is, and which works its library cannot do. What can be built
//! once and run often is built before the measurement begins.

mod adk_graph;
mod apalis_workflow;
mod blazen;
mod cano;
mod dagrs;
mod dagx;
mod floxide;
mod graph_flow;
mod langgraph4rust;
mod orka;
mod rust_langgraph;
mod sayiir;
mod statig;
mod swiftide;

use futures::future::BoxFuture;
use workflow_benches::{Entry, Group, Work};

/// All entries of all peers.
pub fn entries() -> Vec<Entry> {
    [
        statig::entries(),
        orka::entries(),
        swiftide::entries(),
        graph_flow::entries(),
        sayiir::entries(),
        cano::entries(),
        dagrs::entries(),
        langgraph4rust::entries(),
        floxide::entries(),
        rust_langgraph::entries(),
        adk_graph::entries(),
        blazen::entries(),
        dagx::entries(),
        apalis_workflow::entries(),
    ]
    .concat()
}

/// The entry of the peer `name` for `work`.
fn entry(name: &'static str, work: Work, run: fn(u64) -> BoxFuture<'static, u64>) -> Entry {
    Entry { work, name, group: Group::Peer, run }
}
