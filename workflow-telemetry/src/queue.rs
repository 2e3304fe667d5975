//! Queue: finished spans on their way out. It is bounded: what does not fit is dropped and counted, so that no
//! run ever waits for a collector.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};

use crate::payload::Payloads;
use crate::shape::shaped;

/// What became of the spans that have ended, as far as they were sampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanCounts {
    /// Those that a collector has taken.
    pub exported: u64,
    /// Those that were sent and that no collector has taken: it was away, or refused them.
    pub failed: u64,
    /// Those for which the queue had no room; `OTEL_BSP_MAX_QUEUE_SIZE` makes it larger.
    pub dropped: u64,
}

/// The counts while they change.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    waiting: AtomicUsize,
    exported: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

impl Counters {
    pub(crate) fn counts(&self) -> SpanCounts {
        SpanCounts {
            exported: self.exported.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    /// How many have ended and were not sent yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes a place in a queue of so many, if there is one.
    fn enter(&self, room: usize) -> bool {
        let more = |waiting| (waiting < room).then_some(waiting + 1);
        let entered = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if !entered {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        entered
    }
}

/// Shapes spans and hands them to the SDK's own thread.
#[derive(Debug)]
pub(crate) struct Queue {
    thread: BatchSpanProcessor,
    counters: Arc<Counters>,
    room: usize,
    payloads: Payloads,
}

impl Queue {
    /// A queue of so many spans before this exporter. How often and how many at once it sends is for the SDK:
    /// `OTEL_BSP_SCHEDULE_DELAY` and `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
    pub(crate) fn new(
        exporter: impl SpanExporter + 'static,
        room: usize,
        payloads: Payloads,
        counters: Arc<Counters>,
    ) -> Self {
        let config = BatchConfigBuilder::default().with_max_queue_size(room).build();
        let exporter = Counting { exporter, counters: Arc::clone(&counters) };
        Self { thread: BatchSpanProcessor::new(exporter, config), counters, room, payloads }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.counters.enter(self.room) {
            self.thread.on_end(shaped(span, &self.payloads));
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.thread.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.thread.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.thread.set_resource(resource);
    }
}

/// An exporter that counts what it is given.
#[derive(Debug)]
struct Counting<X> {
    exporter: X,
    counters: Arc<Counters>,
}

impl<X: SpanExporter> SpanExporter for Counting<X> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.counters.waiting.fetch_sub(spans, Ordering::Relaxed);
        let result = self.exporter.export(batch).await;
        let counter = if result.is_ok() { &self.counters.exported } else { &self.counters.failed };
        counter.fetch_add(spans as u64, Ordering::Relaxed);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
