//! Metrics: what the runs of a program add up to.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};

use crate::SpanCounts;

/// The instruments, each with its unit.
pub(crate) struct Metrics {
    started: Counter<u64>,
    finished: Counter<u64>,
    failed: Counter<u64>,
    live: UpDownCounter<i64>,
    run_time: Histogram<f64>,
    step_time: Histogram<f64>,
    attempts: Counter<u64>,
    queued: UpDownCounter<i64>,
}

/// Where durations are told apart, in seconds: those of OpenTelemetry's conventions for HTTP servers, and up to an
/// hour, for what waits for a person or for a model.
const SECONDS: [f64; 17] =
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter =
            |name, unit, about| meter.u64_counter(name).with_unit(unit).with_description(about).build();
        let level = |name, unit, about| {
            meter.i64_up_down_counter(name).with_unit(unit).with_description(about).build()
        };
        let time = |name, about| {
            let time = meter.f64_histogram(name).with_unit("s").with_description(about);
            time.with_boundaries(SECONDS.to_vec()).build()
        };
        Self {
            started: counter("workflow.runs.started", "{run}", "Runs that have begun"),
            finished: counter("workflow.runs.finished", "{run}", "Runs that are over, by outcome"),
            failed: counter(
                "workflow.runs.failed",
                "{run}",
                "Runs that are over without a result, but the cancelled",
            ),
            live: level("workflow.runs.live", "{run}", "Runs that have begun and are not over"),
            run_time: time("workflow.run.duration", "From the beginning of a run to its end"),
            step_time: time("workflow.step.duration", "From the beginning of one try of a step to its end"),
            attempts: counter("workflow.step.attempts", "{attempt}", "Tries of steps that have begun"),
            queued: level(
                "workflow.queue.length",
                "{execution}",
                "Executions of steps that wait for a worker",
            ),
        }
    }

    /// Tells the meter what becomes of spans whenever it asks.
    pub(crate) fn observe_spans(meter: &Meter, counts: impl Fn() -> SpanCounts + Send + Sync + 'static) {
        let spans = meter.u64_observable_counter("workflow.telemetry.spans").with_unit("{span}");
        let spans = spans.with_description("Spans that have ended, by what became of them");
        let observed = spans.with_callback(move |observer| {
            let counts = counts();
            let by_fate =
                [("exported", counts.exported), ("failed", counts.failed), ("dropped", counts.dropped)];
            for (fate, count) in by_fate {
                observer.observe(count, &[KeyValue::new("fate", fate)]);
            }
        });
        let _ = observed.build();
    }

    /// A run, or a try of a step, begins.
    pub(crate) fn begins(&self, of: &Of, attempt: u64) {
        match &of.step {
            None => {
                self.started.add(1, &of.attributes());
                self.live.add(1, &of.attributes());
            }
            Some(_) => {
                let which = if attempt > 1 { "again" } else { "first" };
                self.attempts.add(1, &of.with("workflow.try", which));
            }
        }
    }

    /// It ends, after so long.
    pub(crate) fn ends(&self, of: &Of, outcome: &str, seconds: f64) {
        let with_outcome = of.with("workflow.outcome", outcome);
        if of.step.is_some() {
            return self.step_time.record(seconds, &with_outcome);
        }
        self.live.add(-1, &of.attributes());
        self.finished.add(1, &with_outcome);
        self.run_time.record(seconds, &with_outcome);
        if !matches!(outcome, "completed" | "cancelled") {
            self.failed.add(1, &of.attributes());
        }
    }

    /// So many more executions of the run wait for a worker than before.
    pub(crate) fn queued(&self, run: &Of, more: i64) {
        self.queued.add(more, &run.attributes());
    }
}

/// What is measured.
pub(crate) struct Of {
    pub(crate) workflow: Arc<str>,
    /// None for a run.
    pub(crate) step: Option<Arc<str>>,
}

impl Of {
    fn attributes(&self) -> Vec<KeyValue> {
        let workflow = KeyValue::new("workflow.name", Arc::clone(&self.workflow));
        let step = self.step.as_ref().map(|step| KeyValue::new("workflow.step", Arc::clone(step)));
        std::iter::once(workflow).chain(step).collect()
    }

    fn with(&self, name: &'static str, value: &str) -> Vec<KeyValue> {
        let mut attributes = self.attributes();
        attributes.push(KeyValue::new(name, value.to_owned()));
        attributes
    }
}
