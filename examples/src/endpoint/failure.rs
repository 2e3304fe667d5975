//! Failure: what goes wrong in the client crate, sorted by what a caller would do about it.
//!
//! A request whose reply comes in one piece and one whose reply is streamed fail in different ways there.

use std::error::Error;
use std::time::Duration;

use genai::webc;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use crate::LlmError;

/// The failure of a request to `model` at `url`.
pub(super) fn sorted(error: genai::Error, url: String, model: String) -> LlmError {
    // Whatever befalls a stream is in a box.
    let error = match error {
        genai::Error::WebStream { error, .. } => match error.downcast::<genai::Error>() {
            Ok(error) => *error,
            Err(source) => return lost(source, url, model),
        },
        error => error,
    };
    let wait = error
        .headers()
        .and_then(|headers| headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let failure = match error {
        genai::Error::WebModelCall { webc_error, .. } => webc_error,
        genai::Error::HttpError { status, body, .. } => return refused(status, &body, wait, url, model),
        genai::Error::ChatResponse { body, .. } => {
            let source = Answer::from_body(&body.to_string()).into();
            return LlmError::Malformed { url, model, source };
        }
        genai::Error::StreamParse { serde_error, .. } => {
            let source = serde_error.into();
            return LlmError::Malformed { url, model, source };
        }
        source => {
            let source = source.into();
            return LlmError::Malformed { url, model, source };
        }
    };
    match failure {
        webc::Error::ResponseFailedStatus { status, body, .. } => refused(status, &body, wait, url, model),
        webc::Error::Reqwest(source) => lost(source.into(), url, model),
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

/// The endpoint answered, with another status than success.
fn refused(status: StatusCode, body: &str, wait: Option<Duration>, url: String, model: String) -> LlmError {
    let (status, source) = (status.as_u16(), Answer::from_body(body).into());
    match status {
        401 | 403 => LlmError::KeyRefused { url, model, status, source },
        404 => LlmError::Unknown { url, model, source },
        429 => LlmError::RateLimited { url, model, wait, source },
        _ => LlmError::Failed { url, model, status, source },
    }
}

/// There was no connection, or it was lost.
fn lost(source: Box<dyn Error + Send + Sync>, url: String, model: String) -> LlmError {
    if source.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect) {
        return LlmError::Unreachable { url, source };
    }
    LlmError::Cut { url, model, source }
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
