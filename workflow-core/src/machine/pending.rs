//! Pending: what a run that goes on has in hand for executions that have not begun.

use super::{Given, Machine, Output, Token};

impl<E: Token> Machine<E> {
    /// The events that wait for a worker or in a join, each with its step, for each step the oldest first.
    pub(crate) fn pending(&self) -> Vec<(u16, u16)> {
        let mut pending = Vec::new();
        let mut note = |step: u16, given: &Given<E>| match given {
            Given::One(event) => pending.push((step, event.kind())),
            Given::Several(events) => pending.extend(events.iter().map(|event| (step, event.kind()))),
        };
        for order in &self.state.orders {
            if let Output::RunStep { step, given, again: None, .. } = order {
                note(*step, given);
            }
        }
        for (step, state) in (0..).zip(&self.state.steps) {
            state.queue.iter().for_each(|queued| note(step, &queued.given));
            let held = state.held.iter().flatten();
            held.for_each(|held| note(step, &Given::One(held.event.clone())));
        }
        pending
    }
}
