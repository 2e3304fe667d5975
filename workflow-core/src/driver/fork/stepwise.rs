//! Stepwise: which delivery a run is at that is taken step by step, and which come after it.
//!
//! A delivery begins with a step's start or with the end of its wait, and ends with its end or its next wait.

use super::Fork;
use crate::Workflow;
use crate::driver::delivery::{Delivery, Gave};
use crate::machine::{Given, Input, InvocationId, Machine};

impl<W: Workflow> Fork<'_, W> {
    /// Notes that a step starts.
    pub(super) fn begin_delivery(
        &mut self,
        invocation: InvocationId,
        step: u16,
        attempt: u32,
        given: &Given<W::Event>,
    ) {
        if self.core.is_stepwise() {
            self.current = Some(Delivery::of::<W>(invocation.number, step, attempt, given));
        }
        if self.is_whole {
            self.going.insert(invocation);
        }
    }

    /// Notes that a step goes on which has waited.
    pub(super) fn wake_delivery(
        &mut self,
        machine: &Machine<W::Event>,
        invocation: InvocationId,
        step: u16,
        event: Option<&W::Event>,
    ) {
        self.going.insert(invocation);
        if self.core.is_stepwise() {
            let attempt = self.attempt(machine, invocation);
            self.current = Some(Delivery::woken::<W>(invocation.number, step, attempt, event));
        }
    }

    /// Notes that a step begins to wait.
    pub(super) fn rest_delivery(&mut self, invocation: InvocationId, event: u16) {
        self.going.remove(&invocation);
        if let Some(delivery) = self.take_current(invocation) {
            self.come_to_an_end(delivery, Gave::Waits(W::graph().event_name(event)));
        }
    }

    /// Whether a stepwise run has come to the end of a delivery that the caller has not seen.
    pub(super) fn is_at_rest(&self) -> bool {
        let core = self.core;
        self.is_whole
            && core.is_stepwise()
            && core.if_rest(|rest| !rest.deliveries.is_empty()).unwrap_or(false)
    }

    /// Whether a stepwise run has a delivery to bring to its end: if need be the oldest of those that began
    /// before it was taken step by step.
    pub(super) fn is_at_a_delivery(&mut self, machine: &Machine<W::Event>) -> bool {
        if self.current.is_none() {
            let oldest = self.going.first().copied();
            self.current = oldest.map(|oldest| self.delivery(machine, oldest));
        }
        self.current.is_some()
    }

    /// The delivery that an execution is at, of which nobody has taken note.
    fn delivery(&self, machine: &Machine<W::Event>, invocation: InvocationId) -> Delivery {
        let (step, attempt) = (machine.step(invocation).unwrap_or(0), self.attempt(machine, invocation));
        match machine.began_with(invocation) {
            Some(given) => Delivery::of::<W>(invocation.number, step, attempt, given),
            None => Delivery::woken::<W>(invocation.number, step, attempt, None),
        }
    }

    fn attempt(&self, machine: &Machine<W::Event>, invocation: InvocationId) -> u32 {
        machine.tries(invocation, self.driver.now()).0 + 1
    }

    pub(super) fn end_delivery(
        &mut self,
        machine: &Machine<W::Event>,
        invocation: InvocationId,
        fact: &Input<W::Event>,
    ) {
        self.going.remove(&invocation);
        let current = self.take_current(invocation);
        if self.core.is_stepwise() {
            let delivery = current.unwrap_or_else(|| self.delivery(machine, invocation));
            self.come_to_an_end(delivery, Gave::of::<W>(fact));
        }
    }

    fn take_current(&mut self, invocation: InvocationId) -> Option<Delivery> {
        self.current.take_if(|current| current.invocation == invocation.number)
    }

    fn come_to_an_end(&self, delivery: Delivery, gave: Gave) {
        let core = self.core;
        if core.is_stepwise() {
            core.with_rest(|rest| rest.deliveries.push_back(Delivery { gave, ..delivery }));
        }
    }

    /// Whether the step of the delivery that a stepwise run is at does nothing but wait again, for what it
    /// waited for before.
    pub(super) fn waits_again(&mut self) -> bool {
        let core = self.core;
        if !self.is_whole {
            return false;
        }
        let waits_for =
            |current: &Delivery| core.with_waiting(|waiting| waiting.only_waits_for(current.invocation));
        let Some(event) = self.current.as_ref().and_then(waits_for) else {
            return false;
        };
        if let Some(delivery) = self.current.take() {
            self.going.retain(|going| going.number != delivery.invocation);
            self.come_to_an_end(delivery, Gave::Waits(W::graph().event_name(event)));
        }
        true
    }
}
