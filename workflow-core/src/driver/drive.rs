//! Drive: one run from its first event to its end.
//!
//! A lone chain of steps is polled in place, in the driver's own future, with the task's own waker: no
//! queue, no set, no allocation. A fork, or anybody who asks, takes it to the machine.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::clock::Clock;
use super::fork::{Brought, Next, fork};
use super::step::{Ended, poll_caught};
use super::{Core, Exit, Place, Slot};
use crate::machine::Machine;
use crate::{Emission, Events, RunError, Workflow};

/// What the driver of one run keeps from one phase to the next.
pub(super) struct Driver<'a, W: Workflow> {
    pub(super) flow: &'a W,
    pub(super) core: &'a Arc<Core<W>>,
    waker: Option<Waker>,
    pub(super) clock: Option<Box<Clock>>,
}

impl<W: Workflow> Driver<'_, W> {
    /// Whether the timer's time has come.
    pub(super) fn has_rung(&mut self, cx: &mut Context<'_>) -> bool {
        self.clock.as_mut().is_some_and(|clock| clock.has_rung(cx))
    }

    /// Whether somebody wants the driver, or the time has come. The latter is seen only once.
    fn is_asked(&mut self, rung: &mut bool, cx: &mut Context<'_>) -> bool {
        *rung |= self.has_rung(cx);
        *rung || self.core.attention.load(Ordering::Relaxed)
    }

    /// Whether the driver may sleep: nobody has asked.
    pub(super) fn may_sleep(&mut self, cx: &Context<'_>) -> bool {
        self.core.may_sleep(&mut self.waker, cx)
    }

    /// How long the run may take; zero for ever.
    pub(super) fn limit(&self) -> Duration {
        self.clock.as_ref().and_then(|clock| clock.limit).unwrap_or(Duration::ZERO)
    }

    /// The time since the run's start, where anybody will ask.
    pub(super) fn now(&self) -> Duration {
        self.clock.as_ref().map_or(Duration::ZERO, |clock| clock.now())
    }

    /// A machine for a run that has had none.
    pub(super) fn new_machine(&self) -> Box<Machine<W::Event>> {
        let mut machine = Machine::new(W::Event::plan());
        machine.set_deadline(self.clock.as_ref().and_then(|clock| clock.limit));
        Box::new(machine)
    }
}

/// Runs `flow` on the event that opens a run.
///
/// Not an `async fn`: what is captured is used where it is, an argument would be kept twice.
pub(super) fn drive<'a, W: Workflow>(
    flow: &'a W,
    core: Arc<Core<W>>,
    start: W::Event,
    limit: Option<Duration>,
) -> impl Future<Output = Result<W::Output, RunError>> + Send + 'a {
    let mut slot = Slot::event(start);
    async move {
        let core = &core;
        if core.cancelled.load(Ordering::Acquire) {
            return Err(RunError::Cancelled);
        }
        let is_clocked = limit.is_some() || W::Event::plan().clocked;
        let clock = is_clocked.then(|| Box::new(Clock::new(limit, Duration::ZERO)));
        let mut driver = Driver { flow, core, waker: None, clock };
        let mut place = Place::chain(core);
        let mut ordered = None;
        loop {
            let next = {
                let mut rung = false;
                let mut chain = pin!(flow.dispatch(&mut slot, &place));
                let (ended, asked) = poll_fn(|cx| match poll_caught(chain.as_mut(), cx) {
                    Poll::Ready(ended) => Poll::Ready((Some(ended), driver.is_asked(&mut rung, cx))),
                    Poll::Pending if !driver.is_asked(&mut rung, cx) && driver.may_sleep(cx) => Poll::Pending,
                    Poll::Pending => Poll::Ready((None, true)),
                })
                .await;
                // One call of `fork` for each arm: a value that waits for a common one is kept in every
                // suspended run.
                match ended {
                    None => {
                        place.stop_after_this_step();
                        Ok(Box::pin(fork(&mut driver, &place, ordered, Brought::Running(chain), rung)).await)
                    }
                    Some(Ended::Exit(Exit::Paused(event))) if !asked => Err(event),
                    Some(Ended::Exit(Exit::Emitted(Emission::One(event)))) if !asked => match W::close(event)
                    {
                        Ok(output) => return Ok(output),
                        Err(event) => {
                            let ended = Ended::Exit(Exit::handed(event));
                            let brought = Brought::Ended(ended);
                            Ok(Box::pin(fork(&mut driver, &place, ordered, brought, rung)).await)
                        }
                    },
                    Some(ended) => {
                        Ok(Box::pin(fork(&mut driver, &place, ordered, Brought::Ended(ended), rung)).await)
                    }
                }
            };
            match next {
                // Its budget is spent: the same chain goes on after the others had a turn.
                Err(event) => {
                    slot = Slot::event(event);
                    place.refill();
                    yield_once().await;
                }
                Ok(Next::Lone(order)) => {
                    slot = order.slot;
                    if !place.begin(order.invocation, order.execution) {
                        place.refill();
                        yield_once().await;
                    }
                    ordered = Some(order.invocation);
                }
                Ok(Next::Over(result)) => return result,
            }
        }
    }
}

/// Runs `flow` with every transition through the machine, which stands in `core` and has been told what
/// opens the run.
#[expect(clippy::manual_async_fn, reason = "as of `drive`, and it says that it is `Send`")]
pub(super) fn drive_whole<'a, W: Workflow>(
    flow: &'a W,
    core: Arc<Core<W>>,
    limit: Option<Duration>,
    before: Duration,
) -> impl Future<Output = Result<W::Output, RunError>> + Send + 'a {
    async move {
        let core = &core;
        let clock = Some(Box::new(Clock::new(limit, before)));
        let mut driver = Driver { flow, core, waker: None, clock };
        let place = Place::chain(core);
        match Box::pin(fork(&mut driver, &place, None, Brought::Nothing, false)).await {
            Next::Over(result) => result,
            Next::Lone(_) => unreachable!("such a run has no lone chain"),
        }
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
