//! Traced: calls of models and of tools as spans of `tracing`, named by OpenTelemetry's conventions for GenAI.
//!
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>. Without a subscriber that wants them they are
//! nothing. Whether what was said leaves the program is for `workflow-telemetry`, as for all other payloads.

use serde_json::{Value, json};
use tracing::field::{Empty, display};
use tracing::{Instrument, Span, error, info_span};

use crate::{Chat, LlmError, Message, Reply, ToolCall, ToolSpec, one_line};

/// Who is asked.
pub(crate) struct Model<'m> {
    /// Who runs it, or whose protocol it speaks.
    pub(crate) provider: &'static str,
    pub(crate) name: &'m str,
}

/// A call of a model, in a span of its own.
pub(crate) async fn model_call(
    model: Model<'_>,
    chat: &Chat,
    call: impl Future<Output = Result<Reply, LlmError>>,
) -> Result<Reply, LlmError> {
    let span = info_span!(
        "chat",
        otel.name = format!("chat {}", model.name),
        otel.kind = "client",
        otel.status_code = Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = model.provider,
        gen_ai.request.model = model.name,
        gen_ai.input.messages = display(messages(&chat.messages)),
        gen_ai.tool.definitions = (!chat.tools.is_empty()).then(|| display(definitions(&chat.tools))),
        gen_ai.output.messages = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
    );
    let result = call.instrument(span.clone()).await;
    span.in_scope(|| match &result {
        Ok(reply) => {
            span.record("gen_ai.output.messages", display(output(reply)));
            span.record("otel.status_code", "OK");
        }
        Err(error) => error!(error = %one_line(error)),
    });
    result
}

/// What the call of a model that is under way has cost, as the endpoint counts it.
pub(crate) fn note_tokens(taken: Option<i32>, given: Option<i32>) {
    let span = Span::current();
    for (name, tokens) in [("gen_ai.usage.input_tokens", taken), ("gen_ai.usage.output_tokens", given)] {
        if let Some(tokens) = tokens {
            span.record(name, i64::from(tokens));
        }
    }
}

/// A call of a tool, in a span of its own.
pub(crate) fn tool_call<E: std::error::Error + 'static>(
    call: &ToolCall,
    description: Option<&str>,
    does: impl FnOnce() -> Result<String, E>,
) -> Result<String, E> {
    let span = info_span!(
        "execute_tool",
        otel.name = format!("execute_tool {}", call.name),
        otel.status_code = Empty,
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = call.name,
        gen_ai.tool.description = description,
        gen_ai.tool.call.id = call.id,
        gen_ai.tool.call.arguments = display(&call.arguments),
        gen_ai.tool.call.result = Empty,
    );
    span.in_scope(|| {
        let result = does();
        match &result {
            Ok(text) => {
                span.record("gen_ai.tool.call.result", text);
                span.record("otel.status_code", "OK");
            }
            Err(error) => error!(error = %one_line(error)),
        }
        result
    })
}

fn messages(messages: &[Message]) -> Value {
    let message = |message: &Message| match message {
        Message::System(text) => json!({ "role": "system", "parts": [part(text)] }),
        Message::User(text) => json!({ "role": "user", "parts": [part(text)] }),
        Message::Assistant(reply) => json!({ "role": "assistant", "parts": parts(reply) }),
        Message::Tool(result) => {
            let part = json!({ "type": "tool_call_response", "id": result.id, "response": result.text });
            json!({ "role": "tool", "parts": [part] })
        }
    };
    messages.iter().map(message).collect()
}

fn output(reply: &Reply) -> Value {
    let reason = if reply.calls.is_empty() { "stop" } else { "tool_call" };
    json!([{ "role": "assistant", "parts": parts(reply), "finish_reason": reason }])
}

fn parts(reply: &Reply) -> Vec<Value> {
    let text = (!reply.text.is_empty()).then(|| part(&reply.text));
    let calls = reply.calls.iter().map(
        |call| json!({ "type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments }),
    );
    text.into_iter().chain(calls).collect()
}

fn part(text: &str) -> Value {
    json!({ "type": "text", "content": text })
}

fn definitions(tools: &[ToolSpec]) -> Value {
    let definition = |tool: &ToolSpec| {
        json!({
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        })
    };
    tools.iter().map(definition).collect()
}
