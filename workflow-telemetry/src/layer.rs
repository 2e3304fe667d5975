//! Layer: what core's spans say beside their fields, and what they add up to.
//!
//! The tree itself is made by `tracing-opentelemetry`, whose layer is asked first. This one puts payloads, notes
//! and errors into the spans of that, ends them when core says how they ended, and counts.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context as OtelContext, KeyValue};
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Subscriber};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::metrics::{Metrics, Of};
use crate::shape::{EXCEPTION, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, INPUT, KIND, OUTPUT, SESSION};

/// The target of core's spans.
pub(crate) const SPANS: &str = "workflow";
/// What happens in them, by names alone.
pub(crate) const NOTES: &str = "workflow::note";
/// What came in and out.
pub(crate) const PAYLOADS: &str = "workflow::payload";
/// How many executions wait for a worker.
pub(crate) const QUEUE: &str = "workflow::queue";

/// Maps what core says.
pub(crate) struct Mapping {
    dispatch: OnceLock<WeakDispatch>,
    metrics: Option<Metrics>,
}

/// What is known of a span of core's.
struct Known {
    of: Of,
    began: Instant,
    /// How many executions waited for a worker when that was said last; of a run.
    queued: i64,
    /// How many things have happened in it.
    notes: u32,
}

/// How many of the things that happen in a span are told one by one. OpenTelemetry keeps 128 events of a span, and
/// an error that comes after them must still have room.
const NOTES_TOLD: u32 = 64;

/// The conversation that a span belongs to.
struct Session(Arc<str>);

impl Mapping {
    pub(crate) fn new(metrics: Option<Metrics>) -> Self {
        Self { dispatch: OnceLock::new(), metrics }
    }

    /// What OpenTelemetry knows of a span, if it is one that will leave.
    fn otel(&self, id: &Id) -> Option<OtelContext> {
        let dispatch = self.dispatch.get()?.upgrade()?;
        get_otel_context(id, &dispatch).filter(|context| context.span().is_recording())
    }

    fn begins<S>(&self, id: &Id, fields: Fields, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        let (Some(span), Some(workflow)) = (ctx.span(id), fields.workflow) else { return };
        let around = span
            .scope()
            .skip(1)
            .find_map(|span| span.extensions().get::<Session>().map(|session| Arc::clone(&session.0)));
        let session = around.or(fields.run_id.map(Arc::from));
        if let Some(session) = &session {
            span.extensions_mut().insert(Session(Arc::clone(session)));
        }
        let of = Of { workflow: workflow.into(), step: fields.step.map(Arc::from) };
        if let Some(metrics) = &self.metrics {
            metrics.begins(&of, fields.attempt.unwrap_or(1));
        }
        span.extensions_mut().insert(Known { of, began: Instant::now(), queued: 0, notes: 0 });
        if let Some(context) = self.otel(id) {
            let span = context.span();
            span.set_attribute(KeyValue::new(KIND, "CHAIN"));
            if let Some(session) = session {
                span.set_attribute(KeyValue::new(SESSION, session));
            }
        }
    }

    fn ends<S>(&self, id: &Id, outcome: &str, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        let known = ctx.span(id).and_then(|span| span.extensions_mut().remove::<Known>());
        if let (Some(metrics), Some(known)) = (&self.metrics, &known) {
            metrics.ends(&known.of, outcome, known.began.elapsed().as_secs_f64());
        }
        let notes = known.map_or(0, |known| known.notes);
        // A task that a step has left behind would keep the span open, and with it all around it.
        if let Some(context) = self.otel(id) {
            let span = context.span();
            if let Some(more @ 1..) = notes.checked_sub(NOTES_TOLD) {
                span.set_attribute(KeyValue::new("workflow.events_left_out", i64::from(more)));
            }
            span.end();
        }
    }

    fn queue<S>(&self, id: &Id, queued: i64, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        let Some(span) = ctx.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if let (Some(metrics), Some(known)) = (&self.metrics, extensions.get_mut::<Known>()) {
            metrics.queued(&known.of, queued - std::mem::replace(&mut known.queued, queued));
        }
    }

