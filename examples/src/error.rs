//! LlmError: why there is no reply, sorted by what a caller would do about it.
//!
//! Texts name the endpoint and the model; what the network or the endpoint said is in `source()`.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// Why a model gave no reply. Each text is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LlmError {
    /// The setting is no address of a server; write it out, with `http://` or `https://`.
    #[error("`{url}` is not an http or https address")]
    BadUrl {
        /// The setting as it was given.
        url: String,
    },

    /// The HTTP client could not be set up, most often for want of root certificates on this
    /// machine; install them.
    #[error("the client for {url} cannot be set up")]
    NoClient {
        /// The endpoint.
        url: String,
        /// What is missing.
        source: Box<dyn Error + Send + Sync>,
    },

    /// Nobody listens there, or its certificate is not trusted; start the server or correct
    /// `OPENAI_BASE_URL`.
    #[error("cannot connect to {url}")]
    Unreachable {
        /// The endpoint.
        url: String,
        /// What the network said.
        source: Box<dyn Error + Send + Sync>,
    },

    /// The connection was lost on the way; try again.
    #[error("the connection to {url} was cut before model `{model}` had replied")]
    Cut {
        /// The endpoint.
        url: String,
        /// The model that was asked.
        model: String,
        /// What the network said.
        source: Box<dyn Error + Send + Sync>,
    },

    /// The model is slow or stuck; try again, raise the limit or ask for less.
    #[error("model `{model}` at {url} did not reply within {limit:?}")]
    TimedOut {
        /// The endpoint.
        url: String,
        /// The model that was asked.
        model: String,
        /// How long it had, from the first byte sent to the last one received.
        limit: Duration,
    },

    /// The key is wrong or may not use this model; correct `OPENAI_API_KEY`.
    #[error("{url} refuses the key for model `{model}` with status {status}")]
    KeyRefused {
        /// The endpoint.
        url: String,
        /// The model that was asked.
        model: String,
        /// The HTTP status, 401 or 403.
        status: u16,
        /// What the endpoint said.
        source: Box<dyn Error + Send + Sync>,
    },

    /// The endpoint does not know the model, or the path; correct `OPENAI_MODEL` or
    /// `OPENAI_BASE_URL`.
    #[error("{url} does not know model `{model}`, or is not where the models are")]
    Unknown {
        /// The endpoint.
        url: String,
        /// The model that was asked.
        model: String,
        /// What the endpoint said.
        source: Box<dyn Error + Send + Sync>,
    },

    /// Too many requests, or the quota is spent; wait and try again.
    #[error("{url} limits how often model `{model}` may be asked")]
    RateLimited {
        /// The endpoint.
        url: String,
        /// The model that was asked.
        model: String,
        /// How long the endpoint asks to wait, if it said so in seconds.
        wait: Option<Duration>,
        /// What the endpoint said.
        source: Box<dyn Error + Send + Sync>,
    },

    /// Any other failure of the endpoint; try again from status 500 up, else mend the request.
    #[error("{url} failed to run model `{model}`, with status {status}")]
    Failed {
        /// The endpoint.
        url: String,
        /// The model that was asked.
        model: String,
        /// The HTTP status.
        status: u16,
        /// What the endpoint said.
        source: Box<dyn Error + Send + Sync>,
    },

    /// What came back is not a completion; see whether this endpoint speaks the OpenAI protocol.
    #[error("the reply of model `{model}` at {url} cannot be read")]
    Malformed {
        /// The endpoint.
        url: String,
        /// The model that was asked.
        model: String,
        /// What is wrong with the reply.
        source: Box<dyn Error + Send + Sync>,
    },

    /// The model said nothing, or the endpoint held its words back; ask in another way.
    #[error("the reply of model `{model}` holds no text")]
    NoText {
        /// The model that was asked.
        model: String,
    },

    /// The model is too small for tools, schemas and formats; use a larger one behind an endpoint.
    #[error("this model cannot follow the format of an agent, set OPENAI_BASE_URL to a larger one")]
    NoFormats,

    /// The weights were not fetched yet; run `fetch-model.sh`.
    #[error("no model file at `{}`, run fetch-model.sh or set SMOLLM2_GGUF", path.display())]
    ModelMissing {
        /// Where they were looked for.
        path: PathBuf,
    },

    /// The weights cannot be read or run; fetch them again.
    #[error("model file `{}` cannot be used", path.display())]
    ModelUnusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },

    /// The prompt does not fit into the local model's context; shorten it.
    #[error("the prompt is {tokens} tokens long, the model takes {most}")]
    PromptTooLong {
        /// How long the prompt is, in tokens.
        tokens: usize,
        /// How long it may be, in tokens, with room left for the reply.
        most: usize,
    },

    /// No canned reply was written for this prompt; write one, or use a real model.
    #[error("no canned reply to `{:.80}`", prompt.lines().next().unwrap_or_default())]
    NoCannedReply {
        /// The whole prompt.
        prompt: String,
    },
}

impl LlmError {
    /// The longest wait that an endpoint may ask for and another try is still worth it.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Whether another try may go better, for the retry policy of a step: `retry(when = LlmError::may_pass)`.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Cut { .. }
            | Self::TimedOut { .. }
            | Self::Malformed { .. }
            | Self::NoText { .. } => true,
            Self::RateLimited { wait, .. } => wait.is_none_or(|wait| wait <= Self::PATIENCE),
            Self::Failed { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// The same error, once the time has passed for which the endpoint asked to be left alone. The wait of
    /// the step's retry policy comes on top.
    pub async fn heeded(self) -> Self {
        if let Self::RateLimited { wait: Some(wait), .. } = &self
            && self.may_pass()
        {
            tokio::time::sleep(*wait).await;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    fn limited(wait: Option<u64>) -> LlmError {
        let wait = wait.map(Duration::from_secs);
        let (url, model, source) = ("http://here".to_owned(), "m".to_owned(), "slow down".into());
        LlmError::RateLimited { url, model, wait, source }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_limit_is_heeded_for_as_long_as_the_endpoint_asks() {
        for (wait, waited) in [(Some(7), 7), (Some(60), 60), (Some(61), 0), (None, 0)] {
            let begun = Instant::now();
            let error = limited(wait).heeded().await;
            assert!(matches!(error, LlmError::RateLimited { .. }));
            assert_eq!(begun.elapsed(), Duration::from_secs(waited), "{wait:?}");
        }
        assert!(limited(None).may_pass() && limited(Some(60)).may_pass() && !limited(Some(61)).may_pass());
    }

    #[test]
    fn what_the_caller_has_to_mend_does_not_pass_by_itself() {
        let failed = |status| {
            let (url, model, source) = ("http://here".to_owned(), "m".to_owned(), "no".into());
            LlmError::Failed { url, model, status, source }
        };
        assert!(failed(500).may_pass() && failed(503).may_pass());
        assert!(!failed(400).may_pass());
        assert!(!LlmError::NoFormats.may_pass());
    }
}
