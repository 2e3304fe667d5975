//! Traces: the spans and events that a run gives to `tracing`. A program of its own, since the one who looks at
//! them is set for all threads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use shop::{Approval, Shop};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context as Layered, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use workflow_core::prelude::*;

#[path = "../flows/shop.rs"]
mod shop;

/// Every span and event, each with the spans around it.
#[derive(Clone, Default)]
struct Seen {
    spans: Arc<Mutex<Vec<String>>>,
    /// What is said of them by other targets.
    said: Arc<Mutex<Vec<String>>>,
}

struct Name(String);

/// The fields that tell one span from another.
#[derive(Default)]
struct Fields(Vec<String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "otel.name" => self.0.insert(0, format!("{value:?}").trim_matches('"').to_owned()),
            "attempt" | "message" => self.0.push(format!("{value:?}")),
            "error" | "otel.status_code" | "outcome" | "batch" | "member" | "causes" | "event" | "input"
            | "output" | "queued" | "wait" => self.0.push(format!("{}={value:?}", field.name())),
            _ => (),
        }
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Layered<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let span = ctx.span(id).unwrap();
        let parent = span.parent().map(|parent| parent.extensions().get::<Name>().unwrap().0.clone());
        let name = format!("{}/{}", parent.unwrap_or_default(), fields.0.join("#"));
        self.spans.lock().unwrap().push(name.clone());
        span.extensions_mut().insert(Name(name));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Layered<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        let span = ctx.span(id).unwrap();
        let name = span.extensions().get::<Name>().unwrap().0.clone();
        self.spans.lock().unwrap().push(format!("{name} {}", fields.0.join(" ")));
    }

    fn on_event(&self, event: &Event<'_>, ctx: Layered<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let around = ctx.event_span(event).map(|span| span.extensions().get::<Name>().unwrap().0.clone());
        let around = around.unwrap_or_default();
        match event.metadata().target().strip_prefix("workflow") {
            Some("") => (),
            Some(target) => {
                let span = around.rsplit('/').next().unwrap();
                self.said.lock().unwrap().push(format!("{span}{target}: {}", fields.0.join(" ")));
            }
            None => self.spans.lock().unwrap().push(format!("{around}: {}", fields.0.join(" "))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_and_each_try_of_a_step_have_a_span_and_parents_are_right_across_tasks_threads_and_children() {
    let seen = Seen::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let run = Shop.run(2u32).timeout(Duration::from_secs(60));
    run.send(Approval).unwrap();
    assert_eq!(run.await.unwrap(), 2);
    let spans = seen.spans.lock().unwrap().clone();
    assert_eq!(
        spans,
        [
            "/Shop.run",
            "/Shop.run/Shop.split#1",
            "/Shop.run/Shop.split#1 otel.status_code=\"OK\"",
            "/Shop.run/Shop.split#1 outcome=\"completed\"",
            "/Shop.run/Shop.work#1#batch=0#member=0",
            "/Shop.run/Shop.work#1#batch=0#member=0 error=\"out of order\"",
            "/Shop.run/Shop.work#1#batch=0#member=0 otel.status_code=\"ERROR\"",
            "/Shop.run/Shop.work#1#batch=0#member=0 outcome=\"failed\"",
            "/Shop.run/Shop.work#1#batch=0#member=1",
            "/Shop.run/Shop.work#1#batch=0#member=1 otel.status_code=\"OK\"",
            "/Shop.run/Shop.work#1#batch=0#member=1 outcome=\"completed\"",
            "/Shop.run/Shop.work#2#batch=0#member=0",
            "/Shop.run/Shop.work#2#batch=0#member=0 otel.status_code=\"OK\"",
            "/Shop.run/Shop.work#2#batch=0#member=0 outcome=\"completed\"",
            "/Shop.run/Shop.gather#1",
            "/Shop.run/Shop.gather#1/Twice.run",
            "/Shop.run/Shop.gather#1/Twice.run/Twice.twice#1",
            "/Shop.run/Shop.gather#1/Twice.run/Twice.twice#1: doubling",
            "/Shop.run/Shop.gather#1/Twice.run/Twice.twice#1 otel.status_code=\"OK\"",
            "/Shop.run/Shop.gather#1/Twice.run/Twice.twice#1 outcome=\"completed\"",
            "/Shop.run/Shop.gather#1/Twice.run otel.status_code=\"OK\"",
            "/Shop.run/Shop.gather#1/Twice.run outcome=\"completed\"",
            "/Shop.run/Shop.gather#1 otel.status_code=\"OK\"",
            "/Shop.run/Shop.gather#1 outcome=\"completed\"",
            "/Shop.run/Shop.finish#1",
            "/Shop.run/Shop.finish#1: finishing",
            "/Shop.run/Shop.finish#1 otel.status_code=\"OK\"",
            "/Shop.run/Shop.finish#1 outcome=\"completed\"",
            "/Shop.run otel.status_code=\"OK\"",
            "/Shop.run outcome=\"completed\""
        ]
    );
    // By targets of their own, so that what nobody wants is not even written.
    let said = seen.said.lock().unwrap().clone();
    assert_eq!(
        said,
        [
            "Shop.run::payload: input={\"StartEvent\":2}",
            "Shop.run::note: received event=\"Approval\"",
            "Shop.split#1::payload: input={\"StartEvent\":2}",
            "Shop.split#1::payload: output=[{\"Item\":0},{\"Item\":1}]",
            "Shop.run::queue: queued=1",
            "Shop.work#1#batch=0#member=0::payload: input={\"Item\":0}",
            "Shop.work#1#batch=0#member=0::note: tried again wait=1s",
            "Shop.work#1#batch=0#member=0::note: failed error=\"out of order\" causes=\"\"",
            "Shop.run::queue: queued=0",
            "Shop.work#1#batch=0#member=1::payload: input={\"Item\":1}",
            "Shop.work#1#batch=0#member=1::note: publishes event=\"Progress\"",
            "Shop.work#1#batch=0#member=1::payload: output={\"Done\":1}",
            "Shop.work#2#batch=0#member=0::payload: input={\"Item\":0}",
            "Shop.work#2#batch=0#member=0::note: publishes event=\"Progress\"",
            "Shop.work#2#batch=0#member=0::payload: output={\"Done\":0}",
            "Shop.gather#1::payload: input=[{\"Done\":1},{\"Done\":0}]",
            "Shop.gather#1::note: waits event=\"Approval\"",
            "Shop.gather#1::note: goes on event=\"Approval\"",
            "Twice.run::payload: input={\"StartEvent\":1}",
            "Twice.twice#1::payload: input={\"StartEvent\":1}",
            "Twice.twice#1::payload: output={\"StopEvent\":2}",
            "Twice.run::payload: output={\"StopEvent\":2}",
            "Shop.gather#1::payload: output={\"Sum\":2}",
            "Shop.finish#1::payload: input={\"Sum\":2}",
            "Shop.finish#1::payload: output={\"StopEvent\":2}",
            "Shop.run::payload: output={\"StopEvent\":2}"
        ]
    );
}
