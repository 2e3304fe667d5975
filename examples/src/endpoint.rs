//! Endpoint: any server that speaks the OpenAI protocol, asked through the crate `genai`.
//!
//! Each request has a limit in tokens and one in time, and none is tried twice.

mod failure;
mod wire;

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;
use std::{fmt, io};

use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatStreamEvent, MessageContent};
use genai::resolver::{AuthData, Endpoint as Address};
use genai::{Client, ModelIden, ModelSpec, ServiceTarget};
use reqwest::Url;
use tokio_stream::StreamExt;

use crate::traced::note_tokens;
use crate::{Chat, Llm, LlmError, Message, Reply};

/// One model at one server. Cloning is cheap: clones share connections.
#[derive(Clone)]
pub struct Endpoint {
    client: Client,
    url: String,
    model: String,
    key: Option<String>,
    max_tokens: u32,
    limit: Duration,
}

impl Endpoint {
    /// The base URL of OpenAI itself.
    pub const OPENAI: &str = "https://api.openai.com/v1/";

    /// The model called `model` at the server whose paths start with `base_url`, such as
    /// `http://127.0.0.1:8080/v1`, with or without a slash at its end.
    ///
    /// It gets no key, 512 tokens a reply and 60 seconds, unless told otherwise by the methods
    /// below. A last part of the name such as `-low` or `-high` is taken off by `genai` and sent as
    /// the reasoning effort.
    ///
    /// # Errors
    ///
    /// [`LlmError::BadUrl`] unless `base_url` is an http or https address, [`LlmError::NoClient`]
    /// when this machine cannot make secure connections.
    pub fn new(base_url: &str, model: &str) -> Result<Self, LlmError> {
        let mut url = Url::parse(base_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| LlmError::BadUrl { url: base_url.to_owned() })?;
        // Paths are joined to the base, and joining would replace a last part without a slash.
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self {
            client: Client::builder()
                .with_reqwest(connector(&url)?)
                .build()
                .map_err(|source| LlmError::NoClient { url: url.to_string(), source: source.into() })?,
            url: url.into(),
            model: model.to_owned(),
            key: None,
            max_tokens: 512,
            limit: Duration::from_secs(60),
        })
    }

    /// The same, with this key in the header `authorization`.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        let key = Some(key.into());
        Self { key, ..self }
    }

    /// The same, with replies of at most this many tokens.
    #[must_use]
    pub fn max_tokens(self, max_tokens: u32) -> Self {
        Self { max_tokens, ..self }
    }

    /// The same, with this long for a request and its reply together.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// One line that names the model and the server, and not the key.
    pub fn describe(&self) -> String {
        format!("model `{}` at {}", self.model, self.url)
    }

    /// The model's name.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    fn target(&self) -> ServiceTarget {
        ServiceTarget {
            endpoint: Address::from_owned(self.url.clone()),
            auth: AuthData::from_single(self.key.as_deref().unwrap_or("none")),
            model: ModelIden::new(AdapterKind::OpenAI, self.model.clone()),
        }
    }

    async fn in_time<T>(&self, said: impl Future<Output = Result<T, genai::Error>>) -> Result<T, LlmError> {
        let said = tokio::time::timeout(self.limit, said).await.map_err(|_| LlmError::TimedOut {
            url: self.url.clone(),
            model: self.model.clone(),
            limit: self.limit,
        })?;
        said.map_err(|error| failure::sorted(error, self.url.clone(), self.model.clone()))
    }

    fn options(&self, chat: &Chat) -> ChatOptions {
        let options = wire::options(chat).with_max_tokens(self.max_tokens);
        // The trace of who asks goes on there, if there is one.
        match workflow_telemetry::headers() {
            headers if headers.is_empty() => options,
            headers => options.with_extra_headers(headers),
        }
    }

    /// What the model said, if it said or did anything.
    fn said(&self, content: MessageContent, chat: &Chat) -> Result<Reply, LlmError> {
        let reply = wire::reply(content, chat.stop.as_deref());
        if reply == Reply::default() {
            return Err(self.no_text());
        }
        Ok(reply)
    }

    fn no_text(&self) -> LlmError {
        LlmError::NoText { model: self.model.clone() }
    }
}

impl Llm for Endpoint {
    async fn complete(&self, prompt: &str) -> Result<String, LlmError> {
        let chat = Chat::new(vec![Message::User(prompt.to_owned())]);
        let text = self.reply(&chat).await?.text;
        if text.is_empty() { Err(self.no_text()) } else { Ok(text) }
    }

    async fn reply(&self, chat: &Chat) -> Result<Reply, LlmError> {
        let (target, options) = (ModelSpec::from_target(self.target()), self.options(chat));
        let response = self.client.exec_chat(target, wire::request(chat), Some(&options));
        let response = self.in_time(response).await?;
        note_tokens(response.usage.prompt_tokens, response.usage.completion_tokens);
        self.said(response.content, chat)
    }

    async fn stream(&self, chat: &Chat, mut heard: impl FnMut(&str) + Send) -> Result<Reply, LlmError> {
        let (target, options) = (ModelSpec::from_target(self.target()), self.options(chat));
        let options =
            options.with_capture_content(true).with_capture_tool_calls(true).with_capture_usage(true);
        let content = self.in_time(async {
            let response = self.client.exec_chat_stream(target, wire::request(chat), Some(&options));
            let mut pieces = response.await?.stream;
            while let Some(piece) = pieces.next().await {
                match piece? {
                    ChatStreamEvent::Chunk(piece) => heard(&piece.content),
                    ChatStreamEvent::End(end) => {
                        if let Some(usage) = &end.captured_usage {
                            note_tokens(usage.prompt_tokens, usage.completion_tokens);
                        }
                        return Ok(end.captured_content.unwrap_or_default());
                    }
                    _ => (),
                }
            }
            // A reply that is whole ends with a mark of its own.
            Err(genai::Error::WebStream {
                model_iden: self.target().model,
                cause: String::new(),
                error: io::Error::from(io::ErrorKind::UnexpectedEof).into(),
            })
        });
        self.said(content.await?, chat)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key stays out of logs.
        f.debug_struct("Endpoint")
            .field("url", &self.url)
            .field("model", &self.model)
            .field("max_tokens", &self.max_tokens)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// The HTTP client under `genai`.
fn connector(url: &Url) -> Result<reqwest::Client, LlmError> {
    // Fails when the program has chosen a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder().connect_timeout(Duration::from_secs(10));
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    // No proxy reaches this machine's own ports.
    if host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
        builder = builder.no_proxy();
    }
    // Without TLS there is nothing to trust, and a machine without root certificates will do.
    if url.scheme() == "http" {
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|source| LlmError::NoClient {
        url: url.to_string(),
        source: Box::<dyn Error + Send + Sync>::from(source),
    })
}
