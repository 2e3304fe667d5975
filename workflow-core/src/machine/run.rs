//! The machine itself: facts in, orders out, workers and joins.

use std::collections::VecDeque;
use std::time::Duration;

use super::plan::Taker;
use super::state::{BatchId, Held, Queued, Running};
use super::{Given, Input, InvocationId, Outcome, Output, Plan, Stalled, State, Token};
use crate::Emission;
use crate::graph::{Role, Takes};

/// One run: [`Machine::handle_input`] takes a fact, [`Machine::poll_output`] gives the orders that follow.
///
/// Every call is amortised O(1) in the number of events; nothing is copied but an event with several takers.
#[derive(Clone, Debug)]
pub struct Machine<E> {
    pub(super) plan: &'static Plan,
    pub(super) state: State<E>,
    /// Whether the state keeps what running steps were given, so that they can start again.
    keep_given: bool,
}

impl<E: Token> Machine<E> {
    /// A run that has not started. The input of running steps is not kept: its state does not resume.
    #[must_use]
    pub fn new(plan: &'static Plan) -> Self {
        Self { plan, state: State::new(plan), keep_given: false }
    }

    /// A run whose [`State`] can be resumed: running steps leave a copy of what they were given.
    #[must_use]
    pub fn resumable(plan: &'static Plan) -> Self {
        Self { keep_given: true, ..Self::new(plan) }
    }

