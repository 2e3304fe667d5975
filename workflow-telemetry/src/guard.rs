//! Guard: telemetry for as long as it is there; dropped, it sends what is left.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use opentelemetry::global;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::SpanCounts;
use crate::propagate::propagator;
use crate::queue::Counters;

/// Telemetry goes out for as long as this is there. Dropped, it sends what is left, for five seconds at most.
///
/// Bind it to a name in `main`: `let _ = init(..)` drops it at once.
#[must_use = "telemetry ends when the guard is dropped: bind it to a name, such as `_guard`"]
pub struct Guard {
    parts: Option<Parts>,
    counters: Arc<Counters>,
}

/// What sends.
pub(crate) struct Parts {
    pub(crate) traces: SdkTracerProvider,
    pub(crate) metrics: Option<SdkMeterProvider>,
}

/// How long the end of a program may wait for a collector.
const LIMIT: Duration = Duration::from_secs(5);

impl Guard {
    pub(crate) fn new(parts: Parts, counters: Arc<Counters>) -> Self {
        Self { parts: Some(parts), counters }
    }

    /// Nothing goes out.
    pub(crate) fn disabled() -> Self {
        Self { parts: None, counters: Arc::default() }
    }

    /// Whether anything goes out.
    pub(crate) fn is_on(&self) -> bool {
        self.parts.is_some()
    }

    /// Lets whatever else in the program speaks to OpenTelemetry use the same.
    pub(crate) fn share(&self) {
        global::set_text_map_propagator(propagator());
        if let Some(Parts { traces, metrics }) = &self.parts {
            global::set_tracer_provider(traces.clone());
            if let Some(metrics) = metrics {
                global::set_meter_provider(metrics.clone());
            }
        }
    }

    /// What became of the spans that have ended so far.
    #[must_use]
    pub fn spans(&self) -> SpanCounts {
        self.counters.counts()
    }

    /// Sends what has ended so far. Whether a collector has taken all of it.
    ///
    /// It waits for the collector, for five seconds at most: in a step that must not, `drop` the guard at the
    /// program's end instead.
    pub fn flush(&self) -> bool {
        let Some(Parts { traces, metrics }) = &self.parts else { return true };
        let (traces, metrics) = (traces.clone(), metrics.clone());
        let flush = move || {
            let metrics = metrics.is_none_or(|metrics| metrics.force_flush().is_ok());
            traces.force_flush().is_ok() && metrics
        };
        in_time(flush).unwrap_or(false)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(Parts { traces, metrics }) = self.parts.take() else { return };
        in_time(move || {
            let _ = traces.shutdown_with_timeout(LIMIT);
            if let Some(metrics) = metrics {
                let _ = metrics.shutdown();
            }
        });
        let SpanCounts { failed, dropped, .. } = self.spans();
        let waiting = self.counters.waiting();
        if failed + dropped + waiting as u64 > 0 {
            tracing::warn!(
                failed,
                dropped,
                waiting,
                "spans were lost: see OTEL_EXPORTER_OTLP_ENDPOINT for those that no collector took, \
                 OTEL_BSP_MAX_QUEUE_SIZE for those that were dropped"
            );
        }
    }
}

/// Does it on a thread of its own, which may wait for the collector, whatever thread asks for it.
fn in_time<T: Send + 'static>(does: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, is_done) = mpsc::channel();
    let thread = std::thread::Builder::new().name("workflow-telemetry".to_owned());
    thread.spawn(move || done.send(does())).ok()?;
    is_done.recv_timeout(LIMIT).ok()
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("spans", &self.spans()).finish_non_exhaustive()
    }
}
