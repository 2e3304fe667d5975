//! Runs of workflows as OpenTelemetry traces and metrics, shaped for Arize Phoenix and readable by any backend.
//!
//! ```no_run
//! use workflow_telemetry::Otlp;
//!
//! # fn main() -> Result<(), workflow_telemetry::TelemetryError> {
//! let _guard = workflow_telemetry::init(Otlp::from_env())?;
//! # Ok(()) }
//! ```
//!
//! Each run of the program is a trace from then on, or a part of the trace around it: the run, each try of each step
//! in it, and in these what they call: other runs, and every span of `tracing` at level INFO. With what came in and
//! out, errors with what caused them, waits, and how it ended. [`Otlp::from_env`] lists the variables that are heeded.
//!
//! Nothing of this can fail or hold up a run: spans wait in a bounded queue, and one that finds it full is dropped and
//! counted ([`Guard::spans`]). Dropping the guard sends what is left.

mod client;
mod error;
mod guard;
mod layer;
mod metrics;
mod otlp;
mod payload;
mod propagate;
mod queue;
mod settings;
mod shape;

use tracing_subscriber::layer::SubscriberExt;

pub use error::TelemetryError;
pub use guard::Guard;
pub use otlp::Otlp;
pub use propagate::{follow, headers};
pub use queue::SpanCounts;

/// Sends what the program does from now on, until the guard is dropped.
///
/// A program that has a subscriber of `tracing` of its own adds [`Otlp::layer`] to that instead.
///
/// # Errors
///
/// [`TelemetryError`] for a setting that cannot be, and when the program has a subscriber already. A collector that is
/// away is no error, now or later.
pub fn init(otlp: Otlp) -> Result<Guard, TelemetryError> {
    let (layer, guard) = otlp.layer()?;
    if guard.is_on() {
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::SubscriberSet)?;
        guard.share();
    }
    Ok(guard)
}
