//! Touches: which parts of a run a fact reads and changes, as told to who wants to know whether two facts commute.
//!
//! What is not known for sure counts as touched: two facts that share nothing here lead to the same state in either
//! order.

use super::plan::Taker;
use super::state::BatchId;
use super::{Input, InvocationId, Machine, Token};
use crate::Emission;
use crate::graph::Role;

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// All of it.
    All,
    /// The order in which executions of a step start.
    Starts(u16),
    /// The workers of a step.
    Workers(u16),
    /// What waits in a join.
    Join(u16),
    /// A batch, with all batches inside of it.
    Batch(u64),
    /// The waits for an event, and what is kept for them.
    Waits(u16),
    /// How late it is.
    Time,
    /// The state that the steps share.
    State,
    /// A dynamic key, by its hash.
    Key(u64),
    /// What a step has collected.
    Collected(u16),
    /// What steps share that nobody sees: the flow itself, and what a stand-in has caught.
    Unseen,
}

/// A part of a run that was read or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Touch {
    pub(crate) part: Part,
    pub(crate) changes: bool,
}

impl Touch {
    pub(crate) const fn read(part: Part) -> Self {
        Self { part, changes: false }
    }

    pub(crate) const fn change(part: Part) -> Self {
        Self { part, changes: true }
    }

    /// Whether what touches this and what touches the other do not commute.
    pub(crate) fn conflicts(self, other: Self) -> bool {
        let meet = self.part == other.part || self.part == Part::All || other.part == Part::All;
        meet && (self.changes || other.changes)
    }
}

impl<E: Token> Machine<E> {
    /// What the machine reads and changes when it is told a fact, but for the executions that it orders at once.
    /// `started` is how many tries of each step were ordered so far.
    pub(crate) fn touches(&self, fact: &Input<E>, started: &[u32], note: &mut dyn FnMut(Touch)) {
        match fact {
            Input::Started { event } | Input::Received { event } => self.event(event, started, note),
            Input::StepSent { event, .. } => self.event(event, started, note),
            Input::StepPublished { .. } => (),
            Input::StepReturned { invocation, emission } => {
                self.ends(*invocation, note);
                self.emission(emission, started, note);
            }
            Input::StepFailed { invocation, again, .. } => {
                self.ends(*invocation, note);
                note(Touch::read(Part::Time));
                let Some(step) = self.step(*invocation) else {
                    return;
                };
                if again.is_some() {
                    self.starts(step, started, note);
                } else if let Some(catch) = self.plan.catchers[usize::from(step)] {
                    self.starts(catch, started, note);
                }
            }
            Input::StepWaits { invocation, event, timeout, .. } => {
                note(Touch::change(Part::Waits(*event)));
                if let Some(step) = self.step(*invocation) {
                    note(Touch::read(Part::Workers(step)));
                }
                if timeout.is_some() {
                    note(Touch::read(Part::Time));
                }
            }
            Input::Matched { offer, .. } => {
                if let Some(event) = self.offered(*offer) {
                    note(Touch::change(Part::Waits(event.kind())));
                    self.takers(event, started, note);
                }
            }
            Input::MatchedKept { wait, .. } => {
                if let Some(wait) = self.state.waits.get(wait) {
                    note(Touch::change(Part::Waits(wait.event)));
                }
            }
            Input::WaitsAreAll => (),
            Input::TimePassed => note(Touch::change(Part::Time)),
            Input::WaitDropped { .. } | Input::Cancelled => note(Touch::change(Part::All)),
        }
    }

    /// When a try or the end of a wait is due next, counted from the run's start.
    pub(crate) fn next_timer(&self) -> Option<std::time::Duration> {
        self.state.timers.first().map(|timer| timer.at).filter(|_| !self.state.over)
    }

    /// Whether a batch closes when nothing else goes on.
    pub(crate) fn may_settle(&self) -> bool {
        !self.state.settled.is_empty()
    }

    fn ends(&self, invocation: InvocationId, note: &mut dyn FnMut(Touch)) {
        let Some(running) = self.state.running.get(invocation.slot) else {
            return;
        };
        note(Touch::read(Part::Workers(running.step)));
        let Some(batch) = running.batch else {
            return;
        };
        note(Touch::change(Part::Batch(self.outermost(batch))));
        let mut at = Some(batch);
        while let Some(batch) = at.and_then(|id| self.state.batches.get(id.slot)) {
            let mut joins = batch.gathering.iter().map(|gathering| gathering.step);
            if joins.any(|join| self.free_workers(join) == 0) {
                note(Touch::change(Part::All));
            }
            at = batch.parent;
        }
    }

    fn outermost(&self, batch: BatchId) -> u64 {
        let mut at = batch;
        while let Some(parent) = self.state.batches.get(at.slot).and_then(|batch| batch.parent) {
            at = parent;
        }
        at.number
    }

    fn emission(&self, emission: &Emission<E>, started: &[u32], note: &mut dyn FnMut(Touch)) {
        match emission {
            Emission::None => (),
            Emission::One(event) => self.event(event, started, note),
            Emission::All(parts) => parts.iter().for_each(|part| self.emission(part, started, note)),
            Emission::Many(events, _) => events.iter().for_each(|event| self.event(event, started, note)),
        }
    }

    fn event(&self, event: &E, started: &[u32], note: &mut dyn FnMut(Touch)) {
        let kind = usize::from(event.kind());
        if matches!(self.plan.graph.events[kind].role, Role::Stop) {
            return note(Touch::change(Part::All));
        }
        if self.plan.waited[kind] {
            note(Touch::change(Part::Waits(event.kind())));
        }
        self.takers(event, started, note);
    }

    fn takers(&self, event: &E, started: &[u32], note: &mut dyn FnMut(Touch)) {
        for taker in &self.plan.takers[usize::from(event.kind())] {
            match *taker {
                Taker::Start(step) => self.starts(step, started, note),
                Taker::Join { step, .. } => {
                    note(Touch::change(Part::Join(step)));
                    for (slot, batch) in self.state.batches.iter() {
                        let batch = BatchId { number: batch.number, slot };
                        note(Touch::change(Part::Batch(self.outermost(batch))));
                    }
                }
                // The batch itself is touched by the end of the step that gave the event.
                Taker::Gather(_) => (),
            }
        }
    }

    /// An execution starts or is queued.
    fn starts(&self, step: u16, started: &[u32], note: &mut dyn FnMut(Touch)) {
        note(Touch::change(Part::Starts(step)));
        let place = usize::from(step);
        let in_line = self.state.steps[place].queue.len() + self.state.steps[place].returning.len();
        let all = started.get(place).copied().unwrap_or(0) as usize + in_line;
        // As long as there were never more of them than workers, no end of one can have made room for another.
        if all >= self.plan.graph.steps[place].workers as usize {
            note(Touch::change(Part::Workers(step)));
        }
        if self.plan.keeps[place] {
            note(Touch::read(Part::Time));
        }
    }
}
