//! The machine itself: facts in, orders out, and where each event goes.

use std::collections::VecDeque;
use std::time::Duration;

use super::plan::Taker;
use super::state::{BatchId, Held, Line, Phase, Running};
use super::{Given, Input, InvocationId, Outcome, Output, Plan, Stalled, State, Token};
use crate::Emission;
use crate::graph::{Role, Takes};

/// One run: [`Machine::handle_input`] takes a fact, [`Machine::poll_output`] gives the orders that follow.
///
/// Every call is amortised O(1) in the number of events, but for an event that many waits may want; nothing
/// is copied but an event with several takers.
#[derive(Clone, Debug)]
pub struct Machine<E> {
    pub(super) plan: &'static Plan,
    pub(super) state: State<E>,
    /// The time of the last fact.
    pub(super) now: Duration,
    /// Whether the state keeps what running steps were given, so that they can start again.
    pub(super) resumable: bool,
}

impl<E: Token> Machine<E> {
    /// A run that has not started. The input of running steps is not kept: its state does not resume.
    #[must_use]
    pub fn new(plan: &'static Plan) -> Self {
        Self { plan, state: State::new(plan), now: Duration::ZERO, resumable: false }
    }

    /// A run whose [`State`] can be resumed: running steps leave a copy of what they were given.
    #[must_use]
    pub fn resumable(plan: &'static Plan) -> Self {
        Self { resumable: true, ..Self::new(plan) }
    }

