//! Chat: a conversation with a model, what the model may do in it, and what it says next.
//!
//! Messages can be written down, so a workflow keeps them in its state and passes them on in its events.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use workflow_core::prelude::*;

use crate::{Schema, Toolbox};

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// What the model is told about its task.
    System(String),
    /// What the user says.
    User(String),
    /// What the model said before.
    Assistant(Reply),
    /// What came of a tool call of the model's.
    Tool(ToolResult),
}

/// What a model says: a text, tool calls, or both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The text, trimmed; empty when there is none.
    pub text: String,
    /// The tools to call, all at once.
    pub calls: Vec<ToolCall>,
}

/// A call of a tool that the model asks for.
#[event]
#[derive(PartialEq)]
pub struct ToolCall {
    /// The model's name for this call, which its result repeats.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What the tool gets, an object; a string when the model wrote what is no JSON.
    pub arguments: Value,
}

/// What came of a tool call.
#[event]
#[derive(PartialEq)]
pub struct ToolResult {
    /// The call.
    pub id: String,
    /// What the tool gave, or why it gave nothing; the model reads it.
    pub text: String,
}

/// What a model is told about a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    /// The tool.
    pub name: String,
    /// When to use it, and what it gives.
    pub description: String,
    /// The JSON schema of its arguments.
    pub parameters: Value,
}

/// A conversation so far, and how the model may go on with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chat {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// The tools that the model may call.
    pub tools: Vec<ToolSpec>,
    /// The name and the JSON schema of what the reply must be.
    pub schema: Option<(String, Value)>,
    /// A text at which the model stops: the reply ends before it, whether or not an endpoint knows of such.
    pub stop: Option<String>,
}

impl Chat {
    /// A conversation that may go on in any way, as text.
    pub fn new(messages: Vec<Message>) -> Self {
        Self { messages, ..Self::default() }
    }

    /// The same, with these tools to call.
    #[must_use]
    pub fn tools(self, tools: &Toolbox) -> Self {
        Self { tools: tools.specs(), ..self }
    }

    /// The same, with a reply that is JSON of this schema, as far as the model obeys.
    #[must_use]
    pub fn schema<T>(self, schema: &Schema<T>) -> Self {
        Self { schema: Some((schema.name().to_owned(), schema.json().clone())), ..self }
    }

    /// The same, with a reply that ends before this text.
    #[must_use]
    pub fn stop(self, stop: impl Into<String>) -> Self {
        Self { stop: Some(stop.into()), ..self }
    }
}

impl Reply {
    /// A reply that is a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), calls: Vec::new() }
    }
}
