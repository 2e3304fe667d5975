//! Journal: where a run writes down what happened, before anything follows from it.
//!
//! Only the traits and what passes through them; [`MemoryJournal`] keeps it in this process, other crates on disk.
//! A journal reads nothing of what it keeps: records go in and come out as they are.

mod error;
mod fork;
mod kept;
mod list;
mod memory;
mod migration;
mod recording;

use std::pin::Pin;

use crate::Recording;

pub use error::JournalError;
pub use fork::{Instead, fork_at};
pub use kept::{Checkpoint, Claim, Claimed, End, Kept, Opening, Page, Past, Record, Status, Version};
pub use list::{Filter, RunInfo};
pub use memory::MemoryJournal;
pub use migration::Migration;

/// What a journal answers, later.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, JournalError>> + Send>>;

/// Keeps the records of runs. Cloning is cheap: clones write to the same place.
///
/// Say it before a run begins: `flow.run(order).id("order-42").journal(&journal).await`. When a run of that id is
/// there already, it goes on from where it was; when it has ended, its result is given again.
pub trait Journal: Send + Sync + 'static {
    /// Takes hold of a run, so that nobody else writes to it: of a new one, or of one that is there and has not
    /// ended. One that has ended is only read.
    ///
    /// # Errors
    ///
    /// [`JournalError::Busy`] while somebody else holds it, [`JournalError::Unknown`] when it is to be there and
    /// is not, and whatever is wrong with the place where it is kept.
    fn claim(&self, claim: Claim) -> Answer<Claimed>;

    /// The runs that are kept, the newest first.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the place where they are kept.
    fn list(&self, filter: Filter) -> Answer<Vec<RunInfo>>;

    /// A run as it is kept, without taking hold of it; `None` when there is none of that id.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the place where it is kept.
    fn load(&self, id: &str) -> Answer<Option<Kept>>;

    /// What a run has done, with the runs that it called, made from what is kept of them; of a run with more records
    /// than are kept, since its newest checkpoint. What it published is not known to have been read.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unknown`] when there is no such run, [`JournalError::Undefined`] where nothing is known of its
    /// workflow, and whatever is wrong with the place where it is kept.
    fn recording<'j>(
        &'j self,
        id: &'j str,
    ) -> Pin<Box<dyn Future<Output = Result<Recording, JournalError>> + Send + 'j>> {
        Box::pin(recording::of(self, id))
    }
}

/// A run in the hands of the one who writes to it. Dropped, it lets go of the run.
pub trait Held: Send + Sync {
    /// Adds to the run; ready when it is kept for good. All of a page is kept or nothing of it.
    ///
    /// # Errors
    ///
    /// [`JournalError::Lost`] when somebody else has taken hold of the run meanwhile, [`JournalError::TooLarge`],
    /// and whatever is wrong with the place where it is kept. Nothing of the page counts then.
    fn append(&mut self, page: Page) -> Answer<()>;
}