    /// The workflow.
    #[cfg(feature = "runtime")]
    pub(crate) fn graph(&self) -> &'static crate::graph::Graph {
        self.plan.graph
    }

    /// The state, to be written down.
    #[must_use]
    pub fn state(&self) -> &State<E> {
        &self.state
    }

    /// When the run times out, counted from its start.
    pub fn set_deadline(&mut self, deadline: Option<Duration>) {
        self.state.deadline = deadline;
    }

    /// When the run times out, counted from its start.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.state.deadline
    }

    /// Takes one fact; `now` is the time since the run's start. A fact that comes after the run is over,
    /// or about an execution that is unknown, is ignored.
    pub fn handle_input(&mut self, now: Duration, input: Input<E>) {
        if self.state.over {
            return;
        }
        self.now = now;
        self.state.started = true;
        self.state.waits_are_all = matches!(input, Input::WaitsAreAll);
        match input {
            Input::Started { event } | Input::Received { event } => {
                self.hand_out(event, None, &Line::default());
            }
            Input::StepSent { invocation, event } => {
                let line = self.note(invocation, |history| history.sent += 1);
                self.deliver(event, None, &line);
            }
            Input::StepPublished { invocation, event } => {
                self.note(invocation, |history| history.published += 1);
                self.state.orders.push_back(Output::Publish { event });
            }
            Input::StepReturned { invocation, emission } => self.route_returned(invocation, emission),
            Input::StepFailed { invocation, error, again } => self.step_failed(invocation, error, again),
            Input::StepWaits { invocation, wait, index, event, timeout } => {
                self.step_waits(invocation, wait, index, event, timeout);
            }
            Input::WaitDropped { invocation, step, index, wait, unread } => {
                self.drop_wait(invocation, step, index, wait, unread);
            }
            Input::Matched { offer, waits } => self.matched(offer, &waits),
            Input::MatchedKept { wait, taken } => self.matched_kept(wait, taken),
            Input::WaitsAreAll => (),
            Input::TimePassed => self.time_passed(),
            Input::Cancelled => self.finish(Outcome::Cancelled),
        }
    }

    /// The same as [`Input::StepReturned`], which is by far the most frequent fact.
    #[inline]
    pub fn returned(&mut self, now: Duration, invocation: InvocationId, emission: Emission<E>) {
        if !self.state.over {
            self.now = now;
            self.state.waits_are_all = false;
            self.route_returned(invocation, emission);
        }
    }

    /// The next order. After [`Output::Finish`] it only says [`Output::Wait`].
    #[inline]
    pub fn poll_output(&mut self) -> Output<E> {
        match self.state.orders.pop_front() {
            Some(Output::Match { offer, .. }) => self.up_to_date(offer),
            Some(order) => order,
            None => self.poll_at_rest(),
        }
    }

    /// The next order where none is due yet.
    fn poll_at_rest(&mut self) -> Output<E> {
        loop {
            if let Some(order) = self.state.orders.pop_front() {
                return order;
            }
            let may_go_on = !self.state.waits.is_empty() && !self.state.waits_are_all;
            if self.is_busy() || may_go_on || self.state.over || !self.state.started {
                return self.wait();
            }
            if !self.settle_oldest() {
                if self.plan.receives {
                    return self.wait();
                }
                let stalled = Stalled::of(self.plan, &self.state);
                self.finish(Outcome::Stalled(stalled));
            }
        }
    }

    /// Whether an execution runs, is due at a later time or waits for a worker; a step that waits for an
    /// event does not count, unless its wait ends by itself.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.state.active > 0
            || self.state.queued > 0
            || !self.state.timers.is_empty()
            || !self.state.offers.is_empty()
    }

    /// Whether anything has happened.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.state.started
    }

    /// Whether the run has ended: what is left to order is that end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state.over
    }

    /// Whether a step waits for an event.
    #[must_use]
    pub fn has_waits(&self) -> bool {
        !self.state.waits.is_empty()
    }

    /// Whether [`Input::WaitsAreAll`] was the last fact.
    #[must_use]
    pub fn knows_that_waits_are_all(&self) -> bool {
        self.state.waits_are_all
    }

    /// Whether one execution runs and nothing else is left to do.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.state.running.len() == 1
            && self.state.active == 1
            && self.state.queued == 0
            && self.state.orders.is_empty()
            && self.state.timers.is_empty()
    }

    /// Tells of a stretch that ran outside, in which each step gave one event to one taker: `invocation`,
    /// if it was ordered here, has gone on to `step`, whose execution has the number `number`.
    ///
    /// What is said of it from now on is said of the id returned.
    pub fn went_on(&mut self, invocation: Option<InvocationId>, step: u16, number: u64) -> InvocationId {
        if let Some(same) = invocation.filter(|invocation| invocation.number == number) {
            return same;
        }
        let ended = invocation.and_then(|id| self.end(id));
        let (batch, line) = match ended {
            Some(ended) => {
                self.state.steps[ended.step as usize].running -= 1;
                (ended.batch, ended.line)
            }
            None => (None, Line::default()),
        };
        self.state.started = true;
        self.state.next_invocation = self.state.next_invocation.max(number + 1);
        self.state.steps[step as usize].running += 1;
        self.state.active += 1;
        self.ran(step);
        let slot = self.state.running.insert(Running::new(number, step, self.now, batch, line));
        InvocationId { number, slot }
    }

    /// Tells of a step that it ran in such a stretch.
    pub fn ran(&mut self, step: u16) {
        self.state.steps[step as usize].ran = true;
    }

    /// Takes out of the orders those to publish something: a caller who stops between two orders may see them
    /// at once.
    pub fn take_published(&mut self) -> Vec<E> {
        let mut published = Vec::new();
        let orders = std::mem::take(&mut self.state.orders);
        for order in orders {
            match order {
                Output::Publish { event } => published.push(event),
                order => self.state.orders.push_back(order),
            }
        }
        published
    }

    /// What the execution began with, unless it has waited since: then it went on from there.
    #[must_use]
    pub fn began_with(&self, invocation: InvocationId) -> Option<&Given<E>> {
        let running = self.known(invocation)?;
        let has_waited = running.history.as_ref().is_some_and(|history| !history.waits.is_empty());
        running.given.as_ref().filter(|_| !has_waited)
    }

    fn known(&self, invocation: InvocationId) -> Option<&Running<E>> {
        self.state.running.get(invocation.slot).filter(|running| running.number == invocation.number)
    }

    /// The steps that have begun and not ended, in the order in which they started.
    #[must_use]
    pub fn running_steps(&self) -> Vec<u16> {
        let mut running: Vec<_> =
            self.state.running.iter().map(|(_, running)| (running.number, running.step)).collect();
        running.sort_unstable();
        running.into_iter().map(|(_, step)| step).collect()
    }

    fn wait(&self) -> Output<E> {
        Output::Wait { until: self.until() }
    }

    /// When [`Input::TimePassed`] is due at the latest, counted from the run's start.
    #[must_use]
    pub fn until(&self) -> Option<Duration> {
        let first = self.state.timers.first().map(|timer| timer.at);
        let until = [self.state.deadline, first].into_iter().flatten().min();
        until.filter(|_| !self.state.over)
    }

    pub(super) fn finish(&mut self, outcome: Outcome<E>) {
        let mut orders: VecDeque<_> = std::mem::take(&mut self.state.orders);
        orders.retain(|order| matches!(order, Output::Publish { .. }));
        orders.push_back(Output::Finish(outcome));
        self.state = State::new(self.plan);
        self.state.orders = orders;
        self.state.over = true;
    }

    #[inline]
    fn route_returned(&mut self, invocation: InvocationId, emission: Emission<E>) {
        self.will_not_wait(invocation);
        let Some(ended) = self.end_returned(invocation) else {
            return;
        };
        self.state.last_returned = Some(ended.step);
        match emission {
            Emission::One(event) => self.deliver(event, ended.batch, &ended.line),
            emission => self.route(emission, ended.batch, &ended.line),
        }
        if ended.phase == Phase::Active {
            self.free_worker(ended.step);
        }
        self.release(ended.batch);
    }

    fn time_passed(&mut self) {
        if self.state.deadline.is_some_and(|deadline| self.now >= deadline) {
            let running = self.running_steps();
            return self.finish(Outcome::TimedOut { running });
        }
        self.fire_timers();
    }

    fn route(&mut self, emission: Emission<E>, batch: Option<BatchId>, line: &Line) {
        match emission {
            Emission::None => (),
            Emission::One(event) => self.deliver(event, batch, line),
            Emission::All(parts) => {
                for part in parts {
                    if self.state.over {
                        return;
                    }
                    self.route(part, batch, line);
                }
            }
            Emission::Many(events, members) => self.open_batch(events, &members, batch, line),
        }
    }

    /// An event that a step has emitted: it may end the run, and the caller may want to see it.
    #[inline(always)]
    pub(super) fn deliver(&mut self, event: E, batch: Option<BatchId>, line: &Line) {
        match self.plan.routes[event.kind() as usize] {
            Some(taker) => self.hand_to(taker, event, batch, line),
            None => self.deliver_to_all(event, batch, line),
        }
    }

    fn deliver_to_all(&mut self, event: E, batch: Option<BatchId>, line: &Line) {
        let kind = event.kind() as usize;
        let node = &self.plan.graph.events[kind];
        if matches!(node.role, Role::Stop) {
            return self.finish(Outcome::Stopped(event));
        }
        if node.published {
            if self.plan.takers[kind].is_empty() && !self.plan.waited[kind] {
                return self.state.orders.push_back(Output::Publish { event });
            }
            self.state.orders.push_back(Output::Publish { event: event.clone() });
        }
        self.hand_out(event, batch, line);
    }

    /// Hands an event to those who want it: to waits first, where there are any.
    fn hand_out(&mut self, event: E, batch: Option<BatchId>, line: &Line) {
        if self.plan.waited[event.kind() as usize] {
            return self.offer(event, batch, line);
        }
        self.hand_to_takers(event, batch, line, |_| true);
    }

    /// Hands an event to all its takers in declaration order, but for the steps that have had it; the last
    /// one gets the original.
    pub(super) fn hand_to_takers(
        &mut self,
        event: E,
        batch: Option<BatchId>,
        line: &Line,
        wants: impl Fn(u16) -> bool,
    ) {
        let plan = self.plan;
        let mut takers =
            plan.takers[event.kind() as usize].iter().filter(|taker| wants(taker.step())).peekable();
        while let Some(taker) = takers.next() {
            if takers.peek().is_none() {
                return self.hand_to(*taker, event, batch, line);
            }
            self.hand_to(*taker, event.clone(), batch, line);
        }
    }

    #[inline(always)]
    fn hand_to(&mut self, taker: Taker, event: E, batch: Option<BatchId>, line: &Line) {
        if self.state.over {
            return;
        }
        match taker {
            Taker::Start(step) => {
                self.keep(batch);
                self.begin(step, Given::One(event), batch, line.clone());
            }
            Taker::Join { step, slot } => self.hold(step, slot, event, batch, line.clone()),
            Taker::Gather(step) => self.gather(step, event, batch, line),
        }
    }

    /// Puts an event into a join, and fires the join when it was the last one that lacked.
    fn hold(&mut self, step: u16, slot: u16, event: E, batch: Option<BatchId>, line: Line) {
        let batch = self.open_ancestor(batch);
        self.note_held(step, batch);
        let node = &mut self.state.steps[step as usize];
        let held = &mut node.held[slot as usize];
        held.push_back(Held { event, batch, line });
        if held.len() == self.plan.slots[step as usize][slot as usize].needs {
            node.lacking -= 1;
        }
        if node.lacking == 0 {
            self.fire_join(step);
        }
    }

    fn fire_join(&mut self, step: u16) {
        let plan = self.plan;
        let Takes::Join(parameters) = plan.graph.steps[step as usize].takes else {
            return;
        };
        let slots = &plan.slots[step as usize];
        let mut events = Vec::with_capacity(parameters.len());
        let mut batches = Vec::with_capacity(parameters.len());
        let mut line = Line::default();
        let node = &mut self.state.steps[step as usize];
        for parameter in parameters {
            let slot = slots.iter().position(|slot| slot.event == *parameter);
            let oldest = slot.and_then(|slot| node.held[slot].pop_front());
            let Some(held) = oldest else {
                return; // Every slot holds what it needs, or the join would not fire.
            };
            events.push(held.event);
            batches.push(held.batch);
            line.join(&held.line);
        }
        node.lacking = slots.iter().zip(&node.held).filter(|(slot, held)| held.len() < slot.needs).count();
        let deepest = self.deepest(&batches);
        self.keep(deepest);
        self.begin(step, Given::Several(events), deepest, line);
        for batch in batches {
            self.let_go(step, batch);
        }
    }
}
