//! Fork: what a run begins with that has behind it what another one had.

use super::check;
use super::fold::Folded;
use super::notes::Source;
use crate::journal::{Instead, JournalError, Kept, Opening, Record, fork_at};
use crate::machine::Input;
use crate::{BoxError, Emission, Events, RunError, Workflow};

/// What a fork of the run begins with that is kept so; `instead` takes the place of the event in the record at which
/// it is forked.
pub(super) fn fork_of<W: Workflow>(
    source: &Source,
    kept: Option<Kept>,
    instead: Option<W::Event>,
) -> Result<Opening, RunError> {
    let Source { id, at } = source;
    let failed = |source| RunError::Journal { id: id.clone(), source };
    let kept = kept.ok_or_else(|| failed(JournalError::unknown(id)))?;
    if kept.workflow != W::NAME {
        return Err(failed(JournalError::other(id, &kept.workflow)));
    }
    check::<W>(&kept)?;
    let with_event = instead.map(|event| {
        move |record: &Record| {
            with_event(record, event.clone()).map_err(|source| JournalError::unreadable(id, record, source))
        }
    });
    let with_event = with_event.as_ref().map(|with_event| with_event as &Instead<'_>);
    let mut opening = fork_at(id, kept, *at, with_event).map_err(failed)?;
    // What does not read is refused before there is a run of it.
    let folded = Folded::<W::Event>::of(id, &Kept::new(W::NAME, opening.clone())).map_err(failed)?;
    opening.past.age = folded.at;
    Ok(opening)
}

/// The record with this event in the place of that which came with it.
fn with_event<E: Events>(record: &Record, event: E) -> Result<Record, BoxError> {
    let fact: Result<Input<E>, _> = serde_json::from_str(&record.body);
    let fact = match fact {
        Ok(Input::Started { .. }) => Input::Started { event },
        Ok(Input::Received { .. }) => Input::Received { event },
        Ok(Input::StepSent { invocation, .. }) => Input::StepSent { invocation, event },
        Ok(Input::StepReturned { invocation, .. }) => {
            Input::StepReturned { invocation, emission: Emission::One(event) }
        }
        _ => return Err("no event came with it that another could take the place of".into()),
    };
    Ok(Record { body: serde_json::to_string(&fact)?, ..record.clone() })
}
