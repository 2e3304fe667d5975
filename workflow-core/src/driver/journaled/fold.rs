//! Fold: what the records of a run add up to.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::notes::{
    EVENTS_COLLECTED, EventsCollected, Notes, Repeats, STATE_CHANGED, StateChanged, VALUE_SET, ValueSet,
};
use crate::driver::Core;
use crate::driver::collect::Collected;
use crate::driver::record::Recorder;
use crate::journal::{JournalError, Kept, Migration, Record};
use crate::machine::{Checkpoint, Input, Machine, Output, Plan, Token};
use crate::{BoxError, Emission, Events, Workflow};

/// A run, put together from its records.
pub(super) struct Folded<E> {
    pub(super) machine: Machine<E>,
    /// The time of the last record, counted from the run's start.
    pub(super) at: Duration,
    /// The number of the record that comes next.
    pub(super) next: u64,
    pub(super) state: Value,
    pub(super) values: Map<String, Value>,
    pub(super) collected: Collected<E>,
    pub(super) repeats: Repeats,
}

/// What a checkpoint holds; `M` and the others are by reference where it is written.
#[derive(Serialize, Deserialize)]
struct Written<M, A, S, V, C, R> {
    machine: M,
    at: A,
    state: S,
    values: V,
    collected: C,
    repeats: R,
}

type Read<E> = Written<Checkpoint<E>, Duration, Value, Map<String, Value>, Collected<E>, Repeats>;

/// What the first record of a run says.
#[derive(Deserialize)]
struct Opened {
    limit: Option<Duration>,
    state: Value,
}

/// What the record says with which a run goes on.
#[derive(Deserialize)]
struct Resumed {
    deadline: Option<Duration>,
}

/// The run as it is now, for a checkpoint.
pub(in crate::driver) fn write_checkpoint<W: Workflow>(
    core: &Core<W>,
    notes: &Notes,
    machine: &Machine<W::Event>,
    at: Duration,
) -> serde_json::Result<String> {
    core.with_memory(|memory| {
        notes.with_shared(|state, repeats| {
            let (values, collected) = (&memory.values, &memory.collected);
            let machine = machine.checkpoint();
            serde_json::to_string(&Written { machine, at, state, values, collected, repeats })
        })
    })
}

impl<E: Events> Folded<E> {
    /// The run that is kept.
    pub(super) fn of(id: &str, kept: &Kept) -> Result<Self, JournalError> {
        Self::seen(id, kept, E::plan(), None)
    }
}

impl<E: Token + DeserializeOwned> Folded<E> {
    /// The same for any workflow, with somebody who looks on.
    pub(super) fn seen(
        id: &str,
        kept: &Kept,
        plan: &'static Plan,
        recorder: Option<&Recorder>,
    ) -> Result<Self, JournalError> {
        let mut folded = match &kept.checkpoint {
            None => Self::new(plan),
            Some(checkpoint) => {
                let read = Self::read(&checkpoint.body, checkpoint.before, plan);
                let number = checkpoint.before;
                let record = || Record::new(number, Duration::ZERO, "checkpoint", "");
                read.map_err(|source| JournalError::unreadable(id, &record(), source))?
            }
        };
        if let Some(recorder) = recorder {
            recorder.goes_on(&folded.machine, folded.at);
        }
        let first = folded.next;
        for record in kept.records.iter().skip_while(|record| record.number < first) {
            let applied = folded.apply(record, recorder);
            applied.map_err(|source| JournalError::unreadable(id, record, source))?;
        }
        folded.collected.start_again();
        Ok(folded)
    }

    fn new(plan: &'static Plan) -> Self {
        Self {
            machine: Machine::resumable(plan),
            at: Duration::ZERO,
            next: 0,
            state: Value::Null,
            values: Map::new(),
            collected: Collected::default(),
            repeats: Repeats::default(),
        }
    }

    fn read(body: &str, next: u64, plan: &'static Plan) -> Result<Self, BoxError> {
        let Read { machine, at, state, values, collected, repeats } = serde_json::from_str(body)?;
        let machine = Machine::restore(plan, machine).ok_or("its steps are not those of the workflow")?;
        Ok(Self { machine, at, next, state, values, collected, repeats })
    }

