//! Fork: the beginning of a run that has behind it what another one had before some record.
//!
//! What is kept is copied as it is: nobody need know the workflow.

use super::{JournalError, Kept, Opening, Past, Record};
use crate::driver::recorded;
use crate::recording::Outcome;

/// Gives another record for one that is kept.
pub type Instead<'i> = dyn Fn(&Record) -> Result<Record, JournalError> + 'i;

/// What a run begins with that has behind it what the run `id`, which is kept so, had before its record `at`.
/// `instead` gives another record for that one; then the new run has that behind it too.
///
/// # Errors
///
/// [`JournalError::OutOfReach`] where that run has no such record, or had ended there, or what was before is not
/// kept any more; and those of `instead`.
pub fn fork_at(
    id: &str,
    kept: Kept,
    at: u64,
    instead: Option<&Instead<'_>>,
) -> Result<Opening, JournalError> {
    let Kept { input, fingerprint, definition, checkpoint, mut records, end, .. } = kept;
    let before = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.before);
    let first = records.first().map_or(before, |record| if record.number == 0 { 0 } else { before });
    let last = records.last().map_or(before, |record| record.number + 1);
    let record = records.iter().find(|record| record.number == at);
    let is_possible = record.is_some() || instead.is_none() && end.is_none();
    if !(first..=last).contains(&at) || !is_possible {
        return Err(JournalError::out_of_reach(id, at, first, last));
    }
    let instead = record.zip(instead).map(|(record, instead)| instead(record)).transpose()?;
    records.retain(|record| record.number < at);
    records.extend(instead);
    let age = records.last().map(|record| record.at).unwrap_or_default();
    let checkpoint = checkpoint.filter(|checkpoint| checkpoint.before <= at);
    let is_known = definition.is_some();
    let past = Past { checkpoint, records, age };
    let opening = Opening::new(input, fingerprint).of_definition(definition).after(past);
    if is_known {
        // What does not read, or has ended, is refused before there is a run of it.
        let fork = recorded(id, Kept::new("", opening.clone()))?;
        if !matches!(fork.outcome, Outcome::Open) {
            return Err(JournalError::out_of_reach(id, at, first, last));
        }
    }
    Ok(opening)
}
