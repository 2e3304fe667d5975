//! Fork: the phase in which the machine says what runs.
//!
//! Several steps are live, or somebody sent an event, or a step gave something that is not one event for
//! one taker. It lasts until one step and nothing else is left.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures_buffered::FuturesUnordered;
use futures_core::Stream;

use super::drive::{Driver, Ended, poll_caught};
use super::{Core, Exit, Inbound, Place, Slot};
use crate::machine::{Given, Input, InvocationId, Outcome, Output, Token};
use crate::{BoxError, Emission, Events, RunError, Workflow};

/// What a lone chain brings into the fork.
pub(super) enum Brought<'c, E> {
    /// It still runs: somebody asked for the driver meanwhile.
    Running(Pin<&'c mut (dyn Future<Output = Exit<E>> + Send)>),
    /// It has come back.
    Ended(Ended<E>),
}

/// What the run does after the fork.
pub(super) enum Next<W: Workflow> {
    /// Goes on with this execution alone.
    Lone(InvocationId, Slot<W::Event>),
    /// Ends.
    Over(Result<W::Output, RunError>),
}

/// How many steps may end in one poll before the other tasks of the thread have a turn.
const BUDGET: u32 = 256;

/// What is live in a fork, and what happens to it.
struct Fork<'d, 'a, W: Workflow> {
    driver: &'d mut Driver<'a, W>,
    /// Why the step that failed did, for the error that follows.
    failure: Option<Failure>,
}

enum Failure {
    Error(BoxError),
    Panic(String),
}

