//! Llm: the one thing that a flow asks of a language model, and the choice of the model to ask.
//!
//! A prompt in and a text out, or a conversation in and what the model says next.

use std::env;

use crate::traced::{Model, model_call};
use crate::{Canned, Chat, Endpoint, LlmError, Message, Reply};

#[cfg(feature = "local-model")]
use crate::LocalModel;

/// A language model: turns a prompt into a text.
///
/// Flows take it as a type parameter, so that a test can put in a model of its own.
pub trait Llm: Send + Sync {
    /// The model's answer to `prompt`, a user's message in plain text.
    ///
    /// Nothing is tried twice in here: that is the retry policy of the step that asks.
    ///
    /// # Errors
    ///
    /// [`LlmError`] says which of the model's, the network's or the settings' fault it is.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the answer and frees the model soon after.
    fn complete(&self, prompt: &str) -> impl Future<Output = Result<String, LlmError>> + Send;

    /// What the model says next in a conversation, with tools, a schema or a stop word as that says.
    ///
    /// # Errors
    ///
    /// Those of [`Llm::complete`], and [`LlmError::NoFormats`] of a model that is for plain prompts only.
    ///
    /// # Cancel safety
    ///
    /// As for [`Llm::complete`].
    fn reply(&self, _chat: &Chat) -> impl Future<Output = Result<Reply, LlmError>> + Send {
        async { Err(LlmError::NoFormats) }
    }

    /// The same, and `heard` gets each piece of the text as it comes. A model that cannot speak before it
    /// has finished gives one piece.
    ///
    /// # Errors
    ///
    /// Those of [`Llm::reply`]; `heard` may have got a part of the text by then.
    ///
    /// # Cancel safety
    ///
    /// As for [`Llm::complete`].
    fn stream(
        &self,
        chat: &Chat,
        mut heard: impl FnMut(&str) + Send,
    ) -> impl Future<Output = Result<Reply, LlmError>> + Send {
        async move {
            let reply = self.reply(chat).await?;
            heard(&reply.text);
            Ok(reply)
        }
    }
}

/// The model that this program was told to use. Cloning is cheap: clones ask the same model.
#[derive(Clone, Debug)]
pub enum AnyLlm {
    /// A server that speaks the OpenAI protocol.
    Endpoint(Endpoint),
    /// A small model in this process.
    #[cfg(feature = "local-model")]
    Local(LocalModel),
    /// No model at all: replies written beforehand.
    Canned(Canned),
}

impl AnyLlm {
    /// The model that the environment names, or else `canned`.
    ///
    /// | set | model |
    /// |---|---|
    /// | `OPENAI_BASE_URL` | that endpoint |
    /// | `OPENAI_API_KEY` alone | <https://api.openai.com/v1/> |
    /// | neither, feature `local-model` on | the weights at `SMOLLM2_GGUF`, or where `fetch-model.sh` puts them |
    /// | neither, feature off | `canned` |
    ///
    /// `OPENAI_MODEL` names the endpoint's model, `gpt-4o-mini` unless set. A variable that is set
    /// to nothing counts as not set.
    ///
    /// With the feature on this blocks while the weights are read, so call it before the work starts.
    ///
    /// # Errors
    ///
    /// [`LlmError::BadUrl`], [`LlmError::NoClient`], [`LlmError::ModelMissing`] or
    /// [`LlmError::ModelUnusable`]. Nothing is sent yet, so an endpoint that is down shows later.
    pub fn from_env(canned: Canned) -> Result<Self, LlmError> {
        Self::from_settings(|name| env::var(name).ok(), canned)
    }

    /// As [`AnyLlm::from_env`], with `setting` in place of the environment: it gets the name of a
    /// variable and gives its value.
    ///
    /// # Errors
    ///
    /// Those of [`AnyLlm::from_env`].
    pub fn from_settings(setting: impl Fn(&str) -> Option<String>, canned: Canned) -> Result<Self, LlmError> {
        let setting =
            |name| setting(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let (url, key) = (setting("OPENAI_BASE_URL"), setting("OPENAI_API_KEY"));
        if url.is_some() || key.is_some() {
            let url = url.as_deref().unwrap_or(Endpoint::OPENAI);
            let model = setting("OPENAI_MODEL");
            let endpoint = Endpoint::new(url, model.as_deref().unwrap_or("gpt-4o-mini"))?;
            return Ok(Self::Endpoint(match key {
                Some(key) => endpoint.key(key),
                None => endpoint,
            }));
        }
        #[cfg(feature = "local-model")]
        {
            let path = setting("SMOLLM2_GGUF");
            let path = path.as_deref().unwrap_or(LocalModel::FETCHED);
            let _ = canned;
            LocalModel::open(path).map(Self::Local)
        }
        #[cfg(not(feature = "local-model"))]
        Ok(Self::Canned(canned))
    }

    fn model(&self) -> Model<'_> {
        match self {
            Self::Endpoint(endpoint) => Model { provider: "openai", name: endpoint.model() },
            #[cfg(feature = "local-model")]
            Self::Local(_) => Model { provider: "candle", name: LocalModel::NAME },
            Self::Canned(_) => Model { provider: "canned", name: "canned" },
        }
    }

