//! Journaled: a run whose every fact is written down before anything follows from it.
//!
//! The facts go through a [`Pen`] to the journal (`pen`), what steps do to what they share goes with them
//! (`notes`), and a run that is there already is put together from its records (`fold`).

mod asked;
mod fold;
mod fork;
mod migrate;
mod notes;
mod pen;
mod replay;
mod untyped;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use asked::Asked;
pub(super) use fold::write_checkpoint;
pub(super) use notes::Source;
pub(crate) use notes::{Noted, Notes};
pub(super) use pen::{Begins, Pen};
pub(crate) use replay::recorded;

use self::fold::Folded;
use self::fork::fork_of;
use self::migrate::{explain, migrate};
use super::begin::Driven;
use super::clock::Clock;
use super::drive::{Driver, drive_to_the_end};
use super::fork::Writing;
use super::record::Records;
use super::{Core, ResumeError};
use crate::graph::definition;
use crate::journal::{Claim, Claimed, End, JournalError, Kept, Opening};
use crate::machine::{Input, Machine};
use crate::{Events, RunError, Workflow};

/// Runs `flow` from where its journal has it; `start` is what opens it when it is not there yet.
pub(super) async fn drive_journaled<W: Workflow>(
    flow: &W,
    core: Arc<Core<W>>,
    start: Option<W::Event>,
    limit: Option<Duration>,
) -> Driven<W> {
    let Some(notes) = core.notes() else {
        unreachable!("a run that is driven here has a journal");
    };
    let failed = |source| RunError::Journal { id: core.id().to_owned(), source };
    let opening = match notes.source() {
        None => start.map(|start| opening::<W>(core.id(), notes, start)).transpose().map_err(failed)?,
        Some(source) => {
            let kept = notes.journal().load(&source.id).await.map_err(failed)?;
            Some(fork_of::<W>(source, kept, start)?)
        }
    };
    let Claimed { kept, held } = claim::<W>(core.id(), notes, opening).await?;
    let Some(held) = held else {
        return Ok(result::<W>(core.id(), &kept)?);
    };
    let is_migrated = notes.migration().is_some() && kept.fingerprint != W::fingerprint();
    let is_new = kept.records.is_empty() && kept.checkpoint.is_none();
    let (mut pen, age) = if is_new {
        *core.machine() = Some(Box::new(begin::<W>(limit)));
        let mut pen = Pen::new(core.id(), held, 0);
        pen.open(limit, notes.begin(core.id(), &*core.state()).map_err(failed)?);
        (pen, Duration::ZERO)
    } else {
        let folded = Folded::<W::Event>::of(core.id(), &kept);
        let mut folded =
            folded.map_err(|error| if is_migrated { explain(error) } else { error }).map_err(failed)?;
        // A clock that was set back does not take the run back.
        let age = kept.age.max(folded.at);
        let pen = Pen::new(core.id(), held, folded.next);
        if let Some(migration) = notes.migration().filter(|_| is_migrated) {
            folded.migrate_state(core.id(), migration).map_err(failed)?;
        }
        take_up(&core, notes, folded, age)?;
        (pen, age)
    };
    if is_migrated {
        pen.version(kept.input.clone(), W::fingerprint(), definition::of::<W::Event>());
    }
    let deadline = {
        let mut machine = core.machine();
        let Some(machine) = &mut *machine else {
            unreachable!("the machine was made above");
        };
        if !machine.has_started() {
            let event: W::Event = serde_json::from_str(&kept.input).map_err(unreadable::<W>)?;
            if let Some(record) = core.recorder() {
                record.opens(&event);
            }
            let start = Input::Started { event };
            pen.fact(age, None, &start);
            machine.handle_input(age, start);
            pen.begins = Some(Begins::Anew);
        }
        machine.deadline()
    };
    core.remember();
    core.begin_after(age);
    let mut driver = Driver::with_pen(Clock::new(deadline, age), pen);
    drive_to_the_end(flow, &core, &mut driver, Some(Writing::new())).await
}

fn begin<W: Workflow>(limit: Option<Duration>) -> Machine<W::Event> {
    let mut machine = Machine::resumable(W::Event::plan());
    machine.set_deadline(limit);
    machine
}

/// What the run begins with when it is new.
fn opening<W: Workflow>(id: &str, notes: &Notes, start: W::Event) -> Result<Opening, JournalError> {
    let input = serde_json::to_string(&start);
    let input = input.map_err(|error| JournalError::unwritable(id, "started", error))?;
    let opening = Opening::new(input, W::fingerprint()).of_definition(Some(definition::of::<W::Event>()));
    Ok(opening.of_parent(notes.parent().map(str::to_owned)))
}

/// Takes hold of the run, which must be this one, and reads as one of the workflow of today.
async fn claim<W: Workflow>(id: &str, notes: &Notes, opening: Option<Opening>) -> Result<Claimed, RunError> {
    let failed = |source| RunError::Journal { id: id.to_owned(), source };
    let input = opening.as_ref().map(|opening| opening.input.clone());
    let claim = Claim::new(id, W::NAME, opening);
    let Claimed { mut kept, held } = notes.journal().claim(claim).await.map_err(failed)?;
    if kept.workflow != W::NAME {
        return Err(failed(JournalError::other(id, &kept.workflow)));
    }
    if let (Err(changed), Some(_)) = (check::<W>(&kept), &held) {
        let migration = notes.migration().ok_or(changed)?;
        // A claim brings what the newest checkpoint needs, and this begins before it.
        if let Some(whole) = notes.journal().load(id).await.map_err(failed)? {
            kept = whole;
        }
        kept = migrate(id, kept, &definition::of::<W::Event>(), migration).map_err(failed)?;
    }
    if input.is_some_and(|input| !says_the_same(&input, &kept.input)) {
        return Err(failed(JournalError::other(id, &kept.workflow)));
    }
    Ok(Claimed { kept, held })
}

/// Whether two texts are the same JSON: a map may be written in any order.
fn says_the_same(one: &str, other: &str) -> bool {
    let read = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    one == other || read(one).is_some_and(|one| Some(one) == read(other))
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
    core.with_memory(|memory| {
        memory.values = values;
        memory.collected = collected;
    });
    Ok(())
}

fn unreadable<W: Workflow>(source: serde_json::Error) -> RunError {
    RunError::NotResumed(ResumeError::Unreadable { workflow: W::NAME, source })
}
