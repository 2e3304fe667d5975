//! Journaled: a run whose every fact is written down before anything follows from it.
//!
//! The facts go through a [`Pen`] to the journal (`pen`), what steps do to what they share goes with them
//! (`notes`), and a run that is there already is put together from its records (`fold`).

mod fold;
mod notes;
mod pen;

use std::sync::Arc;
use std::time::Duration;

pub(super) use fold::write_checkpoint;
pub(crate) use notes::Notes;
pub(super) use pen::Pen;

use self::fold::Folded;
use super::clock::Clock;
use super::drive::{Driver, drive_to_the_end};
use super::{Core, ResumeError};
use crate::journal::{Claim, Claimed, End, JournalError, Kept, Opening};
use crate::machine::Machine;
use crate::{Events, RunError, Workflow};

/// Runs `flow` from where its journal has it; `start` is what opens it when it is not there yet.
pub(super) async fn drive_journaled<W: Workflow>(
    flow: &W,
    core: Arc<Core<W>>,
    start: Option<W::Event>,
    limit: Option<Duration>,
) -> Result<W::Output, RunError> {
    let Some(notes) = core.notes() else {
        unreachable!("a run that is driven here has a journal");
    };
    let failed = |source| RunError::Journal { id: core.id().to_owned(), source };
    let opening =
        start.as_ref().map(|start| opening::<W>(core.id(), notes, start)).transpose().map_err(failed)?;
    drop(start);
    let Claimed { kept, held, age } = claim::<W>(core.id(), notes, opening).await.map_err(failed)?;
    check::<W>(&kept)?;
    let Some(held) = held else {
        return result::<W>(core.id(), &kept);
    };
    let is_new = kept.records.is_empty() && kept.checkpoint.is_none();
    let (pen, start, age) = if is_new {
        let start = serde_json::from_str(&kept.input).map_err(unreadable::<W>)?;
        *core.machine() = Some(Box::new(begin::<W>(limit)));
        let mut pen = Pen::new(core.id(), held, 0);
        pen.open(limit, notes.begin(core.id(), &*core.state()).map_err(failed)?);
        (pen, Some(start), Duration::ZERO)
    } else {
        let folded = Folded::<W::Event>::of(core.id(), &kept).map_err(failed)?;
        let mut pen = Pen::new(core.id(), held, folded.next);
        // A clock that was set back does not take the run back.
        let age = age.max(folded.at);
        pen.resumes = true;
        take_up(&core, notes, folded, age)?;
        (pen, None, age)
    };
    core.remember();
    core.begin_after(age);
    let deadline = core.machine().as_ref().and_then(|machine| machine.deadline());
    let mut driver = Driver::with_pen(Clock::new(deadline, age), pen);
    drive_to_the_end(flow, &core, &mut driver, start).await
}

fn begin<W: Workflow>(limit: Option<Duration>) -> Machine<W::Event> {
    let mut machine = Machine::resumable(W::Event::plan());
    machine.set_deadline(limit);
    machine
}

/// What the run begins with when it is new.
fn opening<W: Workflow>(id: &str, notes: &Notes, start: &W::Event) -> Result<Opening, JournalError> {
    let input = serde_json::to_string(start);
    let input = input.map_err(|error| JournalError::unwritable(id, "started", error))?;
    Ok(Opening { input, fingerprint: W::fingerprint(), parent: notes.parent().map(str::to_owned) })
}

/// Takes hold of the run, which must be this one.
async fn claim<W: Workflow>(
    id: &str,
    notes: &Notes,
    opening: Option<Opening>,
) -> Result<Claimed, JournalError> {
    let input = opening.as_ref().map(|opening| opening.input.clone());
    let claimed = notes.journal().claim(Claim { id: id.to_owned(), workflow: W::NAME, opening }).await?;
    let is_other = claimed.kept.workflow != W::NAME || input.is_some_and(|input| input != claimed.kept.input);
    if is_other {
        return Err(JournalError::other(id, &claimed.kept.workflow));
    }
    Ok(claimed)
}

/// Whether the workflow is what it was when the run began.
fn check<W: Workflow>(kept: &Kept) -> Result<(), RunError> {
    let changes = kept.fingerprint.changes(&W::fingerprint());
    if kept.end.is_some() || changes.is_empty() {
        return Ok(());
    }
    Err(RunError::NotResumed(ResumeError::Changed { workflow: W::NAME, changes }))
}

/// What a run that has ended gave.
fn result<W: Workflow>(id: &str, kept: &Kept) -> Result<W::Output, RunError> {
    match &kept.end {
        Some(End::Completed(event)) => {
            let event: W::Event = serde_json::from_str(event).map_err(unreadable::<W>)?;
            let none = || unreadable::<W>(serde::de::Error::custom("no event that ends a run"));
            W::close(event).map_err(|_| none())
        }
        Some(End::Failed(error)) => Err(RunError::Ended { id: id.to_owned(), error: error.clone() }),
        Some(End::Cancelled) | None => Err(RunError::Cancelled),
    }
}

/// Puts what the records add up to where a run has it.
fn take_up<W: Workflow>(
    core: &Core<W>,
    notes: &Notes,
    folded: Folded<W::Event>,
    age: Duration,
) -> Result<(), RunError> {
    let Folded { mut machine, at, state, values, collected, repeats, .. } = folded;
    // The time between does not count against the run's own limit; all else is due when it is due.
    let deadline = machine.deadline().map(|deadline| deadline.saturating_add(age - at));
    machine.set_deadline(deadline);
    *core.state() = serde_json::from_value(state.clone()).map_err(unreadable::<W>)?;
    notes.resume(state, repeats);
    *core.machine() = Some(Box::new(machine));
    core.with_rest(|rest| {
        rest.values = values;
        rest.collected = collected;
    });
    Ok(())
}

fn unreadable<W: Workflow>(source: serde_json::Error) -> RunError {
    RunError::NotResumed(ResumeError::Unreadable { workflow: W::NAME, source })
}
