//! What the examples share: the language model that a flow talks to, real or canned, and tools for it.
//!
//! There are no workflows here; each example beside this folder is a program of its own.

mod atlas;
mod canned;
mod chat;
mod endpoint;
mod error;
mod line;
mod llm;
#[cfg(feature = "local-model")]
mod local;
mod react;
mod schema;
mod toolbox;

pub use atlas::{Calculate, Distance, Operation, atlas};
pub use canned::{Canned, Line};
pub use chat::{Chat, Message, Reply, ToolCall, ToolResult, ToolSpec};
pub use endpoint::Endpoint;
pub use error::LlmError;
pub use line::one_line;
pub use llm::{AnyLlm, Llm};
#[cfg(feature = "local-model")]
pub use local::LocalModel;
pub use react::{Said, Unreadable};
pub use schema::Schema;
pub use toolbox::{Tool, ToolError, Toolbox};