    fn payload(&self, id: &Id, event: &Event<'_>) {
        let Some(context) = self.otel(id) else { return };
        let fields = Fields::of(|fields| event.record(fields));
        let span = context.span();
        for (name, text) in [(INPUT, fields.input), (OUTPUT, fields.output)] {
            if let Some(text) = text {
                span.set_attribute(KeyValue::new(name, text));
            }
        }
    }

    fn note<S>(&self, id: &Id, event: &Event<'_>, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        let Some(context) = self.otel(id) else { return };
        let fields = Fields::of(|fields| event.record(fields));
        let span = context.span();
        if let Some(error) = fields.error {
            let trace = match fields.causes.filter(|causes| !causes.is_empty()) {
                Some(causes) => format!("{error}\ncaused by: {}", causes.replace('\n', "\ncaused by: ")),
                None => error.clone(),
            };
            let says = [(EXCEPTION_MESSAGE, error.clone()), (EXCEPTION_STACKTRACE, trace)];
            span.add_event(EXCEPTION, says.map(|(name, text)| KeyValue::new(name, text)).to_vec());
            span.set_status(Status::error(error));
            return;
        }
        let is_told = ctx.span(id).is_none_or(|span| {
            span.extensions_mut().get_mut::<Known>().is_none_or(|known| {
                known.notes += 1;
                known.notes <= NOTES_TOLD
            })
        });
        if !is_told {
            return;
        }
        let says = [("workflow.event", fields.event), ("workflow.wait", fields.wait)];
        let says = says.into_iter().filter_map(|(name, text)| Some(KeyValue::new(name, text?)));
        span.add_event(fields.message.unwrap_or_default(), says.collect());
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Mapping {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if attributes.metadata().target() == SPANS {
            self.begins(id, Fields::of(|fields| attributes.record(fields)), &ctx);
        } else if attributes.fields().field(SESSION).is_some()
            && let Some(session) = Fields::of(|fields| attributes.record(fields)).session
            && let Some(span) = ctx.span(id)
        {
            span.extensions_mut().insert(Session(session.into()));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        if ctx.metadata(id).is_some_and(|metadata| metadata.target() == SPANS)
            && let Some(outcome) = Fields::of(|fields| values.record(fields)).outcome
        {
            self.ends(id, &outcome, &ctx);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let Some(id) = event.parent() else { return };
        match event.metadata().target() {
            PAYLOADS => self.payload(id, event),
            NOTES => self.note(id, event, &ctx),
            QUEUE => {
                if let Some(queued) = Fields::of(|fields| event.record(fields)).queued {
                    self.queue(id, queued, &ctx);
                }
            }
            _ => (),
        }
    }
}

/// The fields of core's spans and events, and the one of the user's.
#[derive(Default)]
struct Fields {
    message: Option<String>,
    workflow: Option<String>,
    run_id: Option<String>,
    step: Option<String>,
    attempt: Option<u64>,
    outcome: Option<String>,
    event: Option<String>,
    wait: Option<String>,
    error: Option<String>,
    causes: Option<String>,
    input: Option<String>,
    output: Option<String>,
    queued: Option<i64>,
    session: Option<String>,
}

impl Fields {
    fn of(record: impl FnOnce(&mut Self)) -> Self {
        let mut fields = Self::default();
        record(&mut fields);
        fields
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "message" => &mut self.message,
            "workflow" => &mut self.workflow,
            "run.id" => &mut self.run_id,
            "step" => &mut self.step,
            "outcome" => &mut self.outcome,
            "event" => &mut self.event,
            "wait" => &mut self.wait,
            "error" => &mut self.error,
            "causes" => &mut self.causes,
            "input" => &mut self.input,
            "output" => &mut self.output,
            SESSION => &mut self.session,
            _ => return None,
        })
    }
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "attempt" => self.attempt = Some(value),
            "queued" => self.queued = i64::try_from(value).ok(),
            _ => (),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(place) = self.place(field.name()) {
            *place = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if let Some(place) = self.place(field.name()) {
            *place = Some(format!("{value:?}"));
        }
    }
}
