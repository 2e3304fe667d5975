//! Conversations with an endpoint: what goes over the wire, what comes out of each kind of answer.
//!
//! A reply in one piece and one that is streamed must fail alike, though the client crate reports them in
//! different ways. The endpoint is a scripted server on this machine, over real HTTP.

mod scripted;

use std::time::Duration;

use schemars::JsonSchema;
use scripted::{Reply as Answer, ScriptedServer, failure, url_of_nobody};
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_examples::{Chat, Endpoint, Llm, LlmError, Message, Reply, Schema, ToolCall, ToolResult, atlas};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is asked for")]
struct Island {
    name: String,
}

fn parrot(url: &str) -> Endpoint {
    Endpoint::new(url, "parrot").unwrap().key("sk-test").limit(Duration::from_secs(20))
}

fn hello() -> Chat {
    Chat::new(vec![Message::User("Hello!".to_owned())])
}

/// A conversation with every kind of message.
fn conversation() -> Chat {
    let call =
        ToolCall { id: "a".to_owned(), name: "distance".to_owned(), arguments: json!({ "to": "Rome" }) };
    Chat::new(vec![
        Message::System("Be brief.".to_owned()),
        Message::User("How far is Rome?".to_owned()),
        Message::Assistant(Reply { text: "I look it up.".to_owned(), calls: vec![call] }),
        Message::Tool(ToolResult { id: "a".to_owned(), text: "error: missing field `from`".to_owned() }),
    ])
}

/// The replies to [`hello`], in one piece and streamed, when the server answers each with `answer`.
async fn both(answer: Answer) -> [Result<Reply, LlmError>; 2] {
    let server = ScriptedServer::start([answer.clone(), answer]).await;
    let parrot = parrot(&server.url());
    let replies = [parrot.reply(&hello()).await, parrot.stream(&hello(), |_| ()).await];
    assert_eq!(server.asked().len(), 2, "a failure is not tried again in here");
    replies
}

#[tokio::test]
async fn every_kind_of_message_goes_out_in_the_form_of_the_protocol() {
    let server = ScriptedServer::start([Answer::Text("2006 km."), Answer::Spoken(&["2006 km."])]).await;
    let chat = conversation().tools(&atlas()).stop("Observation:");
    let parrot = parrot(&server.url());
    assert_eq!(parrot.reply(&chat).await.unwrap(), Reply::text("2006 km."));
    assert_eq!(parrot.stream(&chat, |_| ()).await.unwrap(), Reply::text("2006 km."));

    let asked = server.asked();
    assert_eq!((&asked[0].body["stream"], &asked[1].body["stream"]), (&json!(false), &json!(true)));
    for asked in asked {
        assert_eq!(
            (asked.path.as_str(), asked.authorization.as_str()),
            ("/v1/chat/completions", "Bearer sk-test")
        );
        assert_eq!(
            asked.body["messages"],
            json!([
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "How far is Rome?" },
                { "role": "assistant", "content": "I look it up.", "tool_calls": [{
                    "type": "function",
                    "id": "a",
                    "function": { "name": "distance", "arguments": "{\"to\":\"Rome\"}" },
                }] },
                { "role": "tool", "tool_call_id": "a", "content": "error: missing field `from`" },
            ])
        );
        assert_eq!(asked.body["stop"], json!(["Observation:"]));
        assert_eq!(asked.body["tools"][0]["type"], "function");
        assert_eq!(asked.body["tools"][0]["function"]["parameters"], atlas().specs()[0].parameters);
        assert_eq!(asked.body.get("response_format"), None);
    }
}

#[tokio::test]
async fn a_schema_goes_out_strict_and_closed() {
    let server = ScriptedServer::start([Answer::Text("{\"name\": \"Ischia\"}")]).await;
    let chat = hello().schema(&Schema::<Island>::new());
    parrot(&server.url()).reply(&chat).await.unwrap();
    let format = server.asked().remove(0).body["response_format"].take();
    assert_eq!((&format["type"], &format["json_schema"]["strict"]), (&json!("json_schema"), &json!(true)));
    assert_eq!(format["json_schema"]["name"], "island");
    assert_eq!(format["json_schema"]["schema"]["properties"]["name"]["type"], "string");
    assert_eq!(format["json_schema"]["schema"]["additionalProperties"], false);
}

#[tokio::test]
async fn a_stream_is_heard_piece_by_piece_and_given_whole() {
    let server = ScriptedServer::start([Answer::Spoken(&[" One", " piece", ", two.\n"])]).await;
    let mut heard = Vec::new();
    let reply = parrot(&server.url()).stream(&hello(), |piece| heard.push(piece.to_owned())).await;
    assert_eq!(heard, [" One", " piece", ", two.\n"]);
    assert_eq!(reply.unwrap(), Reply::text("One piece, two."));
}

