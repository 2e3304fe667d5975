//! What the examples share: the language model that a flow talks to, real or canned, and tools for it.
//!
//! There are no workflows here; each example beside this folder is a program of its own.

mod atlas;
mod canned;
mod chat;
mod embed;
mod endpoint;
mod error;
mod index;
mod line;
mod llm;
#[cfg(feature = "local-model")]
mod local;
#[cfg(feature = "local-model")]
mod minilm;
mod program;
mod react;
mod schema;
mod sources;
mod toolbox;
mod traced;

pub use atlas::{Calculate, Distance, Operation, atlas};
pub use canned::{Canned, Line};
pub use chat::{Chat, Message, Reply, ToolCall, ToolResult, ToolSpec};
pub use embed::{EmbedError, Embedder};
pub use endpoint::Endpoint;
pub use error::LlmError;
pub use index::{Index, IndexError, IndexedFile, Passage};
pub use line::one_line;
pub use llm::{AnyLlm, Llm};
#[cfg(feature = "local-model")]
pub use local::LocalModel;
#[cfg(feature = "local-model")]
pub use minilm::MiniLm;
pub use program::{Failure, program, save_picture};
pub use react::{Said, Unreadable};
pub use schema::Schema;
pub use sources::{numbered, read_ranking};
pub use toolbox::{Tool, ToolError, Toolbox};
