//! Drive: one run from its first event to its end.
//!
//! A lone chain of steps is polled in place, in the driver's own future, with the task's own waker: no
//! queue, no set, no allocation. A fork, or anybody who asks, takes it to the machine.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use super::begin::Driven;
use super::clock::Clock;
use super::fork::{Brought, Next, Writing, fork};
use super::journaled::Pen;
use super::lone::poll_resting;
use super::step::Ended;
use super::{Core, Exit, Place, Slot};
use crate::machine::Machine;
use crate::{Emission, Events, RunError, Workflow};

/// What the driver of one run keeps from one phase to the next.
pub(super) struct Driver {
    waker: Option<Waker>,
    pub(super) clock: Clock,
    /// Of a run with a journal.
    pub(super) pen: Option<Box<Pen>>,
}

impl Driver {
    pub(super) fn new(clock: Clock) -> Self {
        Self { waker: None, clock, pen: None }
    }

    /// The driver of a run with a journal.
    pub(super) fn with_pen(clock: Clock, pen: Pen) -> Self {
        Self { pen: Some(Box::new(pen)), ..Self::new(clock) }
    }

    /// Whether the timer's time has come.
    pub(super) fn has_rung(&mut self, cx: &mut Context<'_>) -> bool {
        self.clock.has_rung(cx)
    }

    /// Whether somebody wants the driver, or the time has come. The latter is seen only once.
    fn is_asked<W: Workflow>(&mut self, core: &Core<W>, rung: &mut bool, cx: &mut Context<'_>) -> bool {
        *rung |= self.has_rung(cx);
        *rung || core.attention.load(Ordering::Relaxed)
    }

    /// Whether the driver may sleep: nobody has asked.
    pub(super) fn may_sleep<W: Workflow>(&mut self, core: &Core<W>, cx: &Context<'_>) -> bool {
        core.may_sleep(&mut self.waker, cx)
    }

    /// How long the run may take; zero for ever.
    pub(super) fn limit(&self) -> Duration {
        self.clock.limit().unwrap_or(Duration::ZERO)
    }

    /// The time since the run's start, where anybody will ask.
    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// A machine for a run that has had none.
    pub(super) fn new_machine<E: Events>(&self) -> Box<Machine<E>> {
        let mut machine = Machine::new(E::plan());
        machine.set_deadline(self.clock.limit());
        Box::new(machine)
    }
}

/// How a lone chain came to its end, or to a rest.
enum Left<W: Workflow> {
    /// Its budget is spent.
    Paused(W::Event),
    /// The run is over.
    Stopped(W::Output),
    /// It went through a fork.
    Forked(Next<W>),
}

/// What came of one poll of a lone chain.
enum Turn<W: Workflow> {
    Left(Left<W>),
    /// It takes a fork to go on.
    Ended(Ended<W::Event>),
    /// It still runs, and somebody asks for the driver.
    Asked,
}

impl<W: Workflow> Turn<W> {
    /// It has come to an event that is not for one step alone.
    fn handed(event: W::Event) -> Self {
        Self::Ended(Ended::Exit(Exit::handed(event)))
    }
}

/// A lone chain, and then the fork that it went through.
enum Phase<'c, C, F> {
    Lone(Pin<&'c mut C>, &'c mut Driver),
    /// Nothing for a moment only.
    Forked(Option<Pin<Box<F>>>),
}

/// Runs `flow` on the event that opens a run.
///
/// Not an `async fn`: what is captured is used where it is, an argument would be kept twice. For the same
/// reason there is one await for the chain and for the fork: what each of two keeps would not share its place.
pub(super) fn drive<'a, W: Workflow>(
    flow: &'a W,
    core: Arc<Core<W>>,
    start: W::Event,
    limit: Option<Duration>,
) -> impl Future<Output = Driven<W>> + Send + 'a {
    let mut slot = Slot::event(start);
    let is_clocked = limit.is_some() || W::Event::plan().clocked;
    let clock = if is_clocked { Clock::new(limit, Duration::ZERO) } else { Clock::Stopped };
    let mut driver = Driver::new(clock);
    async move {
        if core.cancelled.load(Ordering::Acquire) {
            return Err(Box::new(RunError::Cancelled));
        }
        core.set_alone(W::Event::plan().may_rest());
        let mut place = Place::chain(&core);
        loop {
            // In a block of its own, so that nothing of it is kept while the others have a turn.
            let has_budget = {
                let left = {
                    let chain = pin!(flow.dispatch(&mut slot, &place));
                    let (mut phase, place) = (Phase::Lone(chain, &mut driver), &place);
                    poll_fn(move |cx| {
                        if let Phase::Lone(chain, driver) = &mut phase {
                            let mut rung = false;
                            let ended = match ready!(poll_lone(place, driver, chain.as_mut(), &mut rung, cx))
                            {
                                Turn::Left(left) => return Poll::Ready(left),
                                Turn::Ended(ended) => Some(ended),
                                Turn::Asked => None,
                            };
                            let Phase::Lone(chain, driver) =
                                std::mem::replace(&mut phase, Phase::Forked(None))
                            else {
                                return Poll::Pending;
                            };
                            let brought = match ended {
                                Some(ended) => Brought::Ended(ended),
                                None => Brought::Running(chain),
                            };
                            phase = Phase::Forked(Some(leave(flow, driver, place, brought, rung)));
                        }
                        match &mut phase {
                            Phase::Forked(Some(forked)) => forked.as_mut().poll(cx).map(Left::Forked),
                            Phase::Forked(None) | Phase::Lone(..) => Poll::Pending,
                        }
                    })
                    .await
                };
                match left {
                    Left::Stopped(output) => return Ok(output),
                    Left::Forked(Next::Over(result)) => return *result,
                    Left::Forked(Next::Lone { order, is_bare }) => {
                        slot = order.slot;
                        place.core().set_alone(is_bare);
                        place.begin(order.invocation, order.execution)
                    }
                    Left::Paused(event) => {
                        slot = Slot::event(event);
                        false
                    }
                }
            };
            if !has_budget {
                place.refill();
                yield_once().await;
            }
        }
    }
}

