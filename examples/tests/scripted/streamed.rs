//! Streamed: completions as server-sent events, as OpenAI's API reference describes them.
//!
//! Tool calls come in pieces: first the name, then the arguments bit by bit.

use axum::body::Body;
use axum::http::{Response, Result};
use serde_json::{Value, json};

/// What comes after the last event.
pub(super) const END: &str = "data: [DONE]\n\n";

pub(super) fn answer(body: impl Into<Body>) -> Result<Response<Body>> {
    Response::builder().header("content-type", "text/event-stream").body(body.into())
}

pub(super) fn spoken(pieces: &[&str]) -> String {
    let first = event(&json!({ "role": "assistant", "content": "" }), None);
    let rest = pieces.iter().map(|piece| event(&json!({ "content": piece }), None));
    [first].into_iter().chain(rest).collect::<String>() + &event(&json!({}), Some("stop"))
}

pub(super) fn calls(calls: &[(&str, &str, &[&str])]) -> String {
    let mut events = event(&json!({ "role": "assistant", "content": null }), None);
    for (index, (id, name, pieces)) in calls.iter().enumerate() {
        let opening = json!({
            "index": index,
            "id": id,
            "type": "function",
            "function": { "name": name, "arguments": "" },
        });
        events += &event(&json!({ "tool_calls": [opening] }), None);
        for piece in *pieces {
            let going_on = json!({ "index": index, "function": { "arguments": piece } });
            events += &event(&json!({ "tool_calls": [going_on] }), None);
        }
    }
    events + &event(&json!({}), Some("tool_calls"))
}

fn event(delta: &Value, finish_reason: Option<&str>) -> String {
    let chunk = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "scripted",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    });
    format!("data: {chunk}\n\n")
}
