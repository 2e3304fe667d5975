//! A crate with a workflow that others attach steps to, and with steps of its own.

use workflow_core::prelude::*;

/// What the last step looks at.
#[event]
pub struct Draft {
    /// What was written.
    pub text: String,
}

/// Writes a text. Its first step is whoever's attaches one.
#[workflow(input = String, output = String)]
pub struct Desk;

/// Ends what others begin.
#[step(workflow = Desk)]
pub async fn finish(draft: Draft) -> StopEvent<String> {
    StopEvent(draft.text + ".")
}
