//! Recording: a run of a journal with those that it has called, as one recording.

use std::time::Duration;

use super::{Filter, Journal, JournalError};
use crate::Recording;
use crate::driver::recorded;
use crate::recording::Recorded;

/// The recording of the run.
pub(super) async fn of<J: Journal + ?Sized>(journal: &J, id: &str) -> Result<Recording, JournalError> {
    // Each with its age and the place of the run that has called it; those that were called come after.
    let mut runs: Vec<(Recorded, Duration, Option<usize>)> = Vec::new();
    let mut to_read = vec![(id.to_owned(), None)];
    while let Some((id, caller)) = to_read.pop() {
        let kept = journal.load(&id).await?;
        let kept = kept.ok_or_else(|| JournalError::unknown(&id))?;
        let age = kept.age;
        runs.push((recorded(&id, kept)?, age, caller));
        let mut called = journal.list(Filter::default().parent(&id)).await?;
        // A run that is its own caller is none of ours, whatever a file says.
        called.retain(|run| runs.iter().all(|(known, ..)| known.id != run.id));
        to_read.extend(called.into_iter().map(|run| (run.id, Some(runs.len() - 1))));
    }
    let (mut own, own_age, _) = runs.remove(0);
    while let Some((mut run, age, caller)) = runs.pop() {
        let (caller, callers_age) = match caller {
            Some(place) if place > 0 => {
                let (caller, age, _) = &mut runs[place - 1];
                (caller, *age)
            }
            _ => (&mut own, own_age),
        };
        run.called_at = callers_age.saturating_sub(age);
        let number = number_of_caller(&run.id, &caller.id);
        let calling = caller.executions.iter_mut().rfind(|execution| Some(execution.number) == number);
        if let Some(execution) = calling {
            execution.called.insert(0, run);
        }
    }
    Ok(Recording::new(own))
}

/// Which execution has called a run, as its id says: `order-42/3.0` was called by the third of `order-42`.
fn number_of_caller(id: &str, caller: &str) -> Option<u64> {
    id.strip_prefix(caller)?.strip_prefix('/')?.split('.').next()?.parse().ok()
}
