//! Waits: a step that waits for an event in its middle, and the event that comes before or after.
//!
//! Whether a wait wants an event is a question to the step, which only the driver can ask: the machine
//! orders it to, and goes on with the answer.

use std::collections::VecDeque;
use std::time::Duration;

use super::run::Machine;
use super::state::{Awaited, BatchId, Due, Kept, Line, Offer, Phase, Returning, Timer, Wait};
use super::{InvocationId, Output, Token, Waited};

impl<E: Token> Machine<E> {
    /// The event of an [`Output::Match`].
    #[must_use]
    pub fn offered(&self, offer: u64) -> Option<&E> {
        self.state.offers.iter().find(|known| known.number == offer).map(|offer| &offer.event)
    }

    /// The events of an [`Output::MatchKept`], the oldest first.
    pub fn kept(&self, wait: u64) -> impl Iterator<Item = &E> {
        let kind = self.state.waits.get(&wait).map(|wait| wait.event);
        let place = kind.and_then(|kind| self.state.kept_at(kind).ok());
        place.into_iter().flat_map(|place| &self.state.kept[place].events).map(|(event, _)| event)
    }

    /// Whether a lone execution may wait for an event outside: no event is kept, and no batch closes because
    /// nothing else goes on.
    #[cfg(feature = "runtime")]
    pub(crate) fn is_bare(&self) -> bool {
        self.state.kept.is_empty() && self.state.settled.is_empty() && self.state.offers.is_empty()
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
        let running = self.running(invocation).filter(|running| running.phase != Phase::BetweenTries);
        let Some(running) = running else {
            return;
        };
        let step = running.step;
        let mut until = timeout.map(|timeout| now.saturating_add(timeout));
        if resumable {
            let waits = &mut running.history.get_or_insert_default().waits;
            match waits.get(index as usize) {
                // It had begun before the run was written down; its time goes on.
                Some(Waited::Open { until: before, .. }) => until = *before,
                Some(Waited::Dropped) => waits[index as usize] = Waited::Open { event, until },
                Some(Waited::Got(_) | Waited::TimedOut) => return,
                None => waits.push(Waited::Open { event, until }),
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
        if self.state.kept_at(event).is_ok() {
            self.state.orders.push_back(Output::MatchKept { wait });
        }
        if was_active {
            self.state.active -= 1;
            self.free_worker(step);
        }
        self.no_longer_awaited(|awaited| awaited.invocation == invocation && awaited.index == index);
    }

    /// The execution has ended, or begins a new try: it will not begin again the waits of the last one.
    #[inline]
    pub(super) fn will_not_wait(&mut self, invocation: InvocationId) {
        if !self.state.awaited.is_empty() {
            self.no_longer_awaited(|awaited| awaited.invocation == invocation);
        }
    }

    /// Offers what came while such waits had not begun again, unless it has to wait for others still.
    #[cold]
    fn no_longer_awaited(&mut self, such: impl Fn(&Awaited) -> bool) {
        let begun: Vec<Awaited> =
            self.state.awaited.iter().filter(|awaited| such(awaited)).copied().collect();
        for awaited in begun {
            self.state.awaited.remove(&awaited);
            if self.is_awaited(awaited.event) {
                continue;
            }
            let (ready, others) =
                self.state.offers.drain(..).partition(|offer| offer.event.kind() == awaited.event);
            self.state.offers = others;
            let ready: VecDeque<Offer<E>> = ready;
            for offer in ready {
                self.offer(offer.event, offer.batch, &offer.line);
                self.release(offer.batch);
            }
        }
    }

    fn is_awaited(&self, event: u16) -> bool {
        self.state.awaited.iter().any(|awaited| awaited.event == event)
    }

    /// Offers an event to those who wait for it; without any, it goes to the steps that take it.
    pub(super) fn offer(&mut self, event: E, batch: Option<BatchId>, line: &Line) {
        let kind = event.kind();
        let is_awaited = self.is_awaited(kind);
        if !is_awaited && self.state.waits.values().all(|wait| wait.event != kind) {
            return self.pass_on(event, batch, line, &[]);
        }
        self.keep(batch);
        let number = self.state.next_offer;
        self.state.next_offer += 1;
        self.state.offers.push_back(Offer { number, event, batch, line: line.clone() });
        if !is_awaited {
            self.state.orders.push_back(Output::Match { offer: number, waits: Vec::new() });
        }
    }

    /// The order to offer an event, as it is to be carried out now: to whom is known only when its turn comes,
    /// because the one before it may have ended a wait.
    pub(super) fn up_to_date(&self, offer: u64) -> Output<E> {
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
            let place = self.state.kept_at(kind).unwrap_or_else(|place| {
                self.state.kept.insert(place, Kept { kind, events: VecDeque::new() });
                place
            });
            self.state.kept[place].events.push_back((event, line.clone()));
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
                self.end_wait(*name, Some((event.clone(), line.clone())));
            }
        }
        self.pass_on(event, batch, &line, &served);
        self.release(batch);
    }

