//! Fork: the phase in which the machine says what runs.
//!
//! Several steps are live, or somebody sent an event, or a step gave something that is not one event for
//! one taker. It lasts until one step and nothing else is left; of a run that is more than a plain one, to
//! its end.

use std::collections::{BTreeSet, VecDeque};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures_buffered::FuturesUnordered;
use futures_core::Stream;

use super::begin::Driven;
use super::delivery::Delivery;
use super::drive::Driver;
use super::execution::Execution;
use super::fan::{Members, Polled, poll_members};
use super::span::Span;
use super::step::{Ended, Order, message, one_step, poll_step};
use super::wait::wants;
use super::{Core, Exit, Inbound, Place, Slot};
use crate::machine::{Again, Given, Input, InvocationId, Machine, Outcome, Output, Plan, Token};
use crate::retry::Failure;
use crate::{BoxError, Emission, Events, RunError, StepError, StepPanicked, StepTimedOut, Workflow};

#[cfg(feature = "testing")]
pub(crate) mod play;
mod stepwise;
mod written;

pub(super) use written::Writing;

/// What a lone chain brings into the fork.
pub(super) enum Brought<'c, E> {
    /// Nothing: the machine knows how the run opens.
    Nothing,
    /// It still runs: somebody asked for the driver meanwhile.
    Running(Pin<&'c mut (dyn Future<Output = Exit<E>> + Send)>),
    /// It has come back.
    Ended(Ended<E>),
}

/// What the run does after the fork.
pub(super) enum Next<W: Workflow> {
    /// Goes on with this execution alone.
    Lone {
        order: Order<W>,
        /// Whether the machine holds nothing that an event, or the lack of one, could set off.
        is_bare: bool,
    },
    /// Ends. In a box, so that a run that comes to its end without a fork need not move so much.
    Over(Box<Driven<W>>),
}

/// How many steps may end in one poll before the other tasks of the thread have a turn.
const BUDGET: u32 = 256;

/// What happens in a fork, beside the steps that are live.
struct Fork<'d, W: Workflow> {
    core: &'d Arc<Core<W>>,
    driver: &'d mut Driver,
    plan: &'static Plan,
    /// Whether every transition passes through the machine, for which there may be any reason.
    is_whole: bool,
    /// The executions that the machine did not order, so that their steps know only their numbers; in order.
    adopted: Vec<InvocationId>,
    /// Whether the timer has rung and the machine does not know yet.
    rung: bool,
    /// Of a run with a journal.
    writing: Option<Writing<W>>,
    /// What the machine has ordered of a run with a journal, each with the number of the first record that need
    /// not be kept before.
    ordered: VecDeque<(u64, Output<W::Event>)>,
    /// The delivery that a stepwise run is at.
    current: Option<Delivery>,
    /// The executions that go on: they have neither ended nor come to a wait. Of a run that may be taken step
    /// by step.
    going: BTreeSet<InvocationId>,
}

