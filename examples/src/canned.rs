//! Canned: replies written beforehand, so that an example runs offline and always says the same.
//!
//! It is no model and does not pass for one: [`Canned::describe`] says so.

use crate::{Llm, LlmError};

/// Replies to prompts that are known beforehand.
///
/// Each is a pair of a prompt and the reply to it. Either may hold one `{}`: in the prompt it
/// stands for any text, in the reply for that same text. The first pair that fits answers.
///
/// ```
/// use workflow_examples::{Canned, Llm};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), workflow_examples::LlmError> {
/// let canned = Canned::new(&[("Name a fear of {}.", "Running out of {}.")]);
/// assert_eq!(canned.complete("Name a fear of pirates.").await?, "Running out of pirates.");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Canned {
    replies: &'static [(&'static str, &'static str)],
}

impl Canned {
    /// Replies from pairs of prompt and reply, see [`Canned`].
    pub const fn new(replies: &'static [(&'static str, &'static str)]) -> Self {
        Self { replies }
    }

    /// One line that says that no model answers, and how to get one.
    pub fn describe(&self) -> String {
        "canned replies, no model; for a real one set OPENAI_BASE_URL, \
         or run fetch-model.sh and add --features local-model"
            .to_owned()
    }
}

impl Llm for Canned {
    async fn complete(&self, prompt: &str) -> Result<String, LlmError> {
        let fitting = |(known, reply): &(&str, &str)| {
            Some(match known.split_once("{}") {
                Some((head, tail)) => {
                    let hole = prompt.strip_prefix(head)?.strip_suffix(tail)?;
                    reply.replacen("{}", hole, 1)
                }
                None => (prompt == *known).then(|| reply.to_string())?,
            })
        };
        let reply = self.replies.iter().find_map(fitting);
        reply.ok_or_else(|| LlmError::NoCannedReply { prompt: prompt.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOKES: Canned = Canned::new(&[
        ("Write a joke about {}.", "So {} walk into a bar."),
        ("Critique: {}", "Short."),
        ("Ping", "{} is not filled in"),
    ]);

    #[tokio::test]
    async fn the_text_at_the_hole_goes_into_the_reply() {
        let joke = JOKES.complete("Write a joke about sea cooks.").await;
        assert_eq!(joke.unwrap(), "So sea cooks walk into a bar.");
    }

    #[tokio::test]
    async fn a_reply_without_a_hole_is_given_as_it_stands() {
        let critique = JOKES.complete("Critique: So cooks walk\ninto a bar.").await;
        assert_eq!(critique.unwrap(), "Short.");
        let pong = JOKES.complete("Ping").await;
        assert_eq!(pong.unwrap(), "{} is not filled in");
    }

    #[tokio::test]
    async fn a_prompt_that_nobody_foresaw_is_an_error_and_not_a_made_up_reply() {
        let asked = "Ping twice\nin a row";
        let error = JOKES.complete(asked).await.unwrap_err();
        assert!(matches!(&error, LlmError::NoCannedReply { prompt } if prompt == asked));
        assert_eq!(error.to_string(), "no canned reply to `Ping twice`");
    }
}