    /// One line that says who answers, for a program to print first.
    pub fn describe(&self) -> String {
        match self {
            Self::Endpoint(endpoint) => endpoint.describe(),
            #[cfg(feature = "local-model")]
            Self::Local(local) => local.describe(),
            Self::Canned(canned) => canned.describe(),
        }
    }
}

/// Each call is a span of `tracing`.
impl Llm for AnyLlm {
    async fn complete(&self, prompt: &str) -> Result<String, LlmError> {
        let chat = Chat::new(vec![Message::User(prompt.to_owned())]);
        let call = async {
            Ok(Reply::text(match self {
                Self::Endpoint(endpoint) => endpoint.complete(prompt).await?,
                #[cfg(feature = "local-model")]
                Self::Local(local) => local.complete(prompt).await?,
                Self::Canned(canned) => canned.complete(prompt).await?,
            }))
        };
        Ok(model_call(self.model(), &chat, call).await?.text)
    }

    async fn reply(&self, chat: &Chat) -> Result<Reply, LlmError> {
        let call = async {
            match self {
                Self::Endpoint(endpoint) => endpoint.reply(chat).await,
                #[cfg(feature = "local-model")]
                Self::Local(local) => local.reply(chat).await,
                Self::Canned(canned) => canned.reply(chat).await,
            }
        };
        model_call(self.model(), chat, call).await
    }

    async fn stream(&self, chat: &Chat, heard: impl FnMut(&str) + Send) -> Result<Reply, LlmError> {
        let call = async {
            match self {
                Self::Endpoint(endpoint) => endpoint.stream(chat, heard).await,
                #[cfg(feature = "local-model")]
                Self::Local(local) => local.stream(chat, heard).await,
                Self::Canned(canned) => canned.stream(chat, heard).await,
            }
        };
        model_call(self.model(), chat, call).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE_WRITTEN: Canned = Canned::new(&[]);

    /// What is said of the model that these variables choose.
    fn chosen(set: &[(&str, &str)]) -> Result<String, LlmError> {
        let setting = |name: &str| {
            let found = set.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.to_string())
        };
        AnyLlm::from_settings(setting, NONE_WRITTEN).map(|llm| llm.describe())
    }

    #[test]
    fn a_base_url_is_taken_with_and_without_its_last_slash() {
        for url in ["http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/"] {
            assert_eq!(
                chosen(&[("OPENAI_BASE_URL", url), ("OPENAI_MODEL", "qwen")]).unwrap(),
                "model `qwen` at http://127.0.0.1:8080/v1/"
            );
        }
    }

    #[test]
    fn a_key_alone_means_openai_itself() {
        assert_eq!(
            chosen(&[("OPENAI_API_KEY", "sk-1")]).unwrap(),
            "model `gpt-4o-mini` at https://api.openai.com/v1/"
        );
    }

    #[test]
    fn a_base_url_without_a_scheme_is_refused() {
        let error = chosen(&[("OPENAI_BASE_URL", "localhost:8080/v1")]).unwrap_err();
        assert!(matches!(error, LlmError::BadUrl { .. }));
        assert_eq!(error.to_string(), "`localhost:8080/v1` is not an http or https address");
    }

    #[cfg(not(feature = "local-model"))]
    #[test]
    fn without_settings_the_replies_are_canned_and_say_so() {
        for set in [&[][..], &[("OPENAI_BASE_URL", " "), ("OPENAI_API_KEY", "")]] {
            assert_eq!(
                chosen(set).unwrap(),
                "canned replies, no model; for a real one set OPENAI_BASE_URL, \
                 or run fetch-model.sh and add --features local-model"
            );
        }
    }

    #[tokio::test]
    async fn a_model_for_plain_prompts_says_that_it_follows_no_format() {
        struct Plain;
        impl Llm for Plain {
            async fn complete(&self, prompt: &str) -> Result<String, LlmError> {
                Ok(prompt.to_owned())
            }
        }
        let error = Plain.stream(&Chat::default(), |_| panic!("it says nothing")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "this model cannot follow the format of an agent, set OPENAI_BASE_URL to a larger one"
        );
    }

    #[cfg(feature = "local-model")]
    #[test]
    fn weights_that_were_not_fetched_name_the_script_that_fetches_them() {
        let error = chosen(&[("SMOLLM2_GGUF", "no/such.gguf")]).unwrap_err();
        assert!(matches!(error, LlmError::ModelMissing { .. }));
        assert_eq!(
            error.to_string(),
            "no model file at `no/such.gguf`, run fetch-model.sh or set SMOLLM2_GGUF"
        );
    }
}
