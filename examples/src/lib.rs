//! What the examples share: the language model that a flow talks to, real or canned.
//!
//! Nothing here knows of workflows; each example beside this folder is a program of its own.

mod canned;
mod endpoint;
mod error;
mod line;
mod llm;
#[cfg(feature = "local-model")]
mod local;
mod program;

pub use canned::Canned;
pub use endpoint::Endpoint;
pub use error::LlmError;
pub use line::one_line;
pub use llm::{AnyLlm, Llm};
#[cfg(feature = "local-model")]
pub use local::LocalModel;
pub use program::{Failure, program, save_picture};
