//! Resume: a run goes on from its state.
//!
//! A [`State`] is what a new driver needs; a [`Checkpoint`] is the machine itself, for facts that come after it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::run::Machine;
use super::state::{Awaited, Due, Phase, Returning, Wait};
#[cfg(feature = "runtime")]
use super::{Again, Attempt, History};
use super::{InvocationId, Output, Plan, State, Token, Waited};

/// A machine that was written down between two facts. One that is [restored](Machine::restore) takes the next
/// fact as it would have.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Checkpoint<E> {
    now: Duration,
    state: State<E>,
    waits: BTreeMap<u64, Wait>,
    awaited: BTreeSet<Awaited>,
}

impl<E: Token> Machine<E> {
    /// The machine, to be written down.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint<E> {
        let (waits, awaited) = (self.state.waits.clone(), self.state.awaited.clone());
        Checkpoint { now: self.now, state: self.state.clone(), waits, awaited }
    }

    /// The machine that was written down; `None` when it is not one of this workflow.
    #[must_use]
    pub fn restore(plan: &'static Plan, checkpoint: Checkpoint<E>) -> Option<Self> {
        let Checkpoint { now, state, waits, awaited } = checkpoint;
        let state = State { waits, awaited, ..state };
        state.fits(plan).then_some(Self { plan, state, now, resumable: true })
    }

    /// The same as [`Machine::resume`], in place.
    pub fn start_again(&mut self, now: Duration) {
        let state = std::mem::replace(&mut self.state, State::new(self.plan));
        *self = Self::resume(self.plan, state, now);
    }

    /// Goes on from a state of a [`resumable`](Machine::resumable) run at the time `now`, counted from the
    /// run's start: first the steps that were running are ordered again, oldest first, then come the orders
    /// that had not been asked for. A step that waited starts again, as soon as it has a worker; what it
    /// had got is in its history. An event that it may want is kept for it until it waits again.
    #[must_use]
    pub fn resume(plan: &'static Plan, mut state: State<E>, now: Duration) -> Self {
        state.orders.retain(|order| {
            !matches!(order, Output::Wake { .. } | Output::Match { .. } | Output::MatchKept { .. })
        });
        state.waits.clear();
        state.awaited.clear();
        state.timers.retain(|timer| matches!(timer.due, Due::Retry(_)));
        for step in &mut state.steps {
            let before = step.returning.len();
            step.returning.retain(|returning| matches!(returning, Returning::Start(_)));
            state.queued -= before - step.returning.len();
        }
        let offers = std::mem::take(&mut state.offers);
        let mut machine = Self { plan, state, now, resumable: true };
        machine.expect_open_waits();
        machine.order_what_ran();
        machine.begin_what_waited();
        for offer in offers {
            machine.offer(offer.event, offer.batch, &offer.line);
            machine.release(offer.batch);
        }
        machine
    }

    /// The executions that have begun and not ended, each with the order to go on with it, oldest first.
    #[cfg(feature = "runtime")]
    pub(crate) fn under_way(&self) -> Vec<Output<E>> {
        let going = self.state.running.iter().filter(|(_, running)| running.phase != Phase::BetweenTries);
        let mut going: Vec<_> = going
            .filter_map(|(slot, running)| {
                let mut order = running.again(InvocationId { number: running.number, slot }, self.now)?;
                if let Output::RunStep { again, .. } = &mut order {
                    again.get_or_insert_with(|| {
                        Box::new(Again { attempt: Attempt::FIRST, history: History::default() })
                    });
                }
                Some((running.number, order))
            })
            .collect();
        going.sort_by_key(|(number, _)| *number);
        going.into_iter().map(|(_, order)| order).collect()
    }

    /// The waits that are open: the name, the execution and the event of each.
    #[cfg(feature = "runtime")]
    pub(crate) fn open_waits(&self) -> impl Iterator<Item = (u64, InvocationId, u16)> {
        self.state.waits.iter().map(|(name, wait)| (*name, wait.invocation, wait.event))
    }

    fn expect_open_waits(&mut self) {
        for (slot, running) in self.state.running.iter() {
            let invocation = InvocationId { number: running.number, slot };
            let waits = running.history.iter().flat_map(|history| &history.waits);
            for (index, wait) in (0..).zip(waits) {
                if let Waited::Open { event, .. } = wait {
                    self.state.awaited.insert(Awaited { event: *event, invocation, index });
                }
            }
        }
    }

    fn order_what_ran(&mut self) {
        let number = |order: &Output<E>| match order {
            Output::RunStep { invocation, .. } => Some(invocation.number),
            _ => None,
        };
        let to_give: Vec<u64> = self.state.orders.iter().filter_map(number).collect();
        let ran = self.state.running.iter().filter(|(_, running)| running.phase == Phase::Active);
        let ran = ran.filter(|(_, running)| !to_give.contains(&running.number));
        let mut again: Vec<_> = ran
            .filter_map(|(slot, running)| {
                running.again(InvocationId { number: running.number, slot }, self.now)
            })
            .collect();
        again.sort_by_key(number);
        for order in again.into_iter().rev() {
            self.state.orders.push_front(order);
        }
    }

    fn begin_what_waited(&mut self) {
        let waited =
            self.state.running.iter().filter(|(_, running)| matches!(running.phase, Phase::Waiting(_)));
        let mut waited: Vec<_> = waited
            .map(|(slot, running)| (InvocationId { number: running.number, slot }, running.step))
            .collect();
        waited.sort_unstable();
        for (invocation, step) in waited {
            if let Some(running) = self.running(invocation) {
                running.phase = Phase::BetweenTries;
            }
            self.come_back(step, Returning::Start(invocation));
        }
    }
}
