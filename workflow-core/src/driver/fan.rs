//! Fan: the members of a batch, when nothing else is left of a run.
//!
//! They are run without the machine, which is told of all of them at once: when the last one has come to its
//! end, when one does something else than to give its event to the join, or when anybody asks.
//!
//! They go in lanes. A lane takes one member after the other through the step, inside one future; when a member
//! waits, its lane waits with it, and another lane begins. There are never more lanes than workers.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures_buffered::FuturesUnordered;
use futures_core::Stream;

use super::span::Span;
use super::step::{Ended, Order};
use super::{Core, Exit, Slot};
use crate::Workflow;
use crate::machine::{Fan, InvocationId, Machine, Plan, Stretch, Token};

/// A batch and how far it has come. It stands in the core, where each lane finds its next member.
pub(super) struct Members<E> {
    fan: Fan,
    plan: &'static Plan,
    /// The members that have not begun, and behind them what came of those that have ended: each event takes the
    /// room of a member, for fresh memory costs a large batch more than all else.
    events: VecDeque<E>,
    waiting: usize,
    begun: u64,
    lanes: usize,
    /// How much may happen before others have a turn.
    budget: u32,
    /// By execution: a bit for each one that has come to its end.
    ended: Vec<u64>,
}

/// What became of the members.
pub(super) enum Polled<E> {
    /// The machine has to take them back, perhaps with an execution that came to another end.
    Left(Option<(InvocationId, Ended<E>)>),
    /// All that have begun wait for something.
    Sleeping,
    /// Others should have a turn.
    Spent,
}

/// Whether another lane may begin.
enum Lane<W: Workflow> {
    /// It begins with this member.
    Begins(Order<W>),
    /// No member is left, or no worker.
    None,
    /// The next member is not one for the step.
    Other,
}

impl<E: Token> Members<E> {
    pub(super) fn new(fan: Fan, plan: &'static Plan, events: Vec<E>) -> Self {
        let (waiting, ended) = (events.len(), vec![0; events.len().div_ceil(64)]);
        Self { fan, plan, events: events.into(), waiting, begun: 0, lanes: 0, budget: 0, ended }
    }

    /// Whether the event is one for the join, and nothing else is done with it.
    #[inline]
    pub(super) fn gathers(&self, event: &E) -> bool {
        self.plan.gathers(event.kind(), self.fan.join())
    }

    /// The member of that number has given its event to the join.
    #[inline]
    pub(super) fn arrives(&mut self, number: u64, event: E) {
        let place = number - self.fan.first();
        self.ended[(place / 64) as usize] |= 1 << (place % 64);
        self.events.push_back(event);
        self.budget = self.budget.saturating_sub(1);
    }

    /// The next member and its number, if a lane may go on with it now.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(u64, E)> {
        if self.budget == 0 || self.waiting == 0 || !self.is_for_step(self.events.front()?) {
            return None;
        }
        let number = self.fan.first() + self.begun;
        self.begun += 1;
        self.waiting -= 1;
        self.events.pop_front().map(|event| (number, event))
    }

    /// A lane has come to its end.
    pub(super) fn ends_lane(&mut self) {
        self.lanes -= 1;
    }

    #[inline]
    fn is_for_step(&self, event: &E) -> bool {
        self.plan.starts(event.kind(), self.fan.step())
    }

    fn begin_lane<W: Workflow<Event = E>>(&mut self, budget: u32) -> Lane<W> {
        self.budget = budget;
        if self.lanes >= self.fan.workers() {
            return Lane::None;
        }
        match (self.next(), self.waiting == 0) {
            (Some((number, event)), _) => {
                self.lanes += 1;
                let invocation = InvocationId { number, slot: u32::MAX };
                let (step, slot) = (self.fan.step(), Slot::event(event));
                Lane::Begins(Order {
                    invocation,
                    step,
                    slot,
                    execution: None,
                    span: Span::NONE,
                    begins_lane: true,
                })
            }
            (None, true) => Lane::None,
            (None, false) => Lane::Other,
        }
    }

    /// What is left of the budget.
    fn left(&self) -> u32 {
        self.budget
    }

    /// Gives them back to the machine; those that go on have these names from now on.
    pub(super) fn give_back(self, machine: &mut Machine<E>) -> Vec<InvocationId> {
        let Self { fan, mut events, waiting, begun, ended, .. } = self;
        let is_running = |place: &u64| ended[(place / 64) as usize] >> (place % 64) & 1 == 0;
        let running = (0..begun).filter(is_running).map(|place| fan.first() + place).collect();
        let waiting = events.drain(..waiting).collect();
        machine.close_fan(fan, Stretch { arrived: events.into(), begun, running, waiting })
    }
}

/// Runs the members that stand in the core, as far as it goes.
pub(super) fn poll_members<W: Workflow, F>(
    core: &Arc<Core<W>>,
    live: &mut FuturesUnordered<F>,
    run: impl Fn(Order<W>) -> F,
    budget: &mut u32,
    cx: &mut Context<'_>,
) -> Polled<W::Event>
where
    F: Future<Output = (InvocationId, Ended<W::Event>)>,
{
    loop {
        if core.attention.load(Ordering::Relaxed) {
            return Polled::Left(None);
        }
        // One at a time: a lane whose members have no need to wait leaves nothing for the next one.
        let lane = core.fan().as_deref_mut().map_or(Lane::None, |members| members.begin_lane(*budget));
        let begins = match lane {
            Lane::Begins(order) => {
                live.push(run(order));
                true
            }
            Lane::None => false,
            Lane::Other => return Polled::Left(None),
        };
        let polled = Pin::new(&mut *live).poll_next(cx);
        *budget = core.fan().as_deref().map_or(0, Members::left).saturating_sub(1);
        match polled {
            Poll::Ready(Some((_, Ended::Exit(Exit::Drained)))) => (),
            Poll::Ready(ended) => return Polled::Left(ended),
            // It waits at once, and the next one can begin.
            Poll::Pending if begins => (),
            Poll::Pending => return Polled::Sleeping,
        }
        if *budget == 0 {
            return Polled::Spent;
        }
    }
}