/// Runs what the machine orders until the run is over or a lone step is left.
pub(super) fn fork<'f, 'a, W: Workflow>(
    driver: &'f mut Driver<'a, W>,
    place: &'f Place<'_, W>,
    ordered: Option<InvocationId>,
    brought: Brought<'f, W::Event>,
) -> impl Future<Output = Next<W>> + Send + use<'f, 'a, W> {
    let (flow, core) = (driver.flow, driver.core);
    let machine = driver.machine();
    let first = place.step().map(|step| {
        place.take_ran().for_each(|step| machine.ran(step));
        machine.went_on(ordered, step, place.number())
    });
    let (mut chain, mut ended) = match brought {
        Brought::Running(chain) => (Some(chain), None),
        Brought::Ended(ended) => (None, Some(ended)),
    };
    let mut fork = Fork { driver, failure: None };
    async move {
        let mut live = FuturesUnordered::new();
        poll_fn(|cx| {
            let mut budget = BUDGET;
            loop {
                fork.look_outside(cx);
                if let Some(ended) = ended.take() {
                    fork.tell(first, ended);
                }
                loop {
                    match fork.driver.machine().poll_output() {
                        Output::RunStep { invocation, step, given } => {
                            let slot = slot_for::<W>(step, given);
                            if chain.is_none() && live.is_empty() && fork.driver.machine().is_single() {
                                core.idle.store(false, Ordering::Release);
                                return Poll::Ready(Next::Lone(invocation, slot));
                            }
                            live.push(one_step(flow, core, invocation, slot));
                        }
                        Output::Publish { event } => core.publish(event),
                        Output::Finish(outcome) => return Poll::Ready(Next::Over(fork.finish(outcome))),
                        Output::Wait { .. } => break,
                    }
                }
                core.idle.store(!fork.driver.machine().is_busy(), Ordering::Release);
                if let Some(running) = &mut chain
                    && let Poll::Ready(end) = poll_caught(running.as_mut(), cx)
                {
                    chain = None;
                    ended = Some(end);
                    continue;
                }
                match Pin::new(&mut live).poll_next(cx) {
                    Poll::Ready(Some((invocation, end))) => {
                        fork.look_outside(cx);
                        fork.tell(Some(invocation), end);
                    }
                    Poll::Ready(None) | Poll::Pending if fork.driver.may_sleep(cx) => return Poll::Pending,
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

impl<W: Workflow> Fork<'_, '_, W> {
    /// Tells the machine what has come in: what steps sent goes before what they return.
    fn look_outside(&mut self, cx: &mut Context<'_>) {
        let core = self.driver.core;
        if core.attention.load(Ordering::Relaxed) {
            for inbound in core.take_inbox() {
                self.driver.tell(match inbound {
                    Inbound::Sent(event) => Input::StepSent { event },
                    Inbound::Received(event) => Input::Received { event },
                });
            }
            if core.cancelled.load(Ordering::Acquire) {
                self.driver.tell(Input::Cancelled);
            }
        }
        if self.driver.poll_timer(cx) {
            self.driver.tell(Input::TimePassed);
        }
    }

    /// Tells the machine how a step ended; `None` for the event that opens the run.
    fn tell(&mut self, invocation: Option<InvocationId>, ended: Ended<W::Event>) {
        let fact = match (ended, invocation) {
            (Ended::Exit(Exit::Paused(event) | Exit::Emitted(Emission::One(event))), None) => {
                Input::Started { event }
            }
            (_, None) => return,
            (Ended::Exit(Exit::Paused(event)), Some(invocation)) => {
                Input::StepReturned { invocation, emission: Emission::One(event) }
            }
            (Ended::Exit(Exit::Emitted(emission)), Some(invocation)) => {
                Input::StepReturned { invocation, emission }
            }
            (Ended::Exit(Exit::Failed(error)), Some(invocation)) => {
                self.failure = Some(Failure::Error(error));
                Input::StepFailed { invocation }
            }
            (Ended::Panicked(message), Some(invocation)) => {
                self.failure = Some(Failure::Panic(message));
                Input::StepFailed { invocation }
            }
        };
        self.driver.tell(fact);
    }

    fn finish(&mut self, outcome: Outcome<W::Event>) -> Result<W::Output, RunError> {
        let step_name = |step: u16| W::graph().steps[step as usize].name;
        Err(match outcome {
            Outcome::Stopped(event) => match W::close(event) {
                Ok(output) => return Ok(output),
                Err(stop) => RunError::unwritten(&stop),
            },
            Outcome::Failed { step, .. } => {
                let step = step_name(step);
                match self.failure.take().expect("the failure is kept before the machine hears of it") {
                    Failure::Error(source) => RunError::Step { step, attempts: 1, source },
                    Failure::Panic(message) => RunError::Panicked { step, message },
                }
            }
            Outcome::Stalled(stalled) => RunError::Stalled(stalled),
            Outcome::OutsideBatch { step, event } => {
                RunError::OutsideBatch { step: step_name(step), event: W::graph().event_name(event) }
            }
            Outcome::TimedOut { running } => RunError::TimedOut {
                limit: self.driver.limit(),
                running: running.into_iter().map(step_name).collect(),
            },
            Outcome::Cancelled => RunError::Cancelled,
        })
    }
}

/// What a step takes, in the form in which the dispatch finds it.
fn slot_for<W: Workflow>(step: u16, given: Given<W::Event>) -> Slot<W::Event> {
    match given {
        Given::One(event) if W::Event::plan().direct[event.kind() as usize] => Slot::event(event),
        Given::One(event) => Slot::step(step, vec![event]),
        Given::Several(events) => Slot::step(step, events),
    }
}

/// One execution of one step.
fn one_step<'r, W: Workflow>(
    flow: &'r W,
    core: &'r Arc<Core<W>>,
    invocation: InvocationId,
    slot: Slot<W::Event>,
) -> impl Future<Output = (InvocationId, Ended<W::Event>)> + Send + 'r {
    let mut slot = slot;
    async move {
        let place = Place::single(core, invocation.number);
        let mut chain = pin!(flow.dispatch(&mut slot, &place));
        let ended = poll_fn(|cx| poll_caught(chain.as_mut(), cx)).await;
        (invocation, ended)
    }
}
