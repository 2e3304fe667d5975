//! Otlp: where telemetry goes, and what of it: what the environment says, and what the program says.

use std::sync::Arc;
use std::{env, fmt};

use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::Identity;
use tracing_subscriber::registry::LookupSpan;

use crate::TelemetryError;
use crate::client::client;
use crate::guard::{Guard, Parts};
use crate::layer::{Mapping, NOTES, PAYLOADS, QUEUE, SPANS};
use crate::metrics::Metrics;
use crate::payload::Payloads;
use crate::queue::{Counters, Queue};
use crate::settings::{Settings, Signal, is_secure};

/// Where telemetry goes, and what of it: an endpoint that speaks OTLP over HTTP, such as Phoenix, an OpenTelemetry
/// collector, or most of what shows traces.
///
/// What the program says goes before what the environment says.
#[must_use = "it does nothing until it is given to `init`, or made a layer"]
pub struct Otlp {
    settings: Result<Settings, TelemetryError>,
    endpoint: Option<String>,
    service: Option<String>,
    attributes: Vec<KeyValue>,
    targets: Targets,
}

impl Otlp {
    /// What the standard variables say.
    ///
    /// | variable | what it sets |
    /// |---|---|
    /// | `OTEL_EXPORTER_OTLP_ENDPOINT` | where to, such as `http://127.0.0.1:6006`; `http://localhost:4318` unless set |
    /// | `OTEL_EXPORTER_OTLP_HEADERS` | headers such as `api_key=..,x-project-name=my-app` |
    /// | `OTEL_EXPORTER_OTLP_TIMEOUT` | milliseconds for a request, 10,000 unless set |
    /// | `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf`; another one is an error |
    /// | the same with `_TRACES_` or `_METRICS_` after `OTLP` | the same for one of the two; such an endpoint is the whole address |
    /// | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | who sends; Phoenix takes the project from `openinference.project.name=my-app` |
    /// | `OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER` | `none` leaves them out |
    /// | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | which runs are traced; all unless set |
    /// | `OTEL_BSP_MAX_QUEUE_SIZE` | how many spans may wait to be sent, 2,048 unless set |
    /// | `OTEL_BSP_SCHEDULE_DELAY`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` | when they are sent: after 5,000 ms, or 512 of them |
    /// | `OTEL_METRIC_EXPORT_INTERVAL` | milliseconds from one report of metrics to the next, 60,000 unless set |
    /// | `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` | bytes of what came in and out, 16,384 unless set |
    /// | `OPENINFERENCE_HIDE_INPUTS`, `OPENINFERENCE_HIDE_OUTPUTS` | `true` leaves out what came in, or out |
    /// | `OTEL_SDK_DISABLED` | `true`: nothing goes out, and runs are as plain as without telemetry |
    pub fn from_env() -> Self {
        Self::from_variables(|name| env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            settings: Settings::read(variable),
            endpoint: None,
            service: None,
            attributes: Vec::new(),
            targets: default_targets(),
        }
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        if let Ok(settings) = &mut self.settings {
            set(settings);
        }
        self
    }

    /// Where to: the address to which `/v1/traces` and `/v1/metrics` are joined.
    pub fn endpoint(self, endpoint: impl Into<String>) -> Self {
        let endpoint = endpoint.into();
        let is_secure = is_secure(&endpoint);
        let told = self.set(|settings| {
            settings.traces.is_secure = is_secure;
            settings.metrics.is_secure = is_secure;
        });
        Self { endpoint: Some(endpoint), ..told }
    }

    /// The name of the program: `service.name`.
    pub fn service(self, name: impl Into<String>) -> Self {
        Self { service: Some(name.into()), ..self }
    }

