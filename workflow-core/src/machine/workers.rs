//! Workers: how many executions of a step run at once, and who is next.

use std::time::Duration;

use super::run::Machine;
use super::state::{BatchId, Line, Phase, Queued, Returning, Running};
use super::{Again, Attempt, Given, History, InvocationId, Output, Token};

/// What is left of an execution that has returned.
pub(super) struct Ended {
    pub(super) step: u16,
    pub(super) phase: Phase,
    pub(super) batch: Option<BatchId>,
    pub(super) line: Line,
}

impl<E: Token> Machine<E> {
    /// Starts an execution, which is live in its batch already, or queues it when all workers of the step are
    /// busy.
    #[inline(always)]
    pub(super) fn begin(&mut self, step: u16, given: Given<E>, batch: Option<BatchId>, line: Line) {
        if self.has_worker(step) {
            self.order(step, given, batch, line);
        } else {
            self.state.queued += 1;
            self.state.steps[step as usize].queue.push_back(Queued { given, batch, line });
        }
    }

    fn has_worker(&self, step: u16) -> bool {
        self.free_workers(step) > 0
    }

    pub(super) fn free_workers(&self, step: u16) -> usize {
        let workers = self.plan.graph.steps[step as usize].workers;
        workers.saturating_sub(self.state.steps[step as usize].running) as usize
    }

    #[inline(always)]
    fn order(&mut self, step: u16, given: Given<E>, batch: Option<BatchId>, line: Line) {
        let number = self.state.next_invocation;
        self.state.next_invocation += 1;
        self.take_worker(step);
        self.ran(step);
        let kept = (self.resumable || self.plan.keeps[step as usize]).then(|| given.clone());
        let running = Running { given: kept, ..Running::new(number, step, self.now, batch, line) };
        let slot = self.state.running.insert(running);
        let invocation = InvocationId { number, slot };
        self.state.orders.push_back(Output::RunStep { invocation, step, given, again: None });
    }

    pub(super) fn take_worker(&mut self, step: u16) {
        self.state.steps[step as usize].running += 1;
        self.state.active += 1;
    }

    /// An execution that had a worker before goes on, now or as soon as one is free.
    pub(super) fn come_back(&mut self, step: u16, returning: Returning<E>) {
        if self.has_worker(step) {
            self.go_on(step, returning);
        } else {
            self.state.queued += 1;
            self.state.steps[step as usize].returning.push_back(returning);
        }
    }

    fn go_on(&mut self, step: u16, returning: Returning<E>) {
        let invocation = returning.invocation();
        let Some(running) = self.running(invocation) else {
            return;
        };
        match (running.phase, &returning) {
            // It has begun another wait meanwhile, and needs no worker yet.
            (Phase::Waiting(others), Returning::Wake { .. }) if others > 1 => {
                running.phase = Phase::Waiting(others - 1);
            }
            _ => {
                running.phase = Phase::Active;
                self.take_worker(step);
            }
        }
        match returning {
            Returning::Start(_) => self.order_again(invocation),
            Returning::Wake { wait, event, .. } => {
                self.state.orders.push_back(Output::Wake { invocation, step, wait, event });
            }
        }
    }

    /// Orders an execution that was ordered before.
    pub(super) fn order_again(&mut self, invocation: InvocationId) {
        let now = self.now;
        let order = self.running(invocation).and_then(|running| running.again(invocation, now));
        if let Some(order) = order {
            self.state.orders.push_back(order);
        }
    }

    /// A worker of the step is free again: the next execution gets it.
    #[inline]
    pub(super) fn free_worker(&mut self, step: u16) {
        if self.state.over {
            return;
        }
        let node = &mut self.state.steps[step as usize];
        node.running -= 1;
        if !node.returning.is_empty() || !node.queue.is_empty() {
            self.fill(step);
        }
    }

    /// Gives free workers of the step to those who wait for one.
    pub(super) fn fill(&mut self, step: u16) {
        while self.has_worker(step) {
            let node = &mut self.state.steps[step as usize];
            if let Some(returning) = node.returning.pop_front() {
                self.state.queued -= 1;
                self.go_on(step, returning);
            } else if let Some(next) = node.queue.pop_front() {
                self.state.queued -= 1;
                self.order(step, next.given, next.batch, next.line);
            } else {
                return;
            }
        }
    }

    /// The execution, while it has not ended.
    pub(super) fn running(&mut self, invocation: InvocationId) -> Option<&mut Running<E>> {
        self.state.running.get_mut(invocation.slot).filter(|running| running.number == invocation.number)
    }

    /// Ends an execution, with the waits that it has left open.
    #[inline]
    pub(super) fn end(&mut self, invocation: InvocationId) -> Option<Running<E>> {
        if self.running(invocation)?.phase == Phase::Active {
            self.state.active -= 1;
        } else {
            self.forget(invocation);
        }
        self.state.running.remove(invocation.slot)
    }

    /// The same for one that has returned: what it was given, and what it did, is not asked for any more.
    #[inline]
    pub(super) fn end_returned(&mut self, invocation: InvocationId) -> Option<Ended> {
        let running = self.running(invocation)?;
        let ended = Ended {
            step: running.step,
            phase: running.phase,
            batch: running.batch,
            line: std::mem::take(&mut running.line),
        };
        if ended.phase == Phase::Active {
            self.state.active -= 1;
        } else {
            self.forget(invocation);
        }
        self.state.running.clear(invocation.slot);
        Some(ended)
    }

    /// Notes something in the history of an execution, where it is kept; gives the line of its events.
    pub(super) fn note(&mut self, invocation: InvocationId, what: impl FnOnce(&mut History<E>)) -> Line {
        let resumable = self.resumable;
        match self.running(invocation) {
            Some(running) => {
                if resumable {
                    what(running.history.get_or_insert_default());
                }
                running.line.clone()
            }
            None => Line::default(),
        }
    }
}

impl<E: Clone> Running<E> {
    /// The order to start it once more.
    pub(super) fn again(&self, invocation: InvocationId, now: Duration) -> Option<Output<E>> {
        let attempt = match &self.tries {
            Some(tries) => Attempt {
                number: tries.failures + 1,
                elapsed: now.saturating_sub(self.began),
                last_error: Some(tries.last_error.clone()),
            },
            None => Attempt::FIRST,
        };
        let is_new = self.tries.is_none() && self.history.is_none();
        let history = self.history.as_deref().cloned().unwrap_or_default();
        let again = (!is_new).then(|| Box::new(Again { attempt, history }));
        let given = self.given.clone()?;
        Some(Output::RunStep { invocation, step: self.step, given, again })
    }
}

impl<E> Returning<E> {
    pub(super) fn invocation(&self) -> InvocationId {
        match self {
            Self::Start(invocation) | Self::Wake { invocation, .. } => *invocation,
        }
    }
}