#[tokio::test]
async fn tool_calls_are_the_same_in_one_piece_and_streamed() {
    let whole = r#"{ "choices": [{ "message": { "role": "assistant", "content": null, "tool_calls": [
        { "id": "a", "type": "function", "function": { "name": "distance", "arguments": "{\"to\": \"Rome\"}" } },
        { "id": "b", "type": "function", "function": { "name": "calculate", "arguments": "{}" } }
    ] }, "finish_reason": "tool_calls" }] }"#;
    let pieces =
        Answer::Calls(&[("a", "distance", &["{\"to\":", " \"Ro", "me\"}"]), ("b", "calculate", &["{}"])]);
    let server = ScriptedServer::start([Answer::Body("application/json", whole), pieces]).await;
    let parrot = parrot(&server.url());
    let replies = [
        parrot.reply(&hello()).await.unwrap(),
        parrot.stream(&hello(), |piece| panic!("nothing is said, but `{piece}`")).await.unwrap(),
    ];
    let call = |id: &str, name: &str, arguments: Value| ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments,
    };
    let calls = vec![call("a", "distance", json!({ "to": "Rome" })), call("b", "calculate", json!({}))];
    for reply in replies {
        assert_eq!(reply, Reply { text: String::new(), calls: calls.clone() });
    }
}

#[tokio::test]
async fn what_the_endpoint_refuses_is_the_same_error_streamed_or_not() {
    for reply in both(Answer::SlowDown(7)).await {
        let error = reply.unwrap_err();
        assert!(
            matches!(&error, LlmError::RateLimited { wait: Some(wait), source, .. }
                if *wait == Duration::from_secs(7) && source.to_string() == "slow down"),
            "{error:?}"
        );
    }
    for reply in both(Answer::Status(401, failure("no such key"))).await {
        assert!(matches!(reply, Err(LlmError::KeyRefused { status: 401, .. })), "{reply:?}");
    }
    for reply in both(Answer::Status(404, failure("no such model"))).await {
        assert!(matches!(reply, Err(LlmError::Unknown { .. })), "{reply:?}");
    }
    for reply in both(Answer::Status(503, json!("down"))).await {
        assert!(matches!(reply, Err(LlmError::Failed { status: 503, .. })), "{reply:?}");
    }
}

#[tokio::test]
async fn what_the_network_does_is_the_same_error_streamed_or_not() {
    for reply in both(Answer::Cut).await {
        assert!(matches!(reply, Err(LlmError::Cut { .. })), "{reply:?}");
    }
    let url = url_of_nobody().await;
    let parrot = parrot(&url);
    for reply in [parrot.reply(&hello()).await, parrot.stream(&hello(), |_| ()).await] {
        assert!(matches!(reply, Err(LlmError::Unreachable { .. })), "{reply:?}");
    }
    let server = ScriptedServer::start([Answer::Silence, Answer::Silence]).await;
    let parrot = Endpoint::new(&server.url(), "parrot").unwrap().limit(Duration::from_millis(50));
    for reply in [parrot.reply(&hello()).await, parrot.stream(&hello(), |_| ()).await] {
        assert!(matches!(reply, Err(LlmError::TimedOut { .. })), "{reply:?}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_too_early_is_cut_even_between_two_events() {
    let half = "data: {\"choices\": [{\"delta\": {\"content\": \"It is\"}}]}\n\n";
    for answer in [Answer::SpokenAndCut(&["It is"]), Answer::Body("text/event-stream", half)] {
        let server = ScriptedServer::start([answer]).await;
        let mut heard = String::new();
        let error = parrot(&server.url()).stream(&hello(), |piece| heard += piece).await.unwrap_err();
        assert_eq!(heard, "It is");
        assert!(matches!(error, LlmError::Cut { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_no_event_and_what_is_an_error_in_a_stream_are_malformed() {
    for (body, cause) in [
        ("data: {\"choices\": [\n\n", "EOF while parsing"),
        ("data: {\"error\": {\"message\": \"overloaded\"}}\n\n", "overloaded"),
    ] {
        let server = ScriptedServer::start([Answer::Body("text/event-stream", body)]).await;
        let error = parrot(&server.url()).stream(&hello(), |_| ()).await.unwrap_err();
        let LlmError::Malformed { source, .. } = &error else { panic!("{error:?}") };
        assert!(source.to_string().starts_with(cause), "{source}");
    }
}

#[tokio::test]
async fn a_reply_of_nothing_is_no_reply() {
    for answer in [Answer::Text(" "), Answer::Spoken(&[" ", "\n"])] {
        let server = ScriptedServer::start([answer.clone()]).await;
        let parrot = parrot(&server.url());
        let reply = match answer {
            Answer::Text(_) => parrot.reply(&hello()).await,
            _ => parrot.stream(&hello(), |_| ()).await,
        };
        assert!(matches!(reply, Err(LlmError::NoText { .. })), "{reply:?}");
    }
}
