//! Propagate: the trace that goes on in another process, as the headers `traceparent`, `tracestate` and `baggage`.
//!
//! <https://www.w3.org/TR/trace-context/>

use std::marker::PhantomData;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapCompositePropagator, TextMapPropagator};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The headers that make a request a part of the step that sends it; none where nothing is traced.
///
/// ```
/// # struct Request;
/// # impl Request { fn header(self, _: String, _: String) -> Self { self } }
/// # let request = Request;
/// let request = workflow_telemetry::headers()
///     .into_iter()
///     .fold(request, |request, (name, value)| request.header(name, value));
/// ```
#[must_use]
pub fn headers() -> Vec<(String, String)> {
    let mut headers = Headers(Vec::new());
    propagator().inject_context(&Context::current(), &mut headers);
    headers.0
}

/// Makes a span, and the runs in it, a part of the trace in which a request came; `header` gives the value of a
/// header by its name, in small letters. Call it before the span is entered.
///
/// ```
/// # use std::collections::HashMap;
/// let request = HashMap::from([("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]);
/// let span = tracing::info_span!("request");
/// workflow_telemetry::follow(&span, |header| request.get(header).copied());
/// # let _ = span;
/// ```
pub fn follow<'h>(span: &Span, header: impl Fn(&str) -> Option<&'h str>) {
    let context = propagator().extract(&Request(header, PhantomData));
    // Without a subscriber that exports it, there is nothing to be a part of.
    let _ = span.set_parent(context);
}

/// What is passed on.
pub(crate) fn propagator() -> TextMapCompositePropagator {
    TextMapCompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ])
}

struct Headers(Vec<(String, String)>);

impl Injector for Headers {
    fn set(&mut self, name: &str, value: String) {
        if !value.is_empty() {
            self.0.push((name.to_owned(), value));
        }
    }
}

struct Request<'h, F>(F, PhantomData<&'h str>);

impl<'h, F: Fn(&str) -> Option<&'h str>> Extractor for Request<'h, F> {
    fn get(&self, name: &str) -> Option<&str> {
        (self.0)(name)
    }

    fn keys(&self) -> Vec<&str> {
        ["traceparent", "tracestate", "baggage"].into_iter().filter(|name| (self.0)(name).is_some()).collect()
    }
}
