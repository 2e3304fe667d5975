//! Shape: a finished span as OpenInference and OpenTelemetry name its attributes.
//!
//! <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md> and
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/>. A pure function of the span and the user's settings.

use std::collections::BTreeMap;

use opentelemetry::trace::Status;
use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use serde_json::json;

use crate::payload::{Payloads, is_payload};

/// What kind of work a span is: OpenInference.
pub(crate) const KIND: &str = "openinference.span.kind";
/// What groups the runs of one conversation.
pub(crate) const SESSION: &str = "session.id";
pub(crate) const INPUT: &str = "input.value";
pub(crate) const OUTPUT: &str = "output.value";
/// The event of a span that is an error, OpenTelemetry.
pub(crate) const EXCEPTION: &str = "exception";
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";
pub(crate) const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";

const ATTEMPT: &str = "workflow.attempt";
const INVOCATION: &str = "workflow.invocation";
const BATCH: &str = "workflow.batch";
const MEMBER: &str = "workflow.member";

/// The fields of core's spans, and what they are called outside.
const RENAMED: [(&str, &str); 8] = [
    ("workflow", "workflow.name"),
    ("run.id", "workflow.run.id"),
    ("step", "workflow.step"),
    ("attempt", ATTEMPT),
    ("invocation", INVOCATION),
    ("batch", BATCH),
    ("member", MEMBER),
    ("outcome", "workflow.outcome"),
];

/// The span as it leaves the program.
pub(crate) fn shaped(mut span: SpanData, payloads: &Payloads) -> SpanData {
    if is_of_workflow(&span) {
        shape_workflow(&mut span.attributes);
    } else if let Some(operation) = text(&span.attributes, "gen_ai.operation.name") {
        shape_gen_ai(&operation, &mut span.attributes);
    }
    prepare(&mut span.attributes, payloads);
    if payloads.redact.is_some() {
        redact_errors(&mut span, payloads);
    }
    span
}

fn is_of_workflow(span: &SpanData) -> bool {
    value(&span.attributes, "workflow").is_some() && value(&span.attributes, KIND).is_some()
}

/// Names that belong to this library, and the same once more as what OpenInference calls metadata.
fn shape_workflow(attributes: &mut Vec<KeyValue>) {
    // The event of the error says it, and the status.
    attributes.retain(|attribute| attribute.key.as_str() != "error");
    // By name: the order of a JSON map would be that which the program has chosen for all of them.
    let mut metadata = BTreeMap::new();
    for attribute in attributes.iter_mut() {
        let Some((_, name)) = RENAMED.iter().find(|(name, _)| *name == attribute.key.as_str()) else {
            continue;
        };
        attribute.key = Key::from_static_str(name);
        // The layer that makes the tree passes on numbers without a sign as text.
        let number = match *name {
            ATTEMPT | INVOCATION | BATCH | MEMBER => attribute.value.as_str().parse::<i64>().ok(),
            _ => None,
        };
        let value = match number {
            Some(number) => {
                attribute.value = number.into();
                json!(number)
            }
            None => json!(attribute.value.as_str()),
        };
        metadata.insert(*name, value);
    }
    attributes.push(KeyValue::new("metadata", json!(metadata).to_string()));
}

/// OpenInference's names for a call of a model or of a tool, beside those that are there. The messages stay as
/// they are: Phoenix reads them.
fn shape_gen_ai(operation: &str, attributes: &mut Vec<KeyValue>) {
    let (kind, also): (_, &[_]) = match operation {
        "chat" | "text_completion" | "generate_content" => ("LLM", &LLM),
        "embeddings" => ("EMBEDDING", &[("embedding.model_name", "gen_ai.request.model")]),
        "execute_tool" => ("TOOL", &TOOL),
        "retrieval" => ("RETRIEVER", &[]),
        "invoke_agent" | "create_agent" => ("AGENT", &[]),
        _ => return,
    };
    let mut more = vec![(KIND, Value::from(kind))];
    more.extend(also.iter().filter_map(|(name, from)| Some((*name, value(attributes, from)?.clone()))));
    let tokens = |name| value(attributes, name).and_then(number);
    if let (Some(taken), Some(given)) =
        (tokens("gen_ai.usage.input_tokens"), tokens("gen_ai.usage.output_tokens"))
    {
        more.push(("llm.token_count.total", Value::I64(taken + given)));
    }
    for (name, value_of_it) in more {
        if value(attributes, name).is_none() {
            attributes.push(KeyValue::new(name, value_of_it));
        }
    }
}

/// What OpenInference calls it, and what OpenTelemetry does.
const LLM: [(&str, &str); 3] = [
    ("llm.model_name", "gen_ai.request.model"),
    ("llm.token_count.prompt", "gen_ai.usage.input_tokens"),
    ("llm.token_count.completion", "gen_ai.usage.output_tokens"),
];

const TOOL: [(&str, &str); 4] = [
    ("tool.name", "gen_ai.tool.name"),
    ("tool.description", "gen_ai.tool.description"),
    (INPUT, "gen_ai.tool.call.arguments"),
    (OUTPUT, "gen_ai.tool.call.result"),
];

/// Hides, redacts and shortens what came in and out, and says of what type it is.
fn prepare(attributes: &mut Vec<KeyValue>, payloads: &Payloads) {
    let mut types = Vec::new();
    attributes.retain_mut(|attribute| {
        if !is_payload(attribute.key.as_str()) {
            return true;
        }
        let text = attribute.value.as_str().into_owned();
        let Some((text, is_json)) = payloads.prepared(attribute.key.as_str(), text) else {
            return false;
        };
        attribute.value = text.into();
        let mime = if is_json { "application/json" } else { "text/plain" };
        match attribute.key.as_str() {
            INPUT => types.push(KeyValue::new("input.mime_type", mime)),
            OUTPUT => types.push(KeyValue::new("output.mime_type", mime)),
            _ => (),
        }
        true
    });
    types.retain(|mime| value(attributes, mime.key.as_str()).is_none());
    attributes.extend(types);
}

/// What an error says goes through the same function as what came in and out.
fn redact_errors(span: &mut SpanData, payloads: &Payloads) {
    for attribute in span.events.events.iter_mut().flat_map(|event| &mut event.attributes) {
        if let name @ (EXCEPTION_MESSAGE | EXCEPTION_STACKTRACE) = attribute.key.as_str()
            && let Some((text, _)) = payloads.prepared(name, attribute.value.as_str().into_owned())
        {
            attribute.value = text.into();
        }
    }
    if let Status::Error { description } = &span.status
        && !description.is_empty()
        && let Some((text, _)) = payloads.prepared(EXCEPTION_MESSAGE, description.clone().into_owned())
    {
        span.status = Status::error(text);
    }
}

fn value<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|attribute| &attribute.value)
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    value(attributes, name).map(|value| value.as_str().into_owned())
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::I64(number) => Some(*number),
        value => value.as_str().parse().ok(),
    }
}
