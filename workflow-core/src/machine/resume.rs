//! Resume: a run goes on from its state.

use std::time::Duration;

use super::run::Machine;
use super::state::{Awaited, Due, Phase, Returning};
use super::{InvocationId, Output, Plan, State, Token, Waited};

impl<E: Token> Machine<E> {
    /// Goes on from a state of a [`resumable`](Machine::resumable) run at the time `now`, counted from the
    /// run's start: first the steps that were running are ordered again, oldest first, then come the orders
    /// that had not been asked for. A step that waited starts again, as soon as it has a worker; what it
    /// had got is in its history. An event that it may want is kept for it until it waits again.
    #[must_use]
    pub fn resume(plan: &'static Plan, mut state: State<E>, now: Duration) -> Self {
        state.orders.retain(|order| {
            !matches!(order, Output::Wake { .. } | Output::Match { .. } | Output::MatchKept { .. })
        });
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
