//! Replay: the recording of a run, made from what a journal keeps of it.
//!
//! The facts are told to a machine once more, and who records looks on as if the run were under way. The workflow
//! itself need not be known.

use std::time::SystemTime;

use super::fold::Folded;
use super::untyped::{Untyped, reading};
use crate::driver::record::Recorder;
use crate::graph::definition;
use crate::journal::{JournalError, Kept, Record};
use crate::recording::Recorded;

/// What the run has done that is kept so: since its beginning, or since its newest checkpoint where what was before
/// is not kept any more.
///
/// # Errors
///
/// [`JournalError::Undefined`] where nothing is known of the workflow, and [`JournalError::Unreadable`].
pub(crate) fn recorded(id: &str, mut kept: Kept) -> Result<Recorded, JournalError> {
    let Some(definition) = &kept.definition else {
        return Err(JournalError::undefined(id));
    };
    let defined = definition::read(definition).map_err(|source| {
        let record = Record::new(0, std::time::Duration::ZERO, "definition", "");
        JournalError::unreadable(id, &record, source)
    })?;
    if kept.records.first().is_some_and(|record| record.number == 0) {
        kept.checkpoint = None;
    }
    let began = SystemTime::now().checked_sub(kept.age).unwrap_or(SystemTime::UNIX_EPOCH);
    let recorder = Recorder::replaying(defined, began);
    reading(defined, || Folded::<Untyped>::seen(id, &kept, defined.plan, Some(&recorder)).map(drop))?;
    match kept.end {
        None => recorder.now_is(kept.age),
        // A run that was called may have ended with its caller, without a word.
        Some(_) => recorder.dropped(),
    }
    Ok(recorder.recorded(id))
}
