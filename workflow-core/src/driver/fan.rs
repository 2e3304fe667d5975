//! Fan: the members of a batch, when nothing else is left of a run.
//!
//! They are run without the machine, which is told of all of them at once: when the last one has come to its
//! end, when one does something else than to give its event to the join, or when anybody asks.

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

/// A batch and how far it has come.
pub(super) struct Members<W: Workflow> {
    fan: Fan,
    plan: &'static Plan,
    waiting: std::vec::IntoIter<W::Event>,
    arrived: Vec<W::Event>,
    begun: u64,
    running: usize,
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

impl<W: Workflow> Members<W> {
    pub(super) fn new(fan: Fan, plan: &'static Plan, events: Vec<W::Event>) -> Self {
        let ended = vec![0; events.len().div_ceil(64)];
        let arrived = Vec::with_capacity(events.len());
        Self { fan, plan, waiting: events.into_iter(), arrived, begun: 0, running: 0, ended }
    }

    /// Runs them as far as it goes.
    pub(super) fn poll<F>(
        &mut self,
        core: &Arc<Core<W>>,
        machine: &Machine<W::Event>,
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
            // One at a time: a member that has no need to wait makes room for the next one.
            let begins = self.running < self.fan.workers();
            let next = self.waiting.as_slice().first().filter(|_| begins);
            let begins = match next.map(|event| self.plan.starts(event.kind(), self.fan.step())) {
                Some(false) => return Polled::Left(None),
                Some(true) => true,
                None => false,
            };
            if begins && let Some(event) = self.waiting.next() {
                live.push(run(self.begin(event)));
            }
            match Pin::new(&mut *live).poll_next(cx) {
                Poll::Ready(Some((invocation, Ended::Exit(Exit::Paused(event)))))
                    if !core.attention.load(Ordering::Relaxed) && machine.arrives(&self.fan, &event) =>
                {
                    core.forget(invocation.number, false);
                    self.end(invocation.number);
                    self.arrived.push(event);
                }
                Poll::Ready(ended) => return Polled::Left(ended),
                // It waits at once, and the next one can begin.
                Poll::Pending if begins => (),
                Poll::Pending => return Polled::Sleeping,
            }
            *budget -= 1;
            if *budget == 0 {
                return Polled::Spent;
            }
        }
    }

    #[inline]
    fn begin(&mut self, event: W::Event) -> Order<W> {
        let invocation = InvocationId { number: self.fan.first() + self.begun, slot: u32::MAX };
        self.begun += 1;
        self.running += 1;
        let slot = Slot::event(event);
        Order { invocation, step: self.fan.step(), slot, execution: None, span: Span::NONE }
    }

    #[inline]
    fn end(&mut self, number: u64) {
        let place = number - self.fan.first();
        self.running -= 1;
        self.ended[(place / 64) as usize] |= 1 << (place % 64);
    }

    /// Gives them back to the machine; those that go on have these names from now on.
    pub(super) fn give_back(self, machine: &mut Machine<W::Event>) -> Vec<InvocationId> {
        let Self { fan, waiting, arrived, begun, ended, .. } = self;
        let is_running = |place: &u64| ended[(place / 64) as usize] >> (place % 64) & 1 == 0;
        let running = (0..begun).filter(is_running).map(|place| fan.first() + place).collect();
        machine.close_fan(fan, Stretch { arrived, begun, running, waiting })
    }
}
