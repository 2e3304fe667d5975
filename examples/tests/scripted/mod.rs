//! A model server that follows a script: real HTTP on this machine, replies known beforehand.
//!
//! Each request takes the next reply and is kept, so that a test can see what was asked.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::StreamExt;

mod streamed;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A completion with this text.
    Text(&'static str),
    /// This status and this JSON body.
    Status(u16, Value),
    /// Status 200 with this content type and this body, whatever they are.
    Body(&'static str, &'static str),
    /// Status 429, and the seconds to wait in a header.
    SlowDown(u64),
    /// A streamed completion with this text, in these pieces.
    Spoken(&'static [&'static str]),
    /// The same, and the connection is closed before its end.
    SpokenAndCut(&'static [&'static str]),
    /// A streamed completion that calls tools: the name of each call, the tool, its arguments in pieces.
    Calls(&'static [(&'static str, &'static str, &'static [&'static str])]),
    /// The head of an answer and half a body, then the connection is closed.
    Cut,
    /// Nothing, with the connection held open.
    Silence,
}

/// What one request asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// The path, without the address.
    pub(crate) path: String,
    /// The header `authorization`.
    pub(crate) authorization: String,
    /// The JSON body.
    pub(crate) body: Value,
}

impl Asked {
    /// The text of the last message.
    pub(crate) fn prompt(&self) -> &str {
        let messages = self.body["messages"].as_array();
        let last = messages.and_then(|messages| messages.last());
        last.and_then(|last| last["content"].as_str()).unwrap_or_default()
    }
}

/// The server. It stops listening when it is dropped.
pub(crate) struct ScriptedServer {
    address: SocketAddr,
    script: Arc<Script>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
}

impl ScriptedServer {
    /// A server on a free port that gives these replies, one a request; past the last it answers
    /// with status 500.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script =
            Arc::new(Script { replies: Mutex::new(replies.into_iter().collect()), asked: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(follow).with_state(script.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, script, task }
    }

    /// The base URL to set as `OPENAI_BASE_URL`, with a slash at its end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1/", self.address)
    }

    /// All requests so far, oldest first.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The base URL of a port where nobody listens.
pub(crate) async fn url_of_nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/v1/", listener.local_addr().unwrap())
}

async fn follow(
    State(script): State<Arc<Script>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let authorization = headers.get("authorization");
    script.asked.lock().unwrap().push(Asked {
        path: uri.path().to_owned(),
        authorization: authorization.map_or("", |it| it.to_str().unwrap()).to_owned(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    });
    let reply = script.replies.lock().unwrap().pop_front();
    let answer = Response::builder().header("content-type", "application/json");
    let answer = match reply {
        Some(Reply::Text(text)) => answer.body(Body::from(completion(text).to_string())),
        Some(Reply::Status(status, body)) => answer.status(status).body(Body::from(body.to_string())),
        Some(Reply::Body(content_type, body)) => {
            Response::builder().header("content-type", content_type).body(Body::from(body))
        }
        Some(Reply::SlowDown(seconds)) => answer
            .status(429)
            .header("retry-after", seconds)
            .body(Body::from(failure("slow down").to_string())),
        Some(Reply::Spoken(pieces)) => streamed::answer(streamed::spoken(pieces) + streamed::END),
        Some(Reply::SpokenAndCut(pieces)) => streamed::answer(cut_after(streamed::spoken(pieces))),
        Some(Reply::Calls(calls)) => streamed::answer(streamed::calls(calls) + streamed::END),
        Some(Reply::Cut) => answer.body(cut_after("{\"choices\": [{".to_owned())),
        Some(Reply::Silence) => pending().await,
        None => answer.status(500).body(Body::from(failure("the script is over").to_string())),
    };
    answer.unwrap()
}

/// A body that is no whole one: the connection is lost after this text has gone out.
fn cut_after(text: String) -> Body {
    let parts = [Ok(Bytes::from(text)), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    // What was written goes out when there is nothing more to write at once.
    let parts = tokio_stream::iter(parts).then(async |part| {
        tokio::task::yield_now().await;
        part
    });
    Body::from_stream(parts)
}

/// A completion as OpenAI's API reference describes it.
fn completion(text: &str) -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text },
            "finish_reason": "stop",
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    })
}

/// An error's body as OpenAI sends it.
pub(crate) fn failure(message: &str) -> Value {
    json!({ "error": { "message": message, "type": "scripted" } })
}
