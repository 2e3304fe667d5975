//! What the examples share: the language model that a flow talks to, real or canned.
//!
//! There are no workflows here; each example beside this folder is a program of its own.

mod canned;
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
mod sources;

pub use canned::Canned;
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
pub use sources::{numbered, read_ranking};
