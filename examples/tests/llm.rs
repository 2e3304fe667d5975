//! The models behind `Llm`: what goes over the wire to an endpoint, what comes out of each answer.
//!
//! The endpoint is a scripted server on this machine, over real HTTP.

use std::error::Error;
use std::time::Duration;

use serde_json::json;
use workflow_examples::{AnyLlm, Canned, Endpoint, Llm, LlmError};

use scripted::{Asked, Reply, ScriptedServer, failure, url_of_nobody};

mod scripted;

const PROMPT: &str = "Write your best joke about pirates.";

/// What the model `parrot` at `url` says to [`PROMPT`].
async fn ask(url: &str) -> Result<String, LlmError> {
    let parrot = Endpoint::new(url, "parrot").unwrap().key("sk-test");
    parrot.complete(PROMPT).await
}

/// The error that comes of one scripted answer, and the server's URL.
async fn error_of(reply: Reply) -> (LlmError, String) {
    let server = ScriptedServer::start([reply]).await;
    let error = ask(&server.url()).await.unwrap_err();
    assert_eq!(server.asked().len(), 1, "a failure is not tried again in here");
    (error, server.url())
}

/// The words of the cause, one line each, outermost first.
fn causes(error: &LlmError) -> Vec<String> {
    let causes = std::iter::successors(error.source(), |cause| (**cause).source());
    causes.map(|cause| cause.to_string()).collect()
}

#[tokio::test]
async fn a_prompt_goes_out_with_model_key_and_limit_and_the_text_comes_back() {
    let server = ScriptedServer::start([Reply::Text("  Arrr.\n")]).await;
    let parrot = Endpoint::new(&server.url(), "parrot").unwrap();
    let parrot = parrot.key("sk-test").max_tokens(60);

    assert_eq!(parrot.complete(PROMPT).await.unwrap(), "Arrr.");
    assert_eq!(
        server.asked(),
        [Asked {
            path: "/v1/chat/completions".to_owned(),
            authorization: "Bearer sk-test".to_owned(),
            body: json!({
                "model": "parrot",
                "stream": false,
                "messages": [{ "role": "user", "content": PROMPT }],
                "max_tokens": 60,
            }),
        }]
    );
    assert_eq!(server.asked()[0].prompt(), PROMPT);
}

#[tokio::test]
async fn settings_lead_to_the_endpoint_they_name() {
    let server = ScriptedServer::start([Reply::Text("Arrr.")]).await;
    let without_slash = server.url().trim_end_matches('/').to_owned();
    let setting = |name: &str| (name == "OPENAI_BASE_URL").then(|| without_slash.clone());
    let llm = AnyLlm::from_settings(setting, Canned::new(&[])).unwrap();

    assert_eq!(llm.describe(), format!("model `gpt-4o-mini` at {}", server.url()));
    assert_eq!(llm.complete(PROMPT).await.unwrap(), "Arrr.");
    let asked = server.asked();
    assert_eq!(asked[0].path, "/v1/chat/completions");
    assert_eq!(asked[0].authorization, "Bearer none");
    assert_eq!(asked[0].body["model"], "gpt-4o-mini");
    assert_eq!(asked[0].body["max_tokens"], 512);
}

#[tokio::test]
async fn a_refused_key_names_the_endpoint() {
    for status in [401, 403] {
        let (error, url) = error_of(Reply::Status(status, failure("no such key"))).await;
        assert!(matches!(&error, LlmError::KeyRefused { status: it, .. } if *it == status));
        assert_eq!(
            error.to_string(),
            format!("{url} refuses the key for model `parrot` with status {status}")
        );
        assert_eq!(causes(&error), ["no such key"]);
    }
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let (error, url) = error_of(Reply::SlowDown(7)).await;
    assert!(matches!(
        &error,
        LlmError::RateLimited { wait: Some(wait), .. } if *wait == Duration::from_secs(7)
    ));
    assert_eq!(error.to_string(), format!("{url} limits how often model `parrot` may be asked"));
    assert_eq!(causes(&error), ["slow down"]);
}

