//! Migrate: the records of a run that an older version of the workflow wrote, as today's would have written them.
//!
//! What happened stays; steps and events get the names, the places and the fields that they have today. Whether
//! today's workflow would have come the same way shows when the records are read.

use serde_json::Value;
use serde_json::value::to_raw_value;

use super::notes::{EVENTS_COLLECTED, EventsCollected};
use super::untyped::{Untyped, reading};
use crate::graph::StepNode;
use crate::graph::definition::{self, Defined};
use crate::journal::{JournalError, Kept, Migration, Record};
use crate::machine::Input;
use crate::{BoxError, Emission, Members};

/// From one version of a workflow to another.
struct Way<'m> {
    old: &'static Defined,
    new: &'static Defined,
    migration: &'m Migration,
}

/// The run as today's workflow, of this definition, would have written it. All its records must be there.
///
/// # Errors
///
/// [`JournalError::NotMigrated`], which says what does not fit.
pub(super) fn migrate(
    id: &str,
    kept: Kept,
    definition: &str,
    migration: &Migration,
) -> Result<Kept, JournalError> {
    let failed = |error: BoxError| JournalError::not_migrated(id, error);
    let Some(old) = &kept.definition else {
        return Err(JournalError::undefined(id));
    };
    if kept.records.first().is_none_or(|record| record.number > 0) && kept.checkpoint.is_some() {
        return Err(failed("its first records are not kept any more".into()));
    }
    let old = definition::read(old).map_err(failed)?;
    let new = definition::read(definition).map_err(failed)?;
    let way = Way { old, new, migration };
    let input = reading(old, || {
        let input: Untyped = serde_json::from_str(&kept.input)?;
        Ok(serde_json::to_string(&way.event(input)?)?)
    });
    let records = kept.records.iter().map(|record| {
        let body = reading(old, || way.body(record));
        let body = body.map_err(|error| failed(format!("record {}: {error}", record.number).into()))?;
        let step = record.step.as_deref().map(|step| way.named(step)).transpose().map_err(failed)?;
        Ok(Record { body, step: step.map(|step| step.name.to_owned()), ..record.clone() })
    });
    let records = records.collect::<Result<_, _>>()?;
    let input = input.map_err(failed)?;
    Ok(Kept { input, records, checkpoint: None, definition: Some(definition.into()), ..kept })
}

impl Way<'_> {
    /// What stands in a record.
    fn body(&self, record: &Record) -> Result<String, BoxError> {
        match &*record.kind {
            // The state is changed when all that was done to it is known.
            "opened" | "resumed" | super::notes::STATE_CHANGED | super::notes::VALUE_SET => {
                Ok(record.body.clone())
            }
            EVENTS_COLLECTED => {
                let collected: EventsCollected<Emission<Untyped>> = serde_json::from_str(&record.body)?;
                let EventsCollected { invocation, step, events, wanted } = collected;
                let wanted = wanted.into_iter().map(|(event, count)| Ok((self.kind(event)?, count)));
                let wanted = wanted.collect::<Result<_, BoxError>>()?;
                let (step, events) = (self.step(step)?, self.emission(events)?);
                Ok(serde_json::to_string(&EventsCollected { invocation, step, events, wanted })?)
            }
            _ => Ok(serde_json::to_string(&self.fact(serde_json::from_str(&record.body)?)?)?),
        }
    }

    fn fact(&self, fact: Input<Untyped>) -> Result<Input<Untyped>, BoxError> {
        Ok(match fact {
            Input::Started { event } => Input::Started { event: self.event(event)? },
            Input::Received { event } => Input::Received { event: self.event(event)? },
            Input::StepReturned { invocation, emission } => {
                Input::StepReturned { invocation, emission: self.emission(emission)? }
            }
            Input::StepSent { invocation, event } => {
                Input::StepSent { invocation, event: self.event(event)? }
            }
            Input::StepPublished { invocation, event } => {
                Input::StepPublished { invocation, event: self.event(event)? }
            }
            Input::StepWaits { invocation, wait, index, event, timeout } => {
                Input::StepWaits { invocation, wait, index, event: self.kind(event)?, timeout }
            }
            Input::WaitDropped { invocation, index, step, wait, unread } => {
                let (step, unread) = (self.step(step)?, unread.map(|event| self.event(event)).transpose()?);
                Input::WaitDropped { invocation, index, step, wait, unread }
            }
            fact @ (Input::StepFailed { .. }
            | Input::Matched { .. }
            | Input::MatchedKept { .. }
            | Input::WaitsAreAll
            | Input::TimePassed
            | Input::Cancelled) => fact,
        })
    }

    fn emission(&self, emission: Emission<Untyped>) -> Result<Emission<Untyped>, BoxError> {
        Ok(match emission {
            Emission::None => Emission::None,
            Emission::One(event) => Emission::One(self.event(event)?),
            Emission::All(parts) => {
                Emission::All(parts.into_iter().map(|part| self.emission(part)).collect::<Result<_, _>>()?)
            }
            Emission::Many(events, members) => {
                let events = events.into_iter().map(|event| self.event(event)).collect::<Result<_, _>>()?;
                let members = members.0.into_iter().map(|member| self.kind(member));
                Emission::Many(events, Members(members.collect::<Result<_, _>>()?))
            }
        })
    }

    fn event(&self, event: Untyped) -> Result<Untyped, BoxError> {
        let kind = self.kind(event.kind)?;
        let key = self.new.keys[usize::from(kind)];
        let mut fields: Value = serde_json::from_str(event.value.get())?;
        self.migration.change_fields(key, &mut fields)?;
        Ok(Untyped { key, kind, value: to_raw_value(&fields)? })
    }

    /// The place that the event has today.
    fn kind(&self, old: u16) -> Result<u16, BoxError> {
        let old = self.old.keys.get(usize::from(old)).ok_or("an event has a place that there is not")?;
        let name = self.migration.event_of(old);
        let new = self.new.keys.iter().position(|key| *key == name);
        new.map(|kind| kind as u16).ok_or_else(|| {
            format!("there is no event `{name}`: say what it is now by `Migration::event`").into()
        })
    }

    /// The place that the step has today.
    fn step(&self, old: u16) -> Result<u16, BoxError> {
        let old = self.old.plan.graph().steps.get(usize::from(old));
        let (place, _) = self.today(old.ok_or("a step has a place that there is not")?.name)?;
        Ok(place as u16)
    }

    /// The step that had this name.
    fn named(&self, old: &str) -> Result<&'static StepNode, BoxError> {
        self.today(old).map(|(_, step)| step)
    }

    fn today(&self, old: &str) -> Result<(usize, &'static StepNode), BoxError> {
        let name = self.migration.step_of(old);
        let mut steps = self.new.plan.graph().steps.iter().enumerate();
        steps.find(|(_, step)| step.name == name).ok_or_else(|| {
            format!("there is no step `{name}`: say what it is now by `Migration::step`").into()
        })
    }
}

/// Why the records of a migrated run do not read as ones of today's workflow.
pub(super) fn explain(error: JournalError) -> JournalError {
    match error {
        JournalError::Unreadable { id, number, source, .. } => {
            JournalError::not_migrated(&id, format!("record {number}: {source}").into())
        }
        error => error,
    }
}