    /// Goes on from a state of a [`resumable`](Machine::resumable) run: first the steps that were running
    /// are ordered again, oldest first, then come the orders that had not been asked for.
    #[must_use]
    pub fn resume(plan: &'static Plan, mut state: State<E>) -> Self {
        let number = |order: &Output<E>| match order {
            Output::RunStep { invocation, .. } => Some(invocation.number),
            _ => None,
        };
        // Numbers rise along the orders, so all from this one on are still to be given.
        let still_to_give = state.orders.iter().find_map(number).unwrap_or(u64::MAX);
        let given_before = state.running.iter().filter(|(_, running)| running.number < still_to_give);
        let mut again: Vec<_> = given_before
            .filter_map(|(slot, running)| {
                let invocation = InvocationId { number: running.number, slot };
                running.given.clone().map(|given| Output::RunStep { invocation, step: running.step, given })
            })
            .collect();
        again.sort_by_key(number);
        for order in again.into_iter().rev() {
            state.orders.push_front(order);
        }
        Self { plan, state, keep_given: true }
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

    /// Takes one fact; `now` is the time since the run's start. A fact that comes after the run is over,
    /// or about an execution that is unknown, is ignored.
    pub fn handle_input(&mut self, now: Duration, input: Input<E>) {
        if self.state.over {
            return;
        }
        self.state.started = true;
        match input {
            Input::Started { event } | Input::Received { event } => self.hand_out(event, None),
            Input::StepSent { event } => self.deliver(event, None),
            Input::StepReturned { invocation, emission } => {
                let Some(ended) = self.end(invocation) else {
                    return;
                };
                self.state.last_returned = Some(ended.step);
                self.route(emission, ended.batch);
                self.free_worker(ended.step);
                self.release(ended.batch);
            }
            Input::StepFailed { invocation } => {
                if let Some(ended) = self.end(invocation) {
                    self.finish(Outcome::Failed { step: ended.step, invocation });
                }
            }
            Input::TimePassed => {
                if self.state.deadline.is_some_and(|deadline| now >= deadline) {
                    let running = self.running_steps();
                    self.finish(Outcome::TimedOut { running });
                }
            }
            Input::Cancelled => self.finish(Outcome::Cancelled),
        }
    }

    /// The next order. After [`Output::Finish`] it only says [`Output::Wait`].
    pub fn poll_output(&mut self) -> Output<E> {
        loop {
            if let Some(order) = self.state.orders.pop_front() {
                return order;
            }
            if self.is_busy() || self.state.over || !self.state.started {
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

    /// Whether an execution runs or waits for a worker.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.state.running.is_empty() || self.state.queued > 0
    }

    /// Whether one execution runs and nothing else is left to do.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.state.running.len() == 1 && self.state.queued == 0 && self.state.orders.is_empty()
    }

    /// Tells of a stretch that ran outside, in which each step gave one event to one taker: `invocation`,
    /// if it was ordered here, has gone on to `step`, whose execution has the number `number`.
    ///
    /// What is said of it from now on is said of the id returned.
    pub fn went_on(&mut self, invocation: Option<InvocationId>, step: u16, number: u64) -> InvocationId {
        let batch = invocation.and_then(|id| self.end(id)).and_then(|ended| {
            self.state.steps[ended.step as usize].running -= 1;
            ended.batch
        });
        self.state.started = true;
        self.state.next_invocation = self.state.next_invocation.max(number + 1);
        self.state.steps[step as usize].running += 1;
        self.ran(step);
        let slot = self.state.running.insert(Running { number, step, batch, given: None });
        InvocationId { number, slot }
    }

    /// Tells of a step that it ran in such a stretch.
    pub fn ran(&mut self, step: u16) {
        self.state.steps[step as usize].ran = true;
    }

    /// The steps that run, in the order in which they started.
    #[must_use]
    pub fn running_steps(&self) -> Vec<u16> {
        let mut running: Vec<_> =
            self.state.running.iter().map(|(_, running)| (running.number, running.step)).collect();
        running.sort_unstable();
        running.into_iter().map(|(_, step)| step).collect()
    }

    fn wait(&self) -> Output<E> {
        Output::Wait { until: if self.state.over { None } else { self.state.deadline } }
    }

    pub(super) fn finish(&mut self, outcome: Outcome<E>) {
        let mut orders: VecDeque<_> = std::mem::take(&mut self.state.orders);
        orders.retain(|order| matches!(order, Output::Publish { .. }));
        orders.push_back(Output::Finish(outcome));
        self.state = State::new(self.plan);
        self.state.orders = orders;
        self.state.over = true;
    }

    fn end(&mut self, invocation: InvocationId) -> Option<Running<E>> {
        let known = self.state.running.get(invocation.slot)?.number == invocation.number;
        known.then(|| self.state.running.remove(invocation.slot))?
    }

    fn route(&mut self, emission: Emission<E>, batch: Option<BatchId>) {
        match emission {
            Emission::None => (),
            Emission::One(event) => self.deliver(event, batch),
            Emission::All(parts) => {
                for part in parts {
                    if self.state.over {
                        return;
                    }
                    self.route(part, batch);
                }
            }
            Emission::Many(events, members) => self.open_batch(events, &members.0, batch),
        }
    }

    /// An event that a step has emitted: it may end the run, and the caller may want to see it.
    pub(super) fn deliver(&mut self, event: E, batch: Option<BatchId>) {
        let kind = event.kind() as usize;
        let node = &self.plan.graph.events[kind];
        if matches!(node.role, Role::Stop) {
            return self.finish(Outcome::Stopped(event));
        }
        if node.published {
            if self.plan.takers[kind].is_empty() {
                return self.state.orders.push_back(Output::Publish { event });
            }
            self.state.orders.push_back(Output::Publish { event: event.clone() });
        }
        self.hand_out(event, batch);
    }

    /// Hands an event to all its takers in declaration order; the last one gets the original.
    fn hand_out(&mut self, event: E, batch: Option<BatchId>) {
        let plan = self.plan;
        if let Some((last, others)) = plan.takers[event.kind() as usize].split_last() {
            for taker in others {
                self.hand_to(*taker, event.clone(), batch);
            }
            self.hand_to(*last, event, batch);
        }
    }

    fn hand_to(&mut self, taker: Taker, event: E, batch: Option<BatchId>) {
        if self.state.over {
            return;
        }
        match taker {
            Taker::Start(step) => self.begin(step, Given::One(event), batch),
            Taker::Join { step, slot } => self.hold(step, slot, event, batch),
            Taker::Gather(step) => self.gather(step, event, batch),
        }
    }

    /// Starts an execution, or queues it when all workers of the step are busy.
    pub(super) fn begin(&mut self, step: u16, given: Given<E>, batch: Option<BatchId>) {
        self.keep(batch);
        if self.state.steps[step as usize].running < self.plan.graph.steps[step as usize].workers {
            self.order(step, given, batch);
        } else {
            self.state.queued += 1;
            self.state.steps[step as usize].queue.push_back(Queued { given, batch });
        }
    }

    fn order(&mut self, step: u16, given: Given<E>, batch: Option<BatchId>) {
        let number = self.state.next_invocation;
        self.state.next_invocation += 1;
        self.state.steps[step as usize].running += 1;
        self.ran(step);
        let kept = self.keep_given.then(|| given.clone());
        let slot = self.state.running.insert(Running { number, step, batch, given: kept });
        let invocation = InvocationId { number, slot };
        self.state.orders.push_back(Output::RunStep { invocation, step, given });
    }

    fn free_worker(&mut self, step: u16) {
        if self.state.over {
            return;
        }
        let node = &mut self.state.steps[step as usize];
        node.running -= 1;
        if let Some(next) = node.queue.pop_front() {
            self.state.queued -= 1;
            self.order(step, next.given, next.batch);
        }
    }

    /// Puts an event into a join, and fires the join when it was the last one that lacked.
    fn hold(&mut self, step: u16, slot: u16, event: E, batch: Option<BatchId>) {
        let batch = self.open_ancestor(batch);
        self.note_held(step, batch);
        let node = &mut self.state.steps[step as usize];
        let held = &mut node.held[slot as usize];
        held.push_back(Held { event, batch });
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
        let node = &mut self.state.steps[step as usize];
        for parameter in parameters {
            let slot = slots.iter().position(|slot| slot.event == *parameter);
            let oldest = slot.and_then(|slot| node.held[slot].pop_front());
            let Some(held) = oldest else {
                return; // Every slot holds what it needs, or the join would not fire.
            };
            events.push(held.event);
            batches.push(held.batch);
        }
        node.lacking = slots.iter().zip(&node.held).filter(|(slot, held)| held.len() < slot.needs).count();
        let deepest = self.deepest(&batches);
        self.begin(step, Given::Several(events), deepest);
        for batch in batches {
            self.let_go(step, batch);
        }
    }
}
