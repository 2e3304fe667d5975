//! A user who allows nothing.

#![deny(missing_docs, warnings, rust_2018_idioms, missing_debug_implementations, unused_qualifications)]
#![deny(non_camel_case_types, unreachable_pub, let_underscore_drop, single_use_lifetimes)]
#![deny(elided_lifetimes_in_paths, explicit_outlives_requirements, trivial_casts, unused_results)]
#![deny(unused_import_braces, unused_lifetimes, variant_size_differences)]
#![forbid(unsafe_code)]

use workflow_core::prelude::*;

/// An event.
#[event]
pub(crate) struct Draft {
    /// What is in it.
    pub(crate) text: String,
}

/// An event of another kind.
#[event]
pub(crate) enum Mood {
    /// Fine.
    Good,
    /// Not so.
    Bad(u32),
}

/// An event that is not written down.
#[event(transient)]
pub(crate) struct Handle {
    /// Where to answer.
    pub(crate) count: std::sync::Arc<u32>,
}

/// One of two.
#[derive(OneOf, Debug)]
pub(crate) enum Verdict {
    /// Once more.
    Again(Draft),
    /// Enough.
    Done(StopEvent<String>),
}

/// A workflow.
#[derive(Debug)]
pub(crate) struct Flow<'a, L> {
    llm: &'a L,
}

#[workflow(publishes(Mood))]
impl<L: Fn(&str) -> String + Send + Sync> Flow<'_, L> {
    #[step]
    async fn write(&self, topic: StartEvent<String>) -> Result<(Draft, Handle), std::io::Error> {
        Ok((Draft { text: (self.llm)(&topic) }, Handle { count: std::sync::Arc::new(1) }))
    }

    #[step]
    async fn feel(&self, ctx: &Context<Self>, handle: Handle) -> Mood {
        ctx.publish(Mood::Good);
        Mood::Bad(*handle.count)
    }

    #[step(workers = 2)]
    async fn judge(&self, draft: Draft) -> Verdict {
        if draft.text.len() > 9 {
            StopEvent(draft.text).into()
        } else {
            Verdict::Again(Draft { text: draft.text + "!" })
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let llm = |prompt: &str| prompt.to_owned();
    let answer: String = Flow { llm: &llm }.run("pirates").await?;
    assert_eq!(answer, "pirates!!!");
    Ok(())
}