    pub(super) fn matched_kept(&mut self, wait: u64, taken: Option<u32>) {
        let Some(kind) = self.state.waits.get(&wait).map(|wait| wait.event) else {
            return;
        };
        let Ok(place) = self.state.kept_at(kind) else {
            return;
        };
        let kept = &mut self.state.kept[place].events;
        let event = taken.and_then(|place| kept.remove(place as usize));
        if kept.is_empty() {
            self.state.kept.remove(place);
        }
        if event.is_some() {
            self.end_wait(wait, event);
        }
    }

    /// The wait is over: by the event, from whose line of events too the step goes on, or by its time.
    pub(super) fn end_wait(&mut self, name: u64, event: Option<(E, Line)>) {
        let Some(wait) = self.remove_wait(name) else {
            return;
        };
        let resumable = self.resumable;
        let Some(running) = self.running(wait.invocation) else {
            return;
        };
        let event = event.map(|(event, line)| {
            running.line.join(&line);
            event
        });
        if resumable {
            let waits = &mut running.history.get_or_insert_default().waits;
            if let Some(open) = waits.get_mut(wait.index as usize) {
                *open = event.clone().map_or(Waited::TimedOut, Waited::Got);
            }
        }
        let Wait { invocation, step, .. } = wait;
        match &mut running.phase {
            Phase::Waiting(1) => {
                return self.come_back(step, Returning::Wake { wait: name, invocation, event });
            }
            Phase::Waiting(others) => *others -= 1,
            Phase::Active | Phase::BetweenTries => (),
        }
        self.state.orders.push_back(Output::Wake { invocation, step, wait: name, event });
    }

    /// The step does not wait any more. What had come for it and was not seen goes to the next wait, or to
    /// the step, or is kept; the other steps that take such an event have had it.
    pub(super) fn drop_wait(
        &mut self,
        invocation: InvocationId,
        step: u16,
        index: u32,
        name: u64,
        unread: Option<E>,
    ) {
        if unread.is_some() || self.state.waits.contains_key(&name) {
            let history = self.running(invocation).and_then(|running| running.history.as_mut());
            if let Some(dropped) = history.and_then(|history| history.waits.get_mut(index as usize)) {
                *dropped = Waited::Dropped;
            }
        }
        if let Some(wait) = self.remove_wait(name) {
            return self.go_on_without(wait.invocation, step);
        }
        let Some(event) = unread.or_else(|| self.take_back(step, name)) else {
            return;
        };
        let takers = &self.plan.takers[event.kind() as usize];
        if takers.is_empty() {
            self.offer(event, None, &Line::default());
        } else {
            self.hand_to_takers(event, None, &Line::default(), |taker| taker == step);
        }
    }

    /// An execution waits for one event less; when that was the last one it is running, whether or not a
    /// worker is free.
    fn go_on_without(&mut self, invocation: InvocationId, step: u16) {
        let Some(running) = self.running(invocation) else {
            return;
        };
        match running.phase {
            Phase::Waiting(others) if others > 1 => running.phase = Phase::Waiting(others - 1),
            Phase::Waiting(_) => {
                running.phase = Phase::Active;
                self.state.active += 1;
                self.state.steps[step as usize].running += 1;
            }
            Phase::Active | Phase::BetweenTries => (),
        }
    }

    /// What a wait got that is over, while its step does not know.
    fn take_back(&mut self, step: u16, name: u64) -> Option<E> {
        let returning = &mut self.state.steps[step as usize].returning;
        let place = returning
            .iter()
            .position(|returning| matches!(returning, Returning::Wake { wait, .. } if *wait == name));
        if let Some(Returning::Wake { invocation, event, .. }) = place.and_then(|at| returning.remove(at)) {
            self.state.queued -= 1;
            self.go_on_without(invocation, step);
            return event;
        }
        let orders = &mut self.state.orders;
        let place =
            orders.iter().position(|order| matches!(order, Output::Wake { wait, .. } if *wait == name));
        match place.and_then(|at| orders.remove(at)) {
            Some(Output::Wake { event, .. }) => event,
            _ => None,
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
