//! Exported: what a collector gets of runs, by a receiver of OTLP in this process.

mod away;
mod collector;
mod flows;
mod measured;
mod payloads;
mod program;
mod propagation;
mod tree;

use tracing_subscriber::layer::SubscriberExt;
use workflow_telemetry::{Otlp, SpanCounts};

use collector::{Collector, Received};

/// What a collector gets of this, with what is set.
async fn exported<F: Future>(set: impl FnOnce(Otlp) -> Otlp, does: F) -> (Received, F::Output) {
    let collector = Collector::start();
    let (output, _) = sent(set(Otlp::from_env().endpoint(collector.address())), does).await;
    (collector.received(), output)
}

/// Does it with telemetry, all of which has been sent then, or was lost.
async fn sent<F: Future>(otlp: Otlp, does: F) -> (F::Output, SpanCounts) {
    let (layer, guard) = otlp.layer().unwrap();
    let subscriber = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let output = {
        let _default = tracing::dispatcher::set_default(&subscriber);
        does.await
    };
    guard.flush();
    let counts = guard.spans();
    drop(guard);
    (output, counts)
}