/// Runs what the machine orders until the run is over or a lone step is left.
pub(super) fn fork<'f, W: Workflow>(
    flow: &'f W,
    core: &'f Arc<Core<W>>,
    driver: &'f mut Driver,
    place: &'f Place<'_, W>,
    brought: Brought<'f, W::Event>,
    rung: bool,
    writing: Option<Writing<W>>,
) -> impl Future<Output = Next<W>> + Send + use<'f, W> {
    let ordered = place.ordered();
    let first = place.step().map(|step| {
        let mut machine = core.machine();
        let machine = machine.get_or_insert_with(|| driver.new_machine());
        place.take_ran().for_each(|step| machine.ran(step));
        machine.went_on(ordered, step, place.number())
    });
    if let Some(ended) = ordered.filter(|ordered| ordered.number != place.number()) {
        core.forget(ended.number, false);
    }
    let (mut chain, mut ended) = match brought {
        Brought::Nothing => (None, None),
        Brought::Running(chain) => (Some(chain), None),
        Brought::Ended(ended) => (None, Some((first, ended))),
    };
    let is_whole = core.is_whole();
    let adopted = first.into_iter().filter(|first| Some(*first) != ordered).collect();
    let going = BTreeSet::new();
    let mut fork = Fork {
        core,
        driver,
        plan: W::Event::plan(),
        is_whole,
        adopted,
        rung,
        writing,
        ordered: VecDeque::new(),
        current: None,
        going,
    };
    async move {
        let mut live = FuturesUnordered::new();
        let mut is_fanned = false;
        poll_fn(|cx| {
            let mut machine = core.machine();
            let machine = &mut **machine.get_or_insert_with(|| fork.driver.new_machine());
            let mut budget = BUDGET;
            if let Some(writing) = fork.writing {
                (writing.begin)(&mut fork, machine);
            }
            loop {
                if is_fanned {
                    fork.rung |= fork.driver.has_rung(cx);
                    let run = |order| one_step(flow, core, order);
                    match poll_members(core, &mut live, run, &mut budget, cx) {
                        Polled::Sleeping if !fork.rung && fork.driver.may_sleep(core, cx) => {
                            return Poll::Pending;
                        }
                        Polled::Sleeping => ended = None,
                        Polled::Left(last) => {
                            ended = last.map(|(invocation, ended)| (Some(invocation), ended))
                        }
                        Polled::Spent => {
                            cx.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                    }
                    is_fanned = false;
                    let members = core.fan().take();
                    fork.adopted = members.map(|members| members.give_back(machine)).unwrap_or_default();
                }
                fork.look_outside(machine, cx);
                if let Some((invocation, ended)) = ended.take() {
                    is_fanned = fork.step_ended(machine, invocation, ended);
                    if is_fanned {
                        continue;
                    }
                }
                if let Some(error) = fork.write_down(machine, cx) {
                    return Poll::Ready(Next::Over(Box::new(Err(Box::new(error)))));
                }
                while fork.may_order(machine) {
                    match fork.next_order(machine) {
                        Output::RunStep { invocation, step, given, again } => {
                            let order = fork.order(machine, invocation, step, given, again);
                            let is_lone = !is_whole && chain.is_none() && live.is_empty();
                            if is_lone
                                && machine.is_single()
                                && W::graph().steps[usize::from(step)].timeout.is_none()
                            {
                                core.idle.store(false, Ordering::Release);
                                fork.arm(machine);
                                let is_bare = fork.plan.may_rest() && machine.is_bare();
                                return Poll::Ready(Next::Lone { order, is_bare });
                            }
                            live.push(one_step(flow, core, order));
                        }
                        Output::Publish { event } => core.publish(event),
                        Output::Match { offer, waits } => fork.match_waits(machine, offer, &waits),
                        Output::MatchKept { wait } => fork.match_kept(machine, wait),
                        Output::Wake { invocation, step, wait, event } => {
                            fork.wake(machine, invocation, step, wait, event)
                        }
                        Output::Finish(outcome) => {
                            return Poll::Ready(Next::Over(Box::new(fork.finish(outcome))));
                        }
                        Output::Wait { .. } => break,
                    }
                }
                fork.arm(machine);
                if fork.is_at_rest() {
                    // Readers see it now, not with the next delivery.
                    machine.take_published().into_iter().for_each(|event| core.publish(event));
                    return Poll::Pending;
                }
                if core.idle.load(Ordering::Relaxed) {
                    fork.note_whether_idle(machine);
                }
                if let Some(running) = &mut chain
                    && let Poll::Ready(end) = poll_step(core, place.number(), running.as_mut(), cx)
                {
                    chain = None;
                    ended = Some((first, end));
                    continue;
                }
                match Pin::new(&mut live).poll_next(cx) {
                    Poll::Ready(Some((invocation, end))) => ended = Some((Some(invocation), end)),
                    Poll::Ready(None) | Poll::Pending if fork.may_sleep(machine, cx) => {
                        fork.note_whether_idle(machine);
                        return Poll::Pending;
                    }
                    Poll::Ready(None) | Poll::Pending => (),
                }
                budget -= 1;
                if budget == 0 {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}

impl<W: Workflow> Fork<'_, W> {
    /// Sets the timer to what is due next.
    fn arm(&mut self, machine: &Machine<W::Event>) {
        if self.driver.clock.is_running() {
            self.driver.clock.arm(machine.until());
        }
    }

    /// Tells the machine a fact.
    fn tell(&mut self, machine: &mut Machine<W::Event>, fact: Input<W::Event>) {
        if let Some(watch) = self.core.watch() {
            watch.fact::<W>(machine, &fact);
        }
        if let Some(writing) = self.writing {
            return (writing.tell)(self, machine, fact);
        }
        machine.handle_input(self.driver.now(), fact);
    }

    /// What the machine orders next.
    #[inline]
    fn next_order(&mut self, machine: &mut Machine<W::Event>) -> Output<W::Event> {
        match &self.driver.pen {
            None => machine.poll_output(),
            Some(pen) => match self.ordered.pop_front_if(|(after, _)| pen.has_kept(*after)) {
                Some((_, order)) => order,
                None => Output::Wait { until: machine.until() },
            },
        }
    }

    /// Tells the machine what has come in: what steps sent goes before what they return.
    #[inline]
    fn look_outside(&mut self, machine: &mut Machine<W::Event>, cx: &mut Context<'_>) {
        if self.rung || self.driver.clock.is_running() || self.core.attention.load(Ordering::Relaxed) {
            self.take_in(machine, cx);
        }
    }

    #[cold]
    fn take_in(&mut self, machine: &mut Machine<W::Event>, cx: &mut Context<'_>) {
        let core = self.core;
        if core.attention.load(Ordering::Relaxed) {
            // What came in before somebody asked is in the inbox by now.
            if let (Some(pen), Some(asked)) = (&mut self.driver.pen, core.asked()) {
                pen.asked(asked.take());
            }
            for inbound in core.take_inbox() {
                let fact = self.fact(inbound);
                self.tell(machine, fact);
            }
            // One that was dropped was not cancelled by anybody who could ask for its result.
            if core.cancelled.load(Ordering::Acquire) && !core.over.load(Ordering::Acquire) {
                self.tell(machine, Input::Cancelled);
            }
        }
        if std::mem::take(&mut self.rung) || self.driver.has_rung(cx) {
            self.tell(machine, Input::TimePassed);
        }
    }

    /// The whole name of an execution of which perhaps only the number is known.
    fn named(&self, invocation: InvocationId) -> InvocationId {
        let known = self.adopted.binary_search_by_key(&invocation.number, |adopted| adopted.number);
        known.map_or(invocation, |place| self.adopted[place])
    }

    /// A fact, with the whole name of the execution that it is about.
    fn fact(&mut self, inbound: Inbound<W::Event>) -> Input<W::Event> {
        let mut fact = inbound.into_fact();
        if let Input::StepSent { invocation, .. }
        | Input::StepPublished { invocation, .. }
        | Input::StepWaits { invocation, .. }
        | Input::WaitDropped { invocation, .. } = &mut fact
        {
            *invocation = self.named(*invocation);
        }
        if let Input::StepWaits { invocation, event, .. } = &fact {
            self.rest_delivery(*invocation, *event);
        }
        fact
    }

    /// Tells the machine how a step ended; `None` for the event that opens the run. Gives whether nothing is left
    /// of the run but the batch that the step returned: then the driver has its members.
    #[inline]
    fn step_ended(
        &mut self,
        machine: &mut Machine<W::Event>,
        invocation: Option<InvocationId>,
        ended: Ended<W::Event>,
    ) -> bool {
        let invocation = invocation.map(|invocation| self.named(invocation));
        match (ended, invocation) {
            (Ended::Exit(Exit::Paused(event)), Some(invocation)) if !self.is_whole => {
                self.core.forget(invocation.number, false);
                machine.returned(self.driver.now(), invocation, Emission::One(event));
            }
            (Ended::Exit(Exit::Emitted(Emission::Many(events, members))), Some(invocation))
                if !self.is_whole && !self.core.is_held() =>
            {
                if let Some(fan) = machine.open_fan(self.driver.now(), invocation, &events, &members) {
                    self.core.forget(invocation.number, false);
                    self.arm(machine);
                    *self.core.fan() = Some(Box::new(Members::new(fan, self.plan, events)));
                    return true;
                }
                let ended = Ended::Exit(Exit::Emitted(Emission::Many(events, members)));
                self.note_end(machine, Some(invocation), ended);
            }
            (ended, invocation) => self.note_end(machine, invocation, ended),
        }
        false
    }

    #[inline(never)]
    fn note_end(
        &mut self,
        machine: &mut Machine<W::Event>,
        invocation: Option<InvocationId>,
        ended: Ended<W::Event>,
    ) {
        let fact = match (ended, invocation) {
            (Ended::Exit(Exit::Paused(event) | Exit::Emitted(Emission::One(event))), None) => {
                Input::Started { event }
            }
            (_, None) | (Ended::Exit(Exit::Drained), _) => return,
            (Ended::Exit(Exit::Paused(event)), Some(invocation)) => {
                Input::StepReturned { invocation, emission: Emission::One(event) }
            }
            (Ended::Exit(Exit::Emitted(emission)), Some(invocation)) => {
                Input::StepReturned { invocation, emission }
            }
            (Ended::Exit(Exit::Failed(error)), Some(invocation)) => match self.unless_unwritten(error) {
                Some(error) => self.failed(machine, invocation, error),
                None => return,
            },
            (Ended::Panicked(message), Some(invocation)) => {
                self.failed(machine, invocation, StepPanicked::new(message).into())
            }
            (Ended::TimedOut(limit), Some(invocation)) => {
                self.failed(machine, invocation, StepTimedOut::new(limit).into())
            }
        };
        if let Some(invocation) = invocation {
            let is_tried_again = matches!(fact, Input::StepFailed { again: Some(_), .. });
            self.core.forget(invocation.number, is_tried_again);
            self.end_delivery(machine, invocation, &fact);
        }
        self.tell(machine, fact);
    }

    /// A failure, with the verdict of the step's policy.
    fn failed(
        &self,
        machine: &Machine<W::Event>,
        invocation: InvocationId,
        error: BoxError,
    ) -> Input<W::Event> {
        let asked = machine.step(invocation).filter(|step| W::graph().steps[usize::from(*step)].retries);
        let verdict = asked.map(|step| {
            let (failures, elapsed) = machine.tries(invocation, self.driver.now());
            let name = W::graph().steps[usize::from(step)].name;
            let failure = Failure::new(self.core.id(), name, failures + 1, elapsed, &*error);
            catch_unwind(AssertUnwindSafe(|| W::retry(step)?.verdict(&failure)))
        });
        let (error, again) = match verdict {
            None => (error, None),
            Some(Ok(again)) => (error, again),
            // The user's own condition has panicked; the step gives up with that.
            Some(Err(panic)) => (StepPanicked::new(message(&*panic)).into(), None),
        };
        Input::StepFailed { invocation, error: StepError::new(error), again }
    }

    #[inline]
    fn order(
        &mut self,
        machine: &Machine<W::Event>,
        invocation: InvocationId,
        step: u16,
        given: Given<W::Event>,
        again: Option<Box<Again<W::Event>>>,
    ) -> Order<W> {
        let retries = self.plan.graph().steps[usize::from(step)].retries;
        if !self.is_whole && !retries && again.is_none() {
            let slot = slot_for::<W>(self.plan, step, given);
            return Order { invocation, step, slot, execution: None, span: Span::NONE, begins_lane: false };
        }
        self.order_noted(machine, invocation, step, given, again, retries)
    }

    /// The same where somebody takes note of it.
    fn order_noted(
        &mut self,
        machine: &Machine<W::Event>,
        invocation: InvocationId,
        step: u16,
        given: Given<W::Event>,
        again: Option<Box<Again<W::Event>>>,
        retries: bool,
    ) -> Order<W> {
        let core = self.core;
        let attempt = again.as_ref().map_or(1, |again| again.attempt.number);
        let span = core.watch().map_or(Span::NONE, |watch| {
            watch.starts::<W>(machine, invocation, step, &given, again.as_deref())
        });
        self.begin_delivery(invocation, step, attempt, &given);
        // A later try is given what this one collects, call by call, so this one counts its calls.
        let counts = retries || self.is_whole;
        let execution =
            (again.is_some() || counts).then(|| Arc::new(Execution::new(again.map(|again| *again))));
        let slot = slot_for::<W>(self.plan, step, given);
        Order { invocation, step, slot, execution, span, begins_lane: false }
    }

    /// Asks each wait whether it wants an event that has come.
    fn match_waits(&mut self, machine: &mut Machine<W::Event>, offer: u64, waits: &[(u64, u16)]) {
        let mut served = Vec::new();
        let mut wanted = Vec::new();
        if let Some(event) = machine.offered(offer) {
            for (wait, step) in waits {
                if !served.contains(step) && wants(self.core, *wait, event) {
                    served.push(*step);
                    wanted.push(*wait);
                }
            }
        }
        self.tell(machine, Input::Matched { offer, waits: wanted });
    }

    /// Asks a new wait which of the events that came before it wants.
    fn match_kept(&mut self, machine: &mut Machine<W::Event>, wait: u64) {
        let taken = machine.kept(wait).position(|event| wants(self.core, wait, event));
        self.tell(machine, Input::MatchedKept { wait, taken: taken.map(|place| place as u32) });
    }

    fn wake(
        &mut self,
        machine: &mut Machine<W::Event>,
        invocation: InvocationId,
        step: u16,
        wait: u64,
        event: Option<W::Event>,
    ) {
        let core = self.core;
        if let Some(watch) = core.watch() {
            watch.wakes::<W>(invocation, step, wait, event.as_ref());
        }
        self.wake_delivery(machine, invocation, step, event.as_ref());
        // The step may have dropped the wait meanwhile, on another thread: then the event is not lost.
        if let unread @ Some(_) = core.with_waiting(|waiting| waiting.answer(wait, event)) {
            self.tell(machine, Input::WaitDropped { invocation, step, index: u32::MAX, wait, unread });
        }
    }

    /// Whether the machine's next order may be carried out: a stepwise run has one delivery at a time, and
    /// one whose readers have too much to read waits for them. The end of a run waits for nobody.
    fn may_order(&mut self, machine: &Machine<W::Event>) -> bool {
        if machine.is_over() {
            return true;
        }
        if self.core.is_held() {
            return false;
        }
        !self.is_whole || !self.core.is_stepwise() || !self.is_at_rest() && !self.is_at_a_delivery(machine)
    }

    fn note_whether_idle(&self, machine: &Machine<W::Event>) {
        let core = self.core;
        let may_go_on = machine.has_waits() && !machine.knows_that_waits_are_all();
        let is_idle = !machine.is_busy() && !may_go_on;
        let was_idle = core.idle.load(Ordering::Relaxed);
        if was_idle != is_idle {
            core.idle.store(is_idle, Ordering::Release);
            if let (true, Some(watch)) = (is_idle, core.watch()) {
                watch.idles::<W>();
            }
        }
    }

    /// Whether nothing is left to do for now. When only steps that wait are left, the machine is told so.
    fn may_sleep(&mut self, machine: &mut Machine<W::Event>, cx: &mut Context<'_>) -> bool {
        self.rung |= self.driver.has_rung(cx);
        let has_more = self.driver.pen.as_ref().is_some_and(|pen| pen.has_more());
        if has_more || self.rung || !self.driver.may_sleep(self.core, cx) || self.waits_again() {
            return false;
        }
        let may_be_stuck = machine.has_waits() && !machine.is_busy() && !machine.knows_that_waits_are_all();
        if may_be_stuck && self.core.with_waiting(|waiting| waiting.are_all()) {
            self.tell(machine, Input::WaitsAreAll);
            return false;
        }
        true
    }

    fn finish(&mut self, outcome: Outcome<W::Event>) -> Driven<W> {
        let core = self.core;
        if let Some(watch) = core.watch() {
            watch.ends::<W>(&outcome);
        }
        let step_name = |step: u16| W::graph().steps[step as usize].name;
        Err(Box::new(match outcome {
            Outcome::Stopped(event) => {
                if let Some(keep) = core.special().and_then(|special| special.keeps_result.as_ref()) {
                    keep(&event);
                }
                match W::close(event) {
                    Ok(output) => return Ok(output),
                    Err(stop) => W::unclosed(&stop),
                }
            }
            Outcome::Failed(gave_up) => RunError::Step {
                step: step_name(gave_up.step),
                attempts: gave_up.attempts,
                elapsed: gave_up.elapsed,
                source: gave_up.error.into_source(),
            },
            Outcome::Stalled(stalled) => RunError::Stalled(stalled),
            Outcome::OutsideBatch { step, event } => {
                RunError::OutsideBatch { step: step_name(step), event: W::graph().event_name(event) }
            }
            Outcome::TimedOut { running } => RunError::TimedOut {
                limit: self.driver.limit(),
                running: running.into_iter().map(step_name).collect(),
            },
            Outcome::Cancelled => RunError::Cancelled,
        }))
    }
}

/// What a step takes, in the form in which the dispatch finds it.
#[inline]
fn slot_for<W: Workflow>(plan: &Plan, step: u16, given: Given<W::Event>) -> Slot<W::Event> {
    match given {
        Given::One(event) if plan.direct[event.kind() as usize] => Slot::event(event),
        Given::One(event) => Slot::step(step, vec![event]),
        Given::Several(events) => Slot::step(step, events),
    }
}
