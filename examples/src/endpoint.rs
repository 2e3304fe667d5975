//! Endpoint: any server that speaks the OpenAI protocol, asked through the crate `genai`.
//!
//! Each request has a limit in tokens and one in time, and none is tried twice.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatRequest};
use genai::resolver::{AuthData, Endpoint as Address};
use genai::{Client, ModelIden, ModelSpec, ServiceTarget, webc};
use reqwest::Url;
use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use crate::{Llm, LlmError};

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

    fn target(&self) -> ServiceTarget {
        ServiceTarget {
            endpoint: Address::from_owned(self.url.clone()),
            auth: AuthData::from_single(self.key.as_deref().unwrap_or("none")),
            model: ModelIden::new(AdapterKind::OpenAI, self.model.clone()),
        }
    }

    /// Sorts a failure of the client by what a caller would do about it.
    fn sorted(&self, error: genai::Error) -> LlmError {
        let (url, model) = (self.url.clone(), self.model.clone());
        let wait = error
            .headers()
            .and_then(|headers| headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let failure = match error {
            genai::Error::WebModelCall { webc_error, .. } => webc_error,
            source => {
                let source = source.into();
                return LlmError::Malformed { url, model, source };
            }
        };
        match failure {
            webc::Error::ResponseFailedStatus { status, body, .. } => {
                let (status, source) = (status.as_u16(), Answer::from_body(&body).into());
                match status {
                    401 | 403 => LlmError::KeyRefused { url, model, status, source },
                    404 => LlmError::Unknown { url, model, source },
                    429 => LlmError::RateLimited { url, model, wait, source },
                    _ => LlmError::Failed { url, model, status, source },
                }
            }
            webc::Error::Reqwest(source) if source.is_connect() => {
                let source = source.into();
                LlmError::Unreachable { url, source }
            }
            webc::Error::Reqwest(source) => {
                let source = source.into();
                LlmError::Cut { url, model, source }
            }
            webc::Error::ResponseFailedInvalidJson { cause, .. } => {
                let source = Answer(cause).into();
                LlmError::Malformed { url, model, source }
            }
            webc::Error::ResponseFailedNotJson { content_type, .. } => {
                let source = Answer(format!("content type `{content_type}`, not JSON")).into();
                LlmError::Malformed { url, model, source }
            }
            webc::Error::JsonValueExt(source) => {
                let source = source.into();
                LlmError::Malformed { url, model, source }
            }
        }
    }
}

impl Llm for Endpoint {
    async fn complete(&self, prompt: &str) -> Result<String, LlmError> {
        let options = ChatOptions::default().with_max_tokens(self.max_tokens);
        let target = ModelSpec::from_target(self.target());
        let request = ChatRequest::from_user(prompt);
        let reply = self.client.exec_chat(target, request, Some(&options));
        let reply = tokio::time::timeout(self.limit, reply)
            .await
            .map_err(|_| LlmError::TimedOut {
                url: self.url.clone(),
                model: self.model.clone(),
                limit: self.limit,
            })?
            .map_err(|error| self.sorted(error))?;
        reply
            .into_first_text()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .ok_or_else(|| LlmError::NoText { model: self.model.clone() })
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

/// What the endpoint said of a failure, in one line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Answer(String);

impl Answer {
    /// The message in a JSON body, at the places where servers put it, or else the body's first
    /// 200 characters up to a line's end.
    fn from_body(body: &str) -> Self {
        let json = serde_json::from_str(body).unwrap_or(Value::Null);
        let message = ["/error/message", "/error", "/message", "/detail"]
            .into_iter()
            .find_map(|place| json.pointer(place)?.as_str());
        let line = message.unwrap_or(body).trim().lines().next();
        Self(line.unwrap_or("nothing").chars().take(200).collect())
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
