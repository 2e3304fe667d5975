//! The calls of models and tools as spans: what a collector gets of a flow that makes some, and what the endpoint gets.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt;
use workflow_core::prelude::*;
use workflow_examples::{AnyLlm, Canned, Chat, Llm, LlmError, Message, ToolCall, Toolbox, atlas};
use workflow_telemetry::Otlp;

use collector::{Collector, Received};

#[allow(dead_code, reason = "each test takes what it needs")]
#[path = "../../workflow-telemetry/tests/exported/collector.rs"]
mod collector;

/// Asks a model, and calls the tool that it asks for.
struct Talk {
    llm: AnyLlm,
    tools: Toolbox,
}

#[workflow]
impl Talk {
    #[step]
    async fn ask(&self, question: StartEvent<String>) -> Result<ToolCall, LlmError> {
        let chat = Chat::new(vec![Message::User(question.0)]).tools(&self.tools);
        Ok(self.llm.reply(&chat).await?.calls.remove(0))
    }

    #[step]
    async fn call(&self, call: ToolCall) -> StopEvent<String> {
        StopEvent(self.tools.call(call).text)
    }
}

/// An endpoint that gives this answer, and the headers of what it was asked.
async fn endpoint(status: StatusCode, answer: Value) -> (String, Arc<Mutex<Vec<HeaderMap>>>) {
    type Asked = Arc<Mutex<Vec<HeaderMap>>>;
    let asked = Asked::default();
    let answer = move |State(asked): State<Asked>, headers: HeaderMap| {
        asked.lock().unwrap().push(headers);
        std::future::ready((status, axum::Json(answer.clone())))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap());
    let routes = Router::new().fallback(answer).with_state(Arc::clone(&asked));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (url, asked)
}

/// What a collector gets of one talk with the model `parrot` at this address.
async fn talked(url: &str) -> (Received, Result<String, RunError>) {
    let collector = Collector::start();
    let (telemetry, guard) = Otlp::from_env().endpoint(collector.address()).layer().unwrap();
    let subscriber = tracing::Dispatch::new(tracing_subscriber::registry().with(telemetry));
    let setting = |name: &str| match name {
        "OPENAI_BASE_URL" => Some(url.to_owned()),
        "OPENAI_MODEL" => Some("parrot".to_owned()),
        _ => None,
    };
    let talk = Talk { llm: AnyLlm::from_settings(setting, Canned::new(&[])).unwrap(), tools: atlas() };
    let result = {
        let _default = tracing::dispatcher::set_default(&subscriber);
        talk.run("How far is it from Oslo to Rome?").await
    };
    drop(guard);
    (collector.received(), result)
}

#[tokio::test]
async fn calls_of_models_and_tools_hang_under_their_steps_with_messages_tokens_and_results() {
    let arguments = r#"{"from":"Oslo","to":"Rome"}"#;
    let call = json!({ "id": "call_1", "type": "function", "function": { "name": "distance", "arguments": arguments } });
    let answer = json!({
        "choices": [{ "message": { "role": "assistant", "tool_calls": [call] } }],
        "usage": { "prompt_tokens": 90, "completion_tokens": 12, "total_tokens": 102 },
    });
    let (url, asked) = endpoint(StatusCode::OK, answer).await;
    let (received, result) = talked(&url).await;
    assert_eq!(result.unwrap(), "2006 km");
    assert_eq!(
        received.tree(),
        [
            "Talk.run ok",
            "  Talk.ask ok",
            "    chat parrot ok",
            "  Talk.call ok",
            "    execute_tool distance ok",
        ]
    );
    for (span, name, value) in [
        ("chat parrot", "openinference.span.kind", "LLM"),
        ("chat parrot", "gen_ai.operation.name", "chat"),
        ("chat parrot", "gen_ai.provider.name", "openai"),
        ("chat parrot", "gen_ai.request.model", "parrot"),
        ("chat parrot", "gen_ai.usage.input_tokens", "90"),
        ("chat parrot", "llm.token_count.total", "102"),
        ("execute_tool distance", "openinference.span.kind", "TOOL"),
        ("execute_tool distance", "gen_ai.tool.call.id", "call_1"),
        ("execute_tool distance", "gen_ai.tool.call.arguments", arguments),
        ("execute_tool distance", "gen_ai.tool.call.result", "2006 km"),
    ] {
        assert_eq!(received.attribute(span, name).as_deref(), Some(value), "{name} of {span}");
    }
    let messages = |name| received.attribute("chat parrot", name).unwrap().parse::<Value>().unwrap();
    assert_eq!(
        messages("gen_ai.input.messages"),
        json!([{ "role": "user", "parts": [{ "type": "text", "content": "How far is it from Oslo to Rome?" }] }])
    );
    assert_eq!(
        messages("gen_ai.output.messages"),
        json!([{
            "role": "assistant",
            "parts": [{ "type": "tool_call", "id": "call_1", "name": "distance", "arguments": { "from": "Oslo", "to": "Rome" } }],
            "finish_reason": "tool_call",
        }])
    );
    assert_eq!(messages("gen_ai.tool.definitions")[0]["name"], "distance");

    // The endpoint is told of which trace it is a part.
    let span = received.span("chat parrot");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let traceparent = format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id));
    assert_eq!(asked.lock().unwrap()[0]["traceparent"], traceparent);
}

#[tokio::test]
async fn a_call_that_fails_is_an_error_of_its_span_and_of_the_step() {
    let (url, _) = endpoint(StatusCode::SERVICE_UNAVAILABLE, json!("down")).await;
    let (received, result) = talked(&url).await;
    result.unwrap_err();
    let failed = format!("{url} failed to run model `parrot`, with status 503");
    assert_eq!(
        received.tree(),
        [
            format!("Talk.run error: {failed} [exception]"),
            format!("  Talk.ask error: {failed} [exception]"),
            format!("    chat parrot error: {failed}: \"down\" [exception]"),
        ]
    );
}
