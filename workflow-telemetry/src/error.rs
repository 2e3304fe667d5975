//! Error: why telemetry could not begin. Nothing that happens later is an error of the program.

/// Telemetry could not begin; the text says which setting to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The protocol is one that this crate does not speak; write `http/protobuf`, which every collector takes.
    #[error(
        "`{variable}` asks for `{protocol}`, and traces go out by `http/protobuf` only; write that, or leave it out"
    )]
    Protocol {
        /// Which variable says so.
        variable: &'static str,
        /// What it says.
        protocol: String,
    },
    /// A variable of the environment has a value that is none for it.
    #[error("`{variable}` is `{value}`; write {wanted}")]
    Setting {
        /// Which variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        wanted: &'static str,
    },
    /// The connection to the collector cannot even be tried.
    #[error("no connection to a collector can be made; see OTEL_EXPORTER_OTLP_ENDPOINT")]
    Connection {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The program has a subscriber of `tracing` already: add [`Otlp::layer`](crate::Otlp::layer) to that one.
    #[error(
        "the program has a subscriber of `tracing` already; add `Otlp::layer` to that in place of `init`"
    )]
    SubscriberSet,
}
