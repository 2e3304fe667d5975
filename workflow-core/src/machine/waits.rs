//! Waits: a step that waits for an event in its middle, and the event that comes before or after.
//!
//! Whether a wait wants an event is a question to the step, which only the driver can ask: the machine
//! orders it to, and goes on with the answer.

use std::time::Duration;

use super::run::Machine;
use super::state::{BatchId, Due, Line, Offer, Phase, Returning, Timer, Wait};
use super::{InvocationId, Output, Token, Waited};

impl<E: Token> Machine<E> {
    /// The event of an [`Output::Match`].
    #[must_use]
    pub fn offered(&self, offer: u64) -> Option<&E> {
        self.state.offers.iter().find(|known| known.number == offer).map(|offer| &offer.event)
    }

    /// The events of an [`Output::MatchKept`], the oldest first.
    pub fn kept(&self, wait: u64) -> impl Iterator<Item = &E> {
        let event = self.state.waits.get(&wait).map(|wait| wait.event);
        event.and_then(|event| self.state.kept.get(&event)).into_iter().flatten()
    }

    pub(super) fn step_waits(
        &mut self,
        invocation: InvocationId,
        wait: u64,
        index: u32,
        event: u16,
        timeout: Option<Duration>,
    ) {
        let (now, resumable) = (self.now, self.resumable);
        let Some(running) = self.running(invocation) else {
            return;
        };
        let step = running.step;
        let mut until = timeout.map(|timeout| now.saturating_add(timeout));
        if resumable {
            let waits = &mut running.history.get_or_insert_default().waits;
            match waits.get(index as usize) {
                // It had begun before the run was written down; its time goes on.
                Some(Waited::Open(before)) => until = *before,
                Some(_) => return,
                None => waits.push(Waited::Open(until)),
            }
        }
        let was_active = running.phase == Phase::Active;
        running.phase = match running.phase {
            Phase::Waiting(others) => Phase::Waiting(others + 1),
            Phase::Active | Phase::BetweenTries => Phase::Waiting(1),
        };
        self.state.waits.insert(wait, Wait { invocation, step, index, event, until });
        if let Some(at) = until {
            self.state.timers.insert(Timer { at, due: Due::Wait(wait) });
        }
        if self.state.kept.contains_key(&event) {
            self.state.orders.push_back(Output::MatchKept { wait });
        }
        if was_active {
            self.state.active -= 1;
            self.free_worker(step);
        }
    }

    /// Offers an event to those who wait for it; without any, it goes to the steps that take it.
    pub(super) fn offer(&mut self, event: E, batch: Option<BatchId>, line: &Line) {
        let kind = event.kind();
        if !self.state.waits.values().any(|wait| wait.event == kind) {
            return self.pass_on(event, batch, line, &[]);
        }
        self.keep(batch);
        let number = self.state.next_offer;
        self.state.next_offer += 1;
        self.state.offers.push_back(Offer { number, event, batch, line: line.clone() });
        self.state.orders.push_back(Output::Match { offer: number, waits: Vec::new() });
    }

    /// The order with the waits that there are by now: one that began after the event was offered may want it.
    pub(super) fn with_waits(&self, order: Output<E>) -> Output<E> {
        let Output::Match { offer, .. } = order else {
            return order;
        };
        let kind = self.offered(offer).map(Token::kind);
        let waits = self.state.waits.iter().filter(|(_, wait)| Some(wait.event) == kind);
        Output::Match { offer, waits: waits.map(|(name, wait)| (*name, wait.step)).collect() }
    }

    /// The event goes to the steps that take it and have not got it; where none takes it, it is kept.
    fn pass_on(&mut self, event: E, batch: Option<BatchId>, line: &Line, served: &[u16]) {
        let kind = event.kind();
        if !self.plan.takers[kind as usize].is_empty() {
            self.hand_to_takers(event, batch, line, |step| !served.contains(&step));
        } else if served.is_empty() {
            self.state.kept.entry(kind).or_default().push_back(event);
        }
    }

    pub(super) fn matched(&mut self, offer: u64, waits: &[u64]) {
        let Some(place) = self.state.offers.iter().position(|known| known.number == offer) else {
            return;
        };
        let Some(Offer { event, batch, line, .. }) = self.state.offers.remove(place) else {
            return;
        };
        let mut served = Vec::new();
        for name in waits {
            if let Some(wait) = self.state.waits.get(name)
                && !served.contains(&wait.step)
            {
                served.push(wait.step);
                self.end_wait(*name, Some(event.clone()));
            }
        }
        self.pass_on(event, batch, &line, &served);
        self.release(batch);
    }

    pub(super) fn matched_kept(&mut self, wait: u64, taken: Option<u32>) {
        let Some(kind) = self.state.waits.get(&wait).map(|wait| wait.event) else {
            return;
        };
        let Some(kept) = self.state.kept.get_mut(&kind) else {
            return;
        };
        let event = taken.and_then(|place| kept.remove(place as usize));
        if kept.is_empty() {
            self.state.kept.remove(&kind);
        }
        if event.is_some() {
            self.end_wait(wait, event);
        }
    }

    /// The wait is over: by the event, or by its time.
    pub(super) fn end_wait(&mut self, name: u64, event: Option<E>) {
        let Some(wait) = self.remove_wait(name) else {
            return;
        };
        let resumable = self.resumable;
        let Some(running) = self.running(wait.invocation) else {
            return;
        };
        if resumable {
            let waits = &mut running.history.get_or_insert_default().waits;
            if let Some(open) = waits.get_mut(wait.index as usize) {
                *open = event.clone().map_or(Waited::TimedOut, Waited::Got);
            }
        }
        match running.phase {
            Phase::Waiting(others) if others > 1 => {
                running.phase = Phase::Waiting(others - 1);
                let Wait { invocation, step, .. } = wait;
                self.state.orders.push_back(Output::Wake { invocation, step, wait: name, event });
            }
            _ => {
                let invocation = wait.invocation;
                self.come_back(wait.step, Returning::Wake { wait: name, invocation, event });
            }
        }
    }

    /// The step does not wait any more; it is running, whether or not a worker is free.
    pub(super) fn drop_wait(&mut self, name: u64) {
        let Some(wait) = self.remove_wait(name) else {
            return;
        };
        let Some(running) = self.running(wait.invocation) else {
            return;
        };
        match running.phase {
            Phase::Waiting(others) if others > 1 => running.phase = Phase::Waiting(others - 1),
            Phase::Waiting(_) => {
                running.phase = Phase::Active;
                self.state.active += 1;
                self.state.steps[wait.step as usize].running += 1;
            }
            Phase::Active | Phase::BetweenTries => (),
        }
    }

    /// Forgets what an execution waits for, which has ended or begins a new try.
    pub(super) fn forget(&mut self, invocation: InvocationId) {
        let open: Vec<u64> = self
            .state
            .waits
            .iter()
            .filter(|(_, wait)| wait.invocation == invocation)
            .map(|(name, _)| *name)
            .collect();
        for name in open {
            self.remove_wait(name);
        }
        if let Some(step) = self.running(invocation).map(|running| running.step) {
            let returning = &mut self.state.steps[step as usize].returning;
            let before = returning.len();
            returning.retain(|returning| returning.invocation() != invocation);
            self.state.queued -= before - returning.len();
        }
    }

    fn remove_wait(&mut self, name: u64) -> Option<Wait> {
        let wait = self.state.waits.remove(&name)?;
        if let Some(at) = wait.until {
            self.state.timers.remove(&Timer { at, due: Due::Wait(name) });
        }
        Some(wait)
    }
}
