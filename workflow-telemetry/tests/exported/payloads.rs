//! Payloads: what came in and out is cut, changed or left out before it leaves the program.

use serde_json::{Value, json};
use tracing::Instrument;
use workflow_core::prelude::*;

use crate::collector::{Received, attribute};
use crate::exported;
use crate::flows::{Greeter, Races};

async fn greeted(
    name: &str,
    set: impl FnOnce(workflow_telemetry::Otlp) -> workflow_telemetry::Otlp,
) -> Received {
    let (received, greeting) = exported(set, async { Greeter.run(name).await }).await;
    greeting.unwrap();
    received
}

/// All attributes of all spans that have this in their name, by that name.
fn named(received: &Received, part: &str) -> Vec<String> {
    let attributes = received.spans.iter().flat_map(|span| &span.attributes);
    attributes.map(|attribute| attribute.key.clone()).filter(|key| key.contains(part)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_longer_than_the_limit_is_cut_and_is_json_still() {
    let received = greeted(&"é".repeat(1000), |otlp| otlp.payload_limit(100)).await;
    let output = received.attribute("Greeter.write", "output.value").unwrap();
    assert!(output.len() <= 100, "{output}");
    let output: Value = serde_json::from_str(&output).unwrap();
    let text = output["Draft"]["text"].as_str().unwrap();
    assert!(text.starts_with("hello é") && text.ends_with("… (2006 bytes)"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_function_changes_what_came_in_and_out() {
    let redact = |_: &str, value: &mut Value| {
        if let Some(name) = value.pointer_mut("/StartEvent") {
            *name = "(hidden)".into();
        }
    };
    let received = greeted("Ada", |otlp| otlp.redact(redact)).await;
    assert_eq!(received.attribute("Greeter.run", "input.value").unwrap(), r#"{"StartEvent":"(hidden)"}"#);
    assert_eq!(received.attribute("Greeter.run", "output.value").unwrap(), r#"{"StopEvent":"hello Ada!"}"#);
}

#[tokio::test(start_paused = true)]
async fn the_function_changes_what_errors_say_too() {
    let redact = |name: &str, value: &mut Value| {
        if name.starts_with("exception.") {
            *value = value.as_str().unwrap().replace('7', "?").into();
        }
    };
    let (received, _) = exported(|otlp| otlp.redact(redact), async { Races.run("fails").await }).await;
    assert_eq!(received.tree()[3], "  Races.hurry error: the order ? is refused [exception]");
    let stacktrace = attribute(&received.span("Races.hurry").events[0].attributes, "exception.stacktrace");
    assert_eq!(stacktrace.unwrap(), "the order ? is refused\ncaused by: the card has expired");
}

#[tokio::test(start_paused = true)]
async fn without_payloads_there_are_none_and_all_else_is_there() {
    let received = greeted("Ada", |otlp| otlp.without_payloads()).await;
    assert_eq!((named(&received, "put.value"), named(&received, "mime")), (vec![], vec![]));
    assert_eq!(received.tree().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn calls_of_models_and_tools_are_named_by_both_conventions_and_heed_the_same_settings() {
    let calls = async {
        let messages = json!([{ "role": "user", "parts": [{ "type": "text", "content": "x".repeat(500) }] }]);
        tracing::info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.request.model = "small",
            gen_ai.input.messages = messages.to_string(),
            gen_ai.usage.input_tokens = 20_i64,
            gen_ai.usage.output_tokens = 3_i64,
        )
        .in_scope(|| ());
        tracing::info_span!(
            "execute_tool",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = "add",
            gen_ai.tool.call.arguments = r#"{"left":1}"#,
            gen_ai.tool.call.result = "2",
        )
        .in_scope(|| ());
    };
    let (received, ()) =
        exported(|otlp| otlp.payload_limit(200), calls.instrument(tracing::Span::none())).await;
    for (span, name, value) in [
        ("chat", "openinference.span.kind", "LLM"),
        ("chat", "llm.model_name", "small"),
        ("chat", "llm.token_count.prompt", "20"),
        ("chat", "llm.token_count.completion", "3"),
        ("chat", "llm.token_count.total", "23"),
        ("execute_tool", "openinference.span.kind", "TOOL"),
        ("execute_tool", "tool.name", "add"),
        ("execute_tool", "input.value", r#"{"left":1}"#),
        ("execute_tool", "input.mime_type", "application/json"),
        ("execute_tool", "output.value", "2"),
        ("execute_tool", "output.mime_type", "text/plain"),
    ] {
        assert_eq!(received.attribute(span, name).as_deref(), Some(value), "{name} of {span}");
    }
    let messages = received.attribute("chat", "gen_ai.input.messages").unwrap();
    assert!(messages.len() <= 200, "{messages}");
    let messages: Value = serde_json::from_str(&messages).unwrap();
    assert_eq!(messages[0]["role"], "user");
}
