//! Collector: a receiver of OTLP over HTTP on a thread of its own, and what it has received, as a tree.

use std::sync::{Arc, Mutex, mpsc};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode as Code};
use prost::Message;
use tokio::sync::watch;

/// A receiver on a port that was free.
pub(crate) struct Collector {
    address: String,
    received: Arc<Mutex<Received>>,
}

/// What holds a collector back.
pub(crate) struct Gate {
    arrived: mpsc::Receiver<()>,
    open: watch::Sender<bool>,
}

impl Gate {
    /// A request is there, and waits.
    pub(crate) fn wait_for_a_request(&self) {
        self.arrived.recv().unwrap();
    }

    /// Requests are answered from now on.
    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }
}

/// What a handler works with.
#[derive(Clone)]
struct Handling {
    received: Arc<Mutex<Received>>,
    arrived: mpsc::Sender<()>,
    open: watch::Receiver<bool>,
}

/// What has come.
#[derive(Clone, Default)]
pub(crate) struct Received {
    pub(crate) spans: Vec<Span>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) resource: Vec<KeyValue>,
    pub(crate) headers: HeaderMap,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let (collector, gate) = Self::held();
        gate.open();
        collector
    }

    /// One that answers no traces until its gate is opened.
    pub(crate) fn held() -> (Self, Gate) {
        let received = Arc::<Mutex<Received>>::default();
        let (bound, is_bound) = mpsc::channel();
        let (arrived, has_arrived) = mpsc::channel();
        let (open, is_open) = watch::channel(false);
        let state = Handling { received: Arc::clone(&received), arrived, open: is_open };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                bound.send(listener.local_addr().unwrap()).unwrap();
                let routes = Router::new()
                    .route("/v1/traces", post(traces))
                    .route("/v1/metrics", post(metrics))
                    .with_state(state);
                axum::serve(listener, routes).await.unwrap();
            });
        });
        let collector = Self { address: format!("http://{}", is_bound.recv().unwrap()), received };
        (collector, Gate { arrived: has_arrived, open })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn received(&self) -> Received {
        self.received.lock().unwrap().clone()
    }
}

async fn traces(State(mut handling): State<Handling>, headers: HeaderMap, body: Bytes) -> StatusCode {
    // Nobody may listen any more.
    let _ = handling.arrived.send(());
    let _ = handling.open.wait_for(|is_open| *is_open).await;
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut received = handling.received.lock().unwrap();
    received.headers = headers;
    for of_resource in request.resource_spans {
        received.resource = of_resource.resource.unwrap_or_default().attributes;
        received.spans.extend(of_resource.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans));
    }
    StatusCode::OK
}

async fn metrics(State(handling): State<Handling>, body: Bytes) -> StatusCode {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let scopes = request.resource_metrics.into_iter().flat_map(|of_resource| of_resource.scope_metrics);
    // They are sums since the start: the last are all.
    handling.received.lock().unwrap().metrics = scopes.flat_map(|of_scope| of_scope.metrics).collect();
    StatusCode::OK
}

impl Received {
    /// The spans, each below its parent, in the order in which they began: name, try, batch and member, status, and
    /// in brackets what happened in it.
    pub(crate) fn tree(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.below(&[], 0, &mut lines);
        assert_eq!(lines.len(), self.spans.len(), "a span hangs under one that did not come");
        lines
    }

    fn below(&self, parent: &[u8], depth: usize, lines: &mut Vec<String>) {
        let mut spans: Vec<_> = self.spans.iter().filter(|span| span.parent_span_id == parent).collect();
        // Two that began at once: in the order in which the run numbers them.
        spans.sort_by_key(|span| (span.start_time_unix_nano, number(span, "workflow.invocation")));
        for span in spans {
            lines.push(format!("{}{}", "  ".repeat(depth), line(span)));
            self.below(&span.span_id, depth + 1, lines);
        }
    }

    /// The first span of this name.
    pub(crate) fn span(&self, name: &str) -> &Span {
        self.spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no span is called {name}"))
    }

    pub(crate) fn attribute(&self, span: &str, name: &str) -> Option<String> {
        attribute(&self.span(span).attributes, name)
    }
}

fn line(span: &Span) -> String {
    let mut line = span.name.clone();
    if let attempt @ 2.. = number(span, "workflow.attempt") {
        line += &format!(" try {attempt}");
    }
    if let Some(batch) = attribute(&span.attributes, "workflow.batch") {
        line += &format!(" batch {batch} member {}", number(span, "workflow.member"));
    }
    let status = span.status.as_ref().map(|status| (status.code(), status.message.as_str()));
    match status {
        Some((Code::Ok, _)) => line += " ok",
        Some((Code::Error, message)) => line += &format!(" error: {message}"),
        Some((Code::Unset, _)) | None => (),
    }
    let happened = span.events.iter().map(|event| match attribute(&event.attributes, "workflow.event") {
        Some(of) => format!(" [{} {of}]", event.name),
        None => format!(" [{}]", event.name),
    });
    line + &happened.collect::<String>()
}

fn number(span: &Span, name: &str) -> i64 {
    attribute(&span.attributes, name).map_or(0, |number| number.parse().unwrap())
}

/// The value as text.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let value = attributes.iter().find(|attribute| attribute.key == name)?.value.clone()?;
    Some(match value {
        AnyValue { value: Some(Value::StringValue(text)) } => text,
        AnyValue { value: Some(Value::IntValue(number)) } => number.to_string(),
        other => format!("{other:?}"),
    })
}
