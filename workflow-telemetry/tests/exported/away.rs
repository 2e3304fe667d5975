//! Away: a collector that does not answer costs spans, which are counted, and no run its time or its result.

use workflow_core::prelude::*;
use workflow_telemetry::Otlp;

use crate::collector::Collector;
use crate::flows::{Greeter, Orders};
use crate::sent;

#[tokio::test]
async fn spans_that_no_collector_takes_are_counted_and_runs_do_not_fail() {
    // Nobody listens at port 0.
    let otlp = Otlp::from_env().endpoint("http://127.0.0.1:0").without_metrics();
    let (greeting, counts) = sent(otlp, async { Greeter.run("world").await }).await;
    assert_eq!(greeting.unwrap(), "hello world!");
    assert_eq!((counts.exported, counts.failed, counts.dropped), (0, 4, 0));
}

#[tokio::test]
async fn spans_that_a_collector_refuses_are_counted() {
    let collector = Collector::start();
    let otlp = Otlp::from_env().endpoint(format!("{}/nowhere", collector.address())).without_metrics();
    let (_, counts) = sent(otlp, async { Greeter.run("world").await }).await;
    assert_eq!((counts.exported, counts.failed, counts.dropped), (0, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_the_queue_is_dropped_and_counted_while_a_collector_hangs() {
    let (collector, gate) = Collector::held();
    let otlp = Otlp::from_env().endpoint(collector.address()).without_metrics().queue(4);
    let (_, counts) = sent(otlp, async {
        // Its four spans are with the collector then, which does not answer.
        Greeter.run("world").await.unwrap();
        gate.wait_for_a_request();
        // Of these nine four fit.
        Orders.run(3u32).await.unwrap();
        gate.open();
    })
    .await;
    assert_eq!((counts.exported, counts.failed, counts.dropped), (8, 0, 5));
    assert_eq!(collector.received().spans.len(), 8);
}