    fn apply(&mut self, record: &Record, recorder: Option<&Recorder>) -> Result<(), BoxError> {
        if record.number != self.next {
            return Err(format!("record {} is missing", self.next).into());
        }
        self.next += 1;
        self.at = record.at;
        if let Some(recorder) = recorder {
            if record.kind == "resumed" {
                recorder.interrupted();
            }
            recorder.now_is(record.at);
        }
        let body = &record.body;
        match &*record.kind {
            "opened" => {
                let Opened { limit, state } = serde_json::from_str(body)?;
                self.machine.set_deadline(limit);
                self.state = state;
            }
            "resumed" => {
                let Resumed { deadline } = serde_json::from_str(body)?;
                self.machine.set_deadline(deadline);
                self.machine.start_again(record.at);
                self.collected.start_again();
                self.carry_nothing_out(recorder);
            }
            STATE_CHANGED => {
                let StateChanged { invocation, look, patch } = serde_json::from_str(body)?;
                let before = self.state.clone();
                json_patch::patch(&mut self.state, &patch)?;
                self.repeats.note_change(invocation, look, before);
            }
            VALUE_SET => {
                let ValueSet { invocation, key, value } = serde_json::from_str(body)?;
                self.values.insert(key, value);
                self.repeats.note_set(invocation);
            }
            EVENTS_COLLECTED => {
                let collected: EventsCollected<Emission<E>> = serde_json::from_str(body)?;
                let EventsCollected { invocation, step, events, wanted } = collected;
                self.collected.collect_again(invocation, step, events, &wanted);
            }
            _ => {
                let fact: Input<E> = serde_json::from_str(body)?;
                self.expect_known(record, &fact)?;
                self.note_end(&fact);
                if let Some(recorder) = recorder {
                    recorder.told(&self.machine, &fact);
                }
                self.machine.handle_input(record.at, fact);
                self.carry_nothing_out(recorder);
            }
        }
        Ok(())
    }

    /// Whether the execution that a fact is about is one of the step of which the record says so.
    fn expect_known(&self, record: &Record, fact: &Input<E>) -> Result<(), BoxError> {
        let Some(step) = &record.step else {
            return Ok(());
        };
        let steps = self.machine.graph().steps;
        let known = fact.invocation().and_then(|invocation| self.machine.step(invocation));
        match known.map(|known| steps[usize::from(known)].name) {
            Some(known) if known == step => Ok(()),
            Some(known) => Err(format!("`{known}` ran where it says `{step}`").into()),
            None => Err(format!("`{step}` does not run there").into()),
        }
    }

    /// Makes the state of a run that another version of the workflow began to what it is today.
    pub(super) fn migrate_state(&mut self, id: &str, migration: &Migration) -> Result<(), JournalError> {
        let mut states = std::iter::once(&mut self.state).chain(self.repeats.states());
        let changed = states.try_for_each(|state| migration.change_state(state));
        changed.map_err(|error| JournalError::not_migrated(id, error))
    }

    /// What is kept for an execution that has ended goes.
    fn note_end(&mut self, fact: &Input<E>) {
        match fact {
            Input::StepReturned { invocation, .. } | Input::StepFailed { invocation, again: None, .. } => {
                self.repeats.forget(invocation.number);
                self.collected.forget(invocation.number);
            }
            Input::StepFailed { invocation, .. } => self.repeats.forget(invocation.number),
            _ => (),
        }
    }

    /// Takes the orders out, as the driver had.
    fn carry_nothing_out(&mut self, recorder: Option<&Recorder>) {
        loop {
            let order = self.machine.poll_output();
            // What a wait wants is answered by the next fact.
            if matches!(order, Output::Wait { .. } | Output::Match { .. } | Output::MatchKept { .. }) {
                return;
            }
            if let Some(recorder) = recorder {
                recorder.ordered(&order);
            }
        }
    }
}
