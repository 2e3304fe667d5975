//! Canned: replies written beforehand, so that an example runs offline and always says the same.
//!
//! It is no model and does not pass for one: [`Canned::describe`] says so.

use serde_json::Value;

use crate::{Chat, Llm, LlmError, Message, Reply, ToolCall};

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
    dialogue: &'static [Line],
}

/// One line of a conversation that is known beforehand.
#[derive(Clone, Copy, Debug)]
pub enum Line {
    /// The user says something that has this in it.
    User(&'static str),
    /// The model says this. Each `{}` in it stands for one of the results that it was given since the
    /// question, in order and without errors: those of tool calls, or what comes after `Observation: `.
    Model(&'static str),
    /// The model calls these tools, each with its arguments as JSON.
    Calls(&'static [(&'static str, &'static str)]),
}

impl Canned {
    /// Replies from pairs of prompt and reply, see [`Canned`].
    pub const fn new(replies: &'static [(&'static str, &'static str)]) -> Self {
        Self { replies, dialogue: &[] }
    }

    /// Replies for one conversation, see [`Line`]. What the user says otherwise has no reply.
    pub const fn dialogue(dialogue: &'static [Line]) -> Self {
        Self { replies: &[], dialogue }
    }

    /// The model's next line, if the conversation has gone as foreseen so far.
    fn next_line(&self, chat: &Chat) -> Option<Line> {
        let mut said = chat.messages.iter().filter_map(|message| match message {
            Message::User(text) => Some(text),
            _ => None,
        });
        let mut replies = chat.messages.iter().filter(|message| matches!(message, Message::Assistant(_)));
        for line in self.dialogue {
            match line {
                Line::User(wanted) => drop(said.find(|text| text.contains(wanted))?),
                Line::Model(_) | Line::Calls(_) if replies.next().is_some() => (),
                Line::Model(_) | Line::Calls(_) => return Some(*line),
            }
        }
        None
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

    async fn reply(&self, chat: &Chat) -> Result<Reply, LlmError> {
        match self.next_line(chat) {
            Some(Line::Model(text)) => Ok(Reply::text(filled(text, chat))),
            Some(Line::Calls(calls)) => Ok(Reply { calls: calls_of(calls, chat), ..Reply::default() }),
            Some(Line::User(_)) | None => {
                let asked = chat.messages.iter().rev().find_map(|message| match message {
                    Message::User(text) => Some(text.clone()),
                    _ => None,
                });
                Err(LlmError::NoCannedReply { prompt: asked.unwrap_or_default() })
            }
        }
    }

    async fn stream(&self, chat: &Chat, mut heard: impl FnMut(&str) + Send) -> Result<Reply, LlmError> {
        let reply = self.reply(chat).await?;
        reply.text.split_inclusive(' ').for_each(&mut heard);
        Ok(reply)
    }
}

/// The text with what came since the question in place of each `{}`.
fn filled(text: &str, chat: &Chat) -> String {
    let question = chat.messages.iter().rposition(|message| match message {
        Message::User(text) => !text.starts_with(OBSERVATION),
        _ => false,
    });
    let given = chat.messages[question.unwrap_or_default()..].iter().filter_map(|message| match message {
        Message::Tool(result) => Some(result.text.as_str()),
        Message::User(text) => text.strip_prefix(OBSERVATION),
        Message::System(_) | Message::Assistant(_) => None,
    });
    let given = given.filter(|text| !text.starts_with("error:"));
    given.fold(text.to_owned(), |text, given| text.replacen("{}", given, 1))
}

/// How a result begins that is no message of its own kind.
const OBSERVATION: &str = "Observation: ";

/// The calls under names of their own, as endpoints give them.
fn calls_of(calls: &[(&str, &str)], chat: &Chat) -> Vec<ToolCall> {
    let made = chat.messages.iter().filter(|message| matches!(message, Message::Tool(_))).count();
    let call = |(nth, (name, arguments)): (usize, &(&str, &str))| ToolCall {
        id: format!("call_{nth}"),
        name: name.to_string(),
        // As with a real model, what is no JSON is left to the tool.
        arguments: serde_json::from_str(arguments).unwrap_or_else(|_| Value::from(*arguments)),
    };
    (made + 1..).zip(calls).map(call).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ToolResult;

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

    const TALK: Canned = Canned::dialogue(&[
        Line::User("far"),
        Line::Calls(&[("distance", r#"{"from": "Oslo"}"#), ("distance", "{from")]),
        Line::Model("It is {}."),
        Line::User("thank"),
        Line::Model("Not at all."),
    ]);

    fn user(text: &str) -> Message {
        Message::User(text.to_owned())
    }

    #[tokio::test]
    async fn a_dialogue_calls_tools_and_says_what_they_gave() {
        let mut chat = Chat::new(vec![Message::System("Be brief.".to_owned()), user("How far is it?")]);
        let called = TALK.reply(&chat).await.unwrap();
        let ids: Vec<_> = called.calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids, ["call_1", "call_2"]);
        assert_eq!(called.calls[0].arguments["from"], "Oslo");
        assert_eq!(called.calls[1].arguments, "{from");

        chat.messages.push(Message::Assistant(called));
        for (id, text) in [("call_1", "error: no"), ("call_2", "3 km")] {
            chat.messages.push(Message::Tool(ToolResult { id: id.to_owned(), text: text.to_owned() }));
        }
        let mut heard = Vec::new();
        let said = TALK.stream(&chat, |token| heard.push(token.to_owned())).await.unwrap();
        assert_eq!(said, Reply::text("It is 3 km."));
        assert_eq!(heard, ["It ", "is ", "3 ", "km."]);

        chat.messages.extend([Message::Assistant(said), user("thank you")]);
        assert_eq!(TALK.reply(&chat).await.unwrap(), Reply::text("Not at all."));
    }

    #[tokio::test]
    async fn an_observation_goes_into_the_reply() {
        const WATCH: Canned =
            Canned::dialogue(&[Line::User("look"), Line::Model("I look."), Line::Model("I saw {}.")]);
        let messages =
            vec![user("look"), Message::Assistant(Reply::text("I look.")), user("Observation: a bird")];
        assert_eq!(WATCH.reply(&Chat::new(messages)).await.unwrap(), Reply::text("I saw a bird."));
    }

    #[tokio::test]
    async fn a_conversation_that_goes_another_way_has_no_reply() {
        let error = TALK.reply(&Chat::new(vec![user("Sing!")])).await.unwrap_err();
        assert_eq!(error.to_string(), "no canned reply to `Sing!`");
    }
}
