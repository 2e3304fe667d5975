//! Fan: a batch whose members all start one plain step and come to one join.
//!
//! While nothing else is left of the run, such members need nobody who says what is next: the driver goes
//! through them by itself and tells the machine of the whole stretch at once, as of a lone chain.

use std::time::Duration;

use super::plan::Taker;
use super::run::Machine;
use super::state::{BatchId, Line, Phase, Running};
use super::{InvocationId, Token};
use crate::Members;
use crate::graph::Takes;

/// A batch in the hands of the driver.
#[derive(Debug)]
pub struct Fan {
    step: u16,
    join: u16,
    /// The number of the first execution; those that follow count on.
    first: u64,
    workers: usize,
    batch: BatchId,
    line: Line,
}

/// How far the driver has come with a fan.
#[derive(Debug)]
pub struct Stretch<E> {
    /// What the members that came to their end gave, in that order.
    pub arrived: Vec<E>,
    /// How many executions have begun.
    pub begun: u64,
    /// The numbers of those that go on, in order.
    pub running: Vec<u64>,
    /// The members that have not begun.
    pub waiting: Vec<E>,
}

impl Fan {
    /// The step that the members start.
    #[must_use]
    pub fn step(&self) -> u16 {
        self.step
    }

    /// The step that gathers what they give.
    #[must_use]
    pub fn join(&self) -> u16 {
        self.join
    }

    /// The number of the first execution; those that follow count on.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many may run at once.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }
}

impl<E: Token> Machine<E> {
    /// The only execution that is left has returned this batch: ends it, and gives the batch to the driver.
    /// `None` where more has to be looked at than that; then nothing has changed.
    pub fn open_fan(
        &mut self,
        now: Duration,
        invocation: InvocationId,
        events: &[E],
        members: &Members,
    ) -> Option<Fan> {
        let first = events.first()?.kind();
        if self.resumable || self.state.over || !self.is_single() || !self.plan.direct[usize::from(first)] {
            return None;
        }
        let Some(Taker::Start(step)) = self.plan.routes[usize::from(first)] else {
            return None;
        };
        let join = self.only_join(members)?;
        let ended = self.end_returned(invocation)?;
        self.now = now;
        self.state.waits_are_all = false;
        self.state.last_returned = Some(ended.step);
        if ended.phase == Phase::Active {
            self.free_worker(ended.step);
        }
        let batch = self.new_batch(members, ended.batch, &ended.line)?;
        self.release(ended.batch);
        let workers = self.free_workers(step);
        Some(Fan { step, join, first: self.state.next_invocation, workers, batch, line: ended.line })
    }

    /// The step that gathers all members, if it is one and wants them all.
    fn only_join(&self, members: &Members) -> Option<u16> {
        let mut joins = members.0.iter().flat_map(|member| &self.plan.gatherers[usize::from(*member)]);
        let join = *joins.next()?;
        let wants_all =
            matches!(self.plan.graph.steps[usize::from(join)].takes, Takes::Batch { first: None, .. });
        (wants_all && joins.all(|other| *other == join)).then_some(join)
    }

    /// Takes the batch back, as far as the driver has come. The executions that go on have these names from
    /// now on.
    pub fn close_fan(&mut self, fan: Fan, stretch: Stretch<E>) -> Vec<InvocationId> {
        let Fan { step, join, first, batch, line, .. } = fan;
        let Stretch { arrived, begun, running, waiting } = stretch;
        self.state.waits_are_all = false;
        self.state.next_invocation = first + begun;
        if begun > 0 {
            self.ran(step);
        }
        if !arrived.is_empty() {
            self.state.last_returned = Some(step);
        }
        let now = self.now;
        let goes_on = |number: u64| {
            self.state.batches[batch.slot].live += 1;
            self.take_worker(step);
            let running = Running::new(number, step, now, Some(batch), line.clone());
            InvocationId { number, slot: self.state.running.insert(running) }
        };
        let names = running.into_iter().map(goes_on).collect();
        self.deliver_members(waiting.into_iter(), Some(batch), &line);
        if !self.state.over {
            self.gather_all(join, arrived, batch, &line);
        }
        self.release(Some(batch)); // The one that stood for the opening itself.
        names
    }
}