/// The chain is lone no more.
#[cold]
#[inline(never)]
fn leave<'f, W: Workflow>(
    flow: &'f W,
    driver: &'f mut Driver,
    place: &'f Place<'_, W>,
    brought: Brought<'f, W::Event>,
    rung: bool,
) -> Pin<Box<impl Future<Output = Next<W>> + Send + use<'f, W>>> {
    if let Brought::Running(_) = brought {
        place.stop_after_this_step();
    }
    place.core().leave_alone();
    Box::pin(fork(flow, place.core(), driver, place, brought, rung, None))
}

/// Polls a lone chain, which may rest in a wait.
fn poll_lone<W: Workflow, F: Future<Output = Exit<W::Event>>>(
    place: &Place<'_, W>,
    driver: &mut Driver,
    mut chain: Pin<&mut F>,
    rung: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Turn<W>> {
    let core = place.core();
    if !core.rests() {
        let mut other = Turn::Asked;
        let polled = catch_unwind(AssertUnwindSafe(|| match chain.as_mut().poll(cx) {
            // The output is taken from where the chain has left it, and nothing else is moved. In one value with what
            // few chains give it would be copied right after it was written in parts, and the processor waits for that.
            Poll::Ready(Exit::Emitted(Emission::One(event))) if !driver.is_asked(core, rung, cx) => {
                let output = W::close(event).map_err(|event| other = Turn::handed(event));
                Poll::Ready(output.ok())
            }
            Poll::Ready(exit) => {
                other = turn(core, driver, Ended::Exit(exit), rung, cx);
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }));
        match polled {
            Ok(Poll::Ready(Some(output))) => return Poll::Ready(Turn::Left(Left::Stopped(output))),
            Ok(Poll::Ready(None)) => return Poll::Ready(other),
            Ok(Poll::Pending) if core.rests() => (),
            Ok(Poll::Pending) => return sleep_or_ask(core, driver, rung, cx),
            Err(panic) => return Poll::Ready(Turn::Ended(Ended::panicked(&*panic))),
        }
    }
    // A run whose time is over does not go on with what came at that moment.
    *rung |= driver.has_rung(cx);
    if !*rung && let Poll::Ready(ended) = poll_resting(core, || place.number(), chain, cx) {
        return Poll::Ready(turn(core, driver, ended, rung, cx));
    }
    sleep_or_ask(core, driver, rung, cx)
}

/// What follows when a chain has come to its end.
fn turn<W: Workflow>(
    core: &Core<W>,
    driver: &mut Driver,
    ended: Ended<W::Event>,
    rung: &mut bool,
    cx: &mut Context<'_>,
) -> Turn<W> {
    if driver.is_asked(core, rung, cx) {
        return Turn::Ended(ended);
    }
    match ended {
        Ended::Exit(Exit::Paused(event)) => Turn::Left(Left::Paused(event)),
        Ended::Exit(Exit::Emitted(Emission::One(event))) => match W::close(event) {
            Ok(output) => Turn::Left(Left::Stopped(output)),
            Err(event) => Turn::handed(event),
        },
        ended => Turn::Ended(ended),
    }
}

/// A chain waits: so does its driver, unless somebody asks for it.
fn sleep_or_ask<W: Workflow>(
    core: &Core<W>,
    driver: &mut Driver,
    rung: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Turn<W>> {
    if !driver.is_asked(core, rung, cx) && driver.may_sleep(core, cx) {
        return Poll::Pending;
    }
    Poll::Ready(Turn::Asked)
}

/// Runs `flow` with every transition through the machine, which stands in `core` and has been told what
/// opens the run.
pub(super) async fn drive_whole<W: Workflow>(
    flow: &W,
    core: Arc<Core<W>>,
    limit: Option<Duration>,
) -> Driven<W> {
    let mut driver = Driver::new(Clock::new(limit, core.begin()));
    drive_to_the_end(flow, &core, &mut driver, None).await
}

/// The same, with a driver that is there.
pub(super) async fn drive_to_the_end<W: Workflow>(
    flow: &W,
    core: &Arc<Core<W>>,
    driver: &mut Driver,
    writing: Option<Writing<W>>,
) -> Driven<W> {
    let place = Place::chain(core);
    match Box::pin(fork(flow, core, driver, &place, Brought::Nothing, false, writing)).await {
        Next::Over(result) => *result,
        Next::Lone { .. } => unreachable!("such a run has no lone chain"),
    }
}

/// Lets the other tasks of the thread have a turn.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
