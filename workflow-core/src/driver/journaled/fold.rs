//! Fold: what the records of a run add up to.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::notes::{
    EVENTS_COLLECTED, EventsCollected, Notes, Repeats, STATE_CHANGED, StateChanged, VALUE_SET, ValueSet,
};
use crate::driver::Core;
use crate::driver::collect::Collected;
use crate::journal::{JournalError, Kept, Record};
use crate::machine::{Checkpoint, Input, Machine, Output};
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
    core.with_rest(|rest| {
        notes.with_shared(|state, repeats| {
            let (values, collected) = (&rest.values, &rest.collected);
            let machine = machine.checkpoint();
            serde_json::to_string(&Written { machine, at, state, values, collected, repeats })
        })
    })
}

impl<E: Events> Folded<E> {
    /// The run that is kept.
    pub(super) fn of(id: &str, kept: &Kept) -> Result<Self, JournalError> {
        Self::before(id, kept, u64::MAX)
    }

    /// The run as it was before the record `end`.
    pub(super) fn before(id: &str, kept: &Kept, end: u64) -> Result<Self, JournalError> {
        let mut folded = match &kept.checkpoint {
            None => Self::new(),
            Some(checkpoint) => {
                let read = Self::read(&checkpoint.body, checkpoint.before);
                let number = checkpoint.before;
                let record = || Record::new(number, Duration::ZERO, "checkpoint", "");
                read.map_err(|source| JournalError::unreadable(id, &record(), source))?
            }
        };
        for record in &kept.records {
            if (folded.next..end).contains(&record.number) {
                let applied = folded.apply(record);
                applied.map_err(|source| JournalError::unreadable(id, record, source))?;
            }
        }
        folded.collected.start_again();
        Ok(folded)
    }

    fn new() -> Self {
        Self {
            machine: Machine::resumable(E::plan()),
            at: Duration::ZERO,
            next: 0,
            state: Value::Null,
            values: Map::new(),
            collected: Collected::default(),
            repeats: Repeats::default(),
        }
    }

    fn read(body: &str, next: u64) -> Result<Self, BoxError> {
        let Read { machine, at, state, values, collected, repeats } = serde_json::from_str(body)?;
        let machine =
            Machine::restore(E::plan(), machine).ok_or("its steps are not those of the workflow")?;
        Ok(Self { machine, at, next, state, values, collected, repeats })
    }

    /// Puts another event in the place of that in a record, as if that had come.
    pub(super) fn apply_instead(&mut self, record: &Record, event: E) -> Result<(), BoxError> {
        let fact: Input<E> = serde_json::from_str(&record.body)?;
        let fact = match fact {
            Input::Started { .. } => Input::Started { event },
            Input::Received { .. } => Input::Received { event },
            Input::StepSent { invocation, .. } => Input::StepSent { invocation, event },
            Input::StepReturned { invocation, .. } => {
                Input::StepReturned { invocation, emission: Emission::One(event) }
            }
            _ => return Err("no event came with it that another could take the place of".into()),
        };
        self.apply(&Record { body: serde_json::to_string(&fact)?, ..record.clone() })
    }

    /// The run, as a checkpoint.
    pub(super) fn write(&self) -> serde_json::Result<String> {
        let Self { at, state, values, collected, repeats, .. } = self;
        let machine = self.machine.checkpoint();
        serde_json::to_string(&Written { machine, at, state, values, collected, repeats })
    }

    fn apply(&mut self, record: &Record) -> Result<(), BoxError> {
        if record.number != self.next {
            return Err(format!("record {} is missing", self.next).into());
        }
        self.next += 1;
        self.at = record.at;
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
                self.carry_nothing_out();
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
                self.note_end(&fact);
                self.machine.handle_input(record.at, fact);
                self.carry_nothing_out();
            }
        }
        Ok(())
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
    fn carry_nothing_out(&mut self) {
        // What a wait wants is answered by the next fact.
        let is_last =
            |order| matches!(order, Output::Wait { .. } | Output::Match { .. } | Output::MatchKept { .. });
        while !is_last(self.machine.poll_output()) {}
    }
}
