//! Features: what each costs on a transition of a plain loop, with it off and on.
//!
//! ```text
//! cargo run --release -p workflow-benches --bin features
//! cargo run --release -p workflow-benches --bin features --features tracing
//! ```
//!
//! All rows are the same loop of two steps. Off, it does not name the feature at all; a row that says "elsewhere"
//! is of a workflow that has it on a step which this run never comes to.

mod flows;
#[cfg(feature = "tracing")]
mod spans;

use std::process::ExitCode;

use futures::FutureExt;
use futures::future::BoxFuture;
use workflow_benches::{Entry, Group, Work, main_of_features};

fn main() -> ExitCode {
    let rows = [flows::rows(), traced()].concat();
    main_of_features(row("off", |last| flows::plain(last).boxed()), &rows)
}

const fn row(name: &'static str, run: fn(u64) -> BoxFuture<'static, u64>) -> Entry {
    Entry { work: Work::Chain, name, group: Group::Ours, run }
}

/// With the feature `tracing` all the other rows have spans compiled in, which no subscriber wants.
fn traced() -> Vec<Entry> {
    #[cfg(feature = "tracing")]
    return vec![
        row("spans, with a subscriber", |last| spans::subscribed(flows::plain(last)).boxed()),
        row("telemetry", |last| spans::exported(flows::plain(last)).boxed()),
        row("telemetry, no payloads", |last| spans::exported_bare(flows::plain(last)).boxed()),
        row("telemetry, metrics only", |last| spans::unsampled(flows::plain(last)).boxed()),
    ];
    #[cfg(not(feature = "tracing"))]
    Vec::new()
}
