//! Traced: a program whose runs are seen from outside, by two lines.
//!
//! `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:6006 cargo run --example traced`, with Phoenix or any other backend
//! of OpenTelemetry there; without one it says that its spans were lost, and does its work all the same.

use serde_json::Value;
use workflow_core::prelude::*;
use workflow_telemetry::Otlp;

/// A parcel on its way.
#[event]
struct Parcel {
    number: u32,
    address: String,
}

/// A parcel has a label.
#[event]
struct Labelled(u32);

/// The printer was out of paper.
#[derive(Debug, thiserror::Error)]
#[error("the printer of labels is out of paper")]
struct OutOfPaper;

struct PostOffice;

#[workflow]
impl PostOffice {
    /// Takes in so many parcels.
    #[step]
    async fn take_in(&self, count: StartEvent<u32>) -> Vec<Parcel> {
        let parcel = |number| Parcel { number, address: format!("{number} Harbour Street") };
        (1..=count.0).map(parcel).collect()
    }

    /// Prints a label, in the second try at the latest.
    #[step(retry(attempts = 2, wait = "50ms"))]
    async fn label(&self, ctx: &Context<Self>, parcel: Parcel) -> Result<Labelled, OutOfPaper> {
        if parcel.number == 2 && ctx.attempt().number == 1 {
            return Err(OutOfPaper);
        }
        // A span of the program's own hangs under the step.
        let weighing = tracing::info_span!("weigh", grams = parcel.number * 100);
        weighing.in_scope(|| tracing::info!("on the scales"));
        Ok(Labelled(parcel.number))
    }

    /// Sends them off together.
    #[step]
    async fn send_off(&self, labelled: Vec<Labelled>) -> StopEvent<String> {
        let numbers: Vec<_> = labelled.iter().map(|label| label.0.to_string()).collect();
        StopEvent(format!("sent off: {}", numbers.join(", ")))
    }
}

/// Hides what stands under this name, however deep.
fn hide(name: &str, value: &mut Value) {
    match value {
        Value::Array(members) => members.iter_mut().for_each(|member| hide(name, member)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, field)| match key == name {
            true => *field = "(hidden)".into(),
            false => hide(name, field),
        }),
        _ => (),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Where somebody lives is nobody's business.
    let otlp = Otlp::from_env().service("post-office").redact(|_name, value| hide("address", value));
    let guard = workflow_telemetry::init(otlp)?;

    println!("{}", PostOffice.run(3u32).await?);

    guard.flush();
    let spans = guard.spans();
    println!("spans: {} exported, {} failed, {} dropped", spans.exported, spans.failed, spans.dropped);
    Ok(())
}
