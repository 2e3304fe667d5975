//! Measured: what runs add up to.

use std::sync::Arc;

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use tokio::sync::Semaphore;
use tracing_subscriber::layer::SubscriberExt;
use workflow_core::prelude::*;
use workflow_telemetry::Otlp;

use crate::collector::{Collector, Received, attribute};
use crate::exported;
use crate::flows::{Greeter, Orders, Races};

impl Received {
    /// The points of a metric, each as its attributes and its number; of a histogram, how many were recorded.
    fn points(&self, metric: &str) -> Vec<(String, i64)> {
        let metric = self.metrics.iter().find(|known| known.name == metric);
        let metric = metric.unwrap_or_else(|| panic!("there is no metric {metric:?}"));
        let of = |attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue]| {
            let mut names: Vec<_> = attributes.iter().map(|attribute| attribute.key.as_str()).collect();
            names.sort_unstable();
            names.into_iter().map(|name| attribute(attributes, name).unwrap()).collect::<Vec<_>>().join(" ")
        };
        let mut points: Vec<_> = match metric.data.clone().unwrap() {
            Data::Sum(sum) => {
                let number = |value| match value {
                    Some(Value::AsInt(number)) => number,
                    other => panic!("{other:?}"),
                };
                sum.data_points.iter().map(|point| (of(&point.attributes), number(point.value))).collect()
            }
            Data::Histogram(times) => {
                times.data_points.iter().map(|point| (of(&point.attributes), point.count as i64)).collect()
            }
            other => panic!("{other:?}"),
        };
        points.sort();
        points
    }
}

fn points(points: &[(&str, i64)]) -> Vec<(String, i64)> {
    points.iter().map(|(of, number)| (of.to_string(), *number)).collect()
}

#[tokio::test(start_paused = true)]
async fn runs_steps_and_tries_are_counted_by_workflow_step_and_outcome() {
    let (received, ()) = exported(|otlp| otlp, async {
        Orders.run(3u32).await.unwrap();
        Races.run("stops").await.unwrap();
        Races.run("fails").await.unwrap_err();
        drop(futures_of(Races.run("hangs")).await);
    })
    .await;
    assert_eq!(received.points("workflow.runs.started"), points(&[("Orders", 1), ("Races", 3)]));
    assert_eq!(
        received.points("workflow.runs.finished"),
        points(&[
            ("Orders completed", 1),
            ("Races cancelled", 1),
            ("Races completed", 1),
            ("Races failed", 1)
        ])
    );
    assert_eq!(received.points("workflow.runs.failed"), points(&[("Races", 1)]));
    assert_eq!(received.points("workflow.runs.live"), points(&[("Orders", 0), ("Races", 0)]));
    assert_eq!(received.points("workflow.run.duration").len(), 4);
    let of_orders = |metric: &str| {
        let points = received.points(metric).into_iter();
        points.filter(|(of, _)| of.starts_with("Orders")).collect::<Vec<_>>()
    };
    assert_eq!(
        of_orders("workflow.step.duration"),
        points(&[
            ("Orders completed bill", 1),
            ("Orders completed refund", 1),
            ("Orders completed ship", 2),
            ("Orders completed split", 1),
            ("Orders failed ship", 3),
        ])
    );
    assert_eq!(
        of_orders("workflow.step.attempts"),
        points(&[
            ("Orders bill first", 1),
            ("Orders refund first", 1),
            ("Orders ship again", 2),
            ("Orders ship first", 3),
            ("Orders split first", 1),
        ])
    );
}

/// The run, so far that its steps wait.
async fn futures_of<W: Workflow>(mut run: Run<'_, W>) -> Run<'_, W> {
    std::future::poll_fn(|cx| {
        let _ = std::pin::Pin::new(&mut run).poll(cx);
        std::task::Poll::Ready(())
    })
    .await;
    run
}

/// Has one worker, which waits for leave.
struct Busy(Arc<Semaphore>);

#[event]
struct Job;
#[event]
struct Done;

#[workflow]
impl Busy {
    #[step]
    async fn split(&self, jobs: StartEvent<usize>) -> Vec<Job> {
        vec![Job; jobs.0]
    }

    #[step(workers = 1)]
    async fn work(&self, _job: Job) -> Done {
        drop(self.0.acquire().await);
        Done
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<usize> {
        StopEvent(done.len())
    }
}

#[tokio::test(start_paused = true)]
async fn live_runs_and_what_waits_for_a_worker_are_seen_while_they_are_there() {
    let collector = Collector::start();
    let (layer, guard) = Otlp::from_env().endpoint(collector.address()).layer().unwrap();
    let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let leave = Arc::new(Semaphore::new(0));
    let busy = Busy(Arc::clone(&leave));
    let run = futures_of(busy.run(3usize)).await;
    assert!(guard.flush());
    let received = collector.received();
    assert_eq!(received.points("workflow.runs.live"), points(&[("Busy", 1)]));
    assert_eq!(received.points("workflow.queue.length"), points(&[("Busy", 2)]));

    leave.add_permits(1);
    assert_eq!(run.await.unwrap(), 3);
    assert!(guard.flush());
    let received = collector.received();
    assert_eq!(received.points("workflow.runs.live"), points(&[("Busy", 0)]));
    assert_eq!(received.points("workflow.queue.length"), points(&[("Busy", 0)]));
}

#[tokio::test(start_paused = true)]
async fn what_became_of_spans_is_a_metric_too() {
    let collector = Collector::start();
    let (layer, guard) = Otlp::from_env().endpoint(collector.address()).layer().unwrap();
    {
        let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        Greeter.run("world").await.unwrap();
    }
    assert!(guard.flush());
    // What was sent is known when the metrics are asked for next.
    assert!(guard.flush());
    let fates = collector.received().points("workflow.telemetry.spans");
    assert_eq!(fates, points(&[("dropped", 0), ("exported", 4), ("failed", 0)]));
}