    /// Something else that is true of all that the program sends, such as `openinference.project.name`.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push(KeyValue::new(name.into(), value.into()));
        self
    }

    /// How many bytes are sent of what came in, and of what came out: of long JSON the beginnings of its texts and
    /// lists.
    pub fn payload_limit(self, bytes: usize) -> Self {
        self.set(|settings| settings.payloads.limit = bytes)
    }

    /// Leaves out what came in and out. It is not even written as JSON.
    pub fn without_payloads(self) -> Self {
        self.set(|settings| {
            settings.payloads.inputs = false;
            settings.payloads.outputs = false;
        })
    }

    /// Changes what came in and out, and what errors say, before it leaves the program. The function is given the
    /// name of the attribute (`input.value`, `gen_ai.input.messages`, `exception.message`) and its value: JSON, or a
    /// text where it is none. Where it panics, nothing is sent of that value.
    ///
    /// ```
    /// use workflow_telemetry::Otlp;
    ///
    /// let otlp = Otlp::from_env().redact(|_name, value| {
    ///     if let Some(card) = value.pointer_mut("/Order/card") {
    ///         *card = "(hidden)".into();
    ///     }
    /// });
    /// # drop(otlp);
    /// ```
    pub fn redact(self, redact: impl Fn(&str, &mut serde_json::Value) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.payloads.redact = Some(Arc::new(redact)))
    }

    /// Sends no traces.
    pub fn without_traces(self) -> Self {
        self.set(|settings| settings.traces.is_on = false)
    }

    /// Sends no metrics.
    pub fn without_metrics(self) -> Self {
        self.set(|settings| settings.metrics.is_on = false)
    }

    /// How many spans may wait to be sent; what does not fit is dropped and counted.
    ///
    /// # Panics
    ///
    /// When it is zero.
    pub fn queue(self, spans: usize) -> Self {
        assert!(spans > 0, "a queue of no spans sends none; leave telemetry out instead");
        self.set(|settings| settings.room = spans)
    }

    /// Which spans and events of the program go out beside those of runs, in place of all of level INFO.
    pub fn targets(self, targets: Targets) -> Self {
        Self { targets, ..self }
    }

    /// The same as a layer, for a program that has its own subscriber of `tracing`.
    ///
    /// ```no_run
    /// use tracing_subscriber::layer::SubscriberExt;
    /// use tracing_subscriber::util::SubscriberInitExt;
    /// use workflow_telemetry::Otlp;
    ///
    /// # fn main() -> Result<(), workflow_telemetry::TelemetryError> {
    /// let (telemetry, _guard) = Otlp::from_env().layer()?;
    /// tracing_subscriber::registry().with(telemetry).init();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`TelemetryError`] for a setting that cannot be, but [`TelemetryError::SubscriberSet`]. A collector that is
    /// away is none.
    pub fn layer<S>(self) -> Result<(Box<dyn Layer<S> + Send + Sync>, Guard), TelemetryError>
    where
        S: Subscriber + for<'s> LookupSpan<'s> + Send + Sync,
    {
        let Self { settings, endpoint, service, attributes, targets } = self;
        let settings = settings?;
        if settings.is_disabled {
            return Ok((Identity::new().with_filter(LevelFilter::OFF).boxed(), Guard::disabled()));
        }
        let mut resource = Resource::builder().with_attributes(attributes);
        if let Some(service) = service {
            resource = resource.with_service_name(service);
        }
        let resource = resource.build();
        let counters = Arc::<Counters>::default();
        let endpoint = endpoint.as_deref().map(|endpoint| endpoint.trim_end_matches('/'));
        let traces = traces(&settings, endpoint, resource.clone(), &counters)?;
        let metrics = match settings.metrics.is_on {
            true => Some(metrics(&settings.metrics, endpoint, resource)?),
            false => None,
        };
        let scope = || InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION")).build();
        let instruments = metrics.as_ref().map(|provider| {
            let meter = provider.meter_with_scope(scope());
            let counters = Arc::clone(&counters);
            Metrics::observe_spans(&meter, move || counters.counts());
            Metrics::new(&meter)
        });
        let wanted = Wanted {
            payloads: settings.payloads.inputs || settings.payloads.outputs,
            queue: metrics.is_some(),
            targets,
        };
        let tree = tracing_opentelemetry::layer()
            .with_tracer(traces.tracer_with_scope(scope()))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        let layer = {
            let (of_tree, of_mapping) = (wanted.clone(), wanted);
            tree.with_filter(filter_fn(move |metadata| of_tree.by_tree(metadata))).and_then(
                Mapping::new(instruments)
                    .with_filter(filter_fn(move |metadata| of_mapping.by_mapping(metadata))),
            )
        };
        Ok((layer.boxed(), Guard::new(Parts { traces, metrics }, counters)))
    }
}

/// Who measures, for a backend.
const SCOPE: &str = "workflow-telemetry";

/// Which spans and events go to which layer.
#[derive(Clone)]
struct Wanted {
    payloads: bool,
    queue: bool,
    targets: Targets,
}

impl Wanted {
    fn by_tree(&self, metadata: &Metadata<'_>) -> bool {
        match metadata.target() {
            SPANS => metadata.is_span(),
            NOTES | PAYLOADS | QUEUE => false,
            target => self.targets.would_enable(target, metadata.level()),
        }
    }

    fn by_mapping(&self, metadata: &Metadata<'_>) -> bool {
        match metadata.target() {
            SPANS => metadata.is_span(),
            NOTES => true,
            PAYLOADS => self.payloads,
            QUEUE => self.queue,
            target => metadata.is_span() && self.targets.would_enable(target, metadata.level()),
        }
    }
}

/// All of level INFO, but what carries requests: a request of the exporter's own would be one more span to send.
fn default_targets() -> Targets {
    let carriers =
        ["h2", "hyper", "hyper_util", "opentelemetry", "opentelemetry_sdk", "reqwest", "rustls", "tower"];
    let carriers = carriers.into_iter().map(|carrier| (carrier, LevelFilter::OFF));
    Targets::new().with_default(LevelFilter::INFO).with_targets(carriers)
}

fn traces(
    settings: &Settings,
    endpoint: Option<&str>,
    resource: Resource,
    counters: &Arc<Counters>,
) -> Result<SdkTracerProvider, TelemetryError> {
    let provider = SdkTracerProvider::builder().with_resource(resource);
    if !settings.traces.is_on {
        return Ok(provider.with_sampler(Sampler::AlwaysOff).build());
    }
    let Signal { limit, is_secure, .. } = settings.traces;
    let client = client(is_secure, limit).map_err(|source| TelemetryError::Connection { source })?;
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(limit);
    if let Some(endpoint) = endpoint {
        exporter = exporter.with_endpoint(format!("{endpoint}/v1/traces"));
    }
    let exporter = exporter.build().map_err(refused)?;
    let payloads: Payloads = settings.payloads.clone();
    let queue = Queue::new(exporter, settings.room, payloads, Arc::clone(counters));
    Ok(provider.with_span_processor(queue).build())
}

fn metrics(
    signal: &Signal,
    endpoint: Option<&str>,
    resource: Resource,
) -> Result<SdkMeterProvider, TelemetryError> {
    let client =
        client(signal.is_secure, signal.limit).map_err(|source| TelemetryError::Connection { source })?;
    let mut exporter = MetricExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(signal.limit);
    if let Some(endpoint) = endpoint {
        exporter = exporter.with_endpoint(format!("{endpoint}/v1/metrics"));
    }
    let exporter = exporter.build().map_err(refused)?;
    Ok(SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(exporter).build())
}

fn refused(source: opentelemetry_otlp::ExporterBuildError) -> TelemetryError {
    TelemetryError::Connection { source: source.into() }
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp")
            .field("settings", &self.settings)
            .field("endpoint", &self.endpoint)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