#[tokio::test]
async fn a_model_that_the_endpoint_does_not_know_is_named() {
    let answer = json!({ "error": "model not found\ntry pulling it" });
    let (error, url) = error_of(Reply::Status(404, answer)).await;
    assert!(matches!(error, LlmError::Unknown { .. }));
    assert_eq!(
        error.to_string(),
        format!("{url} does not know model `parrot`, or is not where the models are")
    );
    assert_eq!(causes(&error), ["model not found"]);
}

#[tokio::test]
async fn a_failing_server_gives_its_status() {
    let (error, url) = error_of(Reply::Status(503, json!("down"))).await;
    assert!(matches!(error, LlmError::Failed { status: 503, .. }));
    assert_eq!(error.to_string(), format!("{url} failed to run model `parrot`, with status 503"));
    assert_eq!(causes(&error), ["\"down\""]);
}

#[tokio::test]
async fn a_reply_that_is_no_json_is_malformed() {
    for (content_type, body, cause) in [
        ("application/json", "{\"choices\": [", "EOF while parsing"),
        ("text/html", "<html></html>", "content type `text/html`"),
    ] {
        let (error, url) = error_of(Reply::Body(content_type, body)).await;
        assert!(matches!(error, LlmError::Malformed { .. }));
        assert_eq!(error.to_string(), format!("the reply of model `parrot` at {url} cannot be read"));
        let causes = causes(&error);
        assert!(causes[0].starts_with(cause), "{causes:?}");
    }
}

#[tokio::test]
async fn a_reply_without_text_is_told_from_a_malformed_one() {
    for body in ["{\"choices\": []}", "{\"choices\": [{\"message\": {\"content\": \" \"}}]}"] {
        let (error, _) = error_of(Reply::Body("application/json", body)).await;
        assert!(matches!(error, LlmError::NoText { .. }));
        assert_eq!(error.to_string(), "the reply of model `parrot` holds no text");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unreachable() {
    let url = url_of_nobody().await;
    let error = ask(&url).await.unwrap_err();
    assert!(matches!(error, LlmError::Unreachable { .. }));
    assert_eq!(error.to_string(), format!("cannot connect to {url}"));
    let causes = causes(&error);
    assert!(causes.last().unwrap().contains("refused"), "{causes:?}");
}

#[tokio::test]
async fn a_cut_connection_is_no_malformed_reply() {
    let (error, url) = error_of(Reply::Cut).await;
    assert!(matches!(error, LlmError::Cut { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("the connection to {url} was cut before model `parrot` had replied")
    );
}

#[tokio::test]
async fn a_silent_server_is_left_after_the_limit() {
    let server = ScriptedServer::start([Reply::Silence]).await;
    let limit = Duration::from_millis(50);
    let parrot = Endpoint::new(&server.url(), "parrot").unwrap().limit(limit);
    let error = parrot.complete(PROMPT).await.unwrap_err();
    assert!(matches!(error, LlmError::TimedOut { .. }));
    assert_eq!(error.to_string(), format!("model `parrot` at {} did not reply within 50ms", server.url()));
}

#[test]
fn the_key_is_in_no_debug_output() {
    let parrot = Endpoint::new("http://127.0.0.1:1", "parrot").unwrap();
    let shown = format!("{:?}", AnyLlm::Endpoint(parrot.key("sk-secret")));
    assert!(!shown.contains("sk-secret"), "{shown}");
}

#[cfg(feature = "local-model")]
#[tokio::test]
#[ignore = "needs the weights: run fetch-model.sh"]
async fn the_local_model_gives_the_same_text_each_time() {
    let local = workflow_examples::LocalModel::open(workflow_examples::LocalModel::FETCHED);
    let local = local.unwrap();
    let first = local.complete("Name the colours of a traffic light.").await;
    let again = local.complete("Name the colours of a traffic light.").await;
    assert!(first.as_ref().unwrap().to_lowercase().contains("red"));
    assert_eq!(first.unwrap(), again.unwrap());
}

#[cfg(feature = "local-model")]
#[tokio::test]
#[ignore = "needs the weights: run fetch-model.sh"]
async fn the_local_model_says_that_it_follows_no_format() {
    let local = workflow_examples::LocalModel::open(workflow_examples::LocalModel::FETCHED);
    let error = local.unwrap().reply(&workflow_examples::Chat::default()).await.unwrap_err();
    assert!(matches!(error, LlmError::NoFormats));
}
