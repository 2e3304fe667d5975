//! Drive: one run from its first event to its end.
//!
//! A lone chain of steps is polled in place, in the driver's own future, with the task's own waker: no
//! queue, no set, no allocation. A fork, or anybody who asks, takes it to the machine.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::fork::{Brought, Next, fork};
use super::{Core, Exit, Place, Slot};
use crate::machine::{Input, Machine};
use crate::{Emission, Events, RunError, Workflow};

/// How a chain came back: as the dispatch says, or by a panic.
pub(super) enum Ended<E> {
    Exit(Exit<E>),
    Panicked(String),
}

/// What the driver of one run keeps from one phase to the next.
pub(super) struct Driver<'a, W: Workflow> {
    pub(super) flow: &'a W,
    pub(super) core: &'a Arc<Core<W>>,
    machine: Option<Box<Machine<W::Event>>>,
    waker: Option<Waker>,
    timer: Option<Pin<Box<Timer>>>,
}

/// The run's own timeout.
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    started: Instant,
    limit: Duration,
}

impl Timer {
    fn new(limit: Duration) -> Self {
        Self { sleep: Box::pin(tokio::time::sleep(limit)), started: Instant::now(), limit }
    }
}

impl<W: Workflow> Driver<'_, W> {
    /// Whether the run's time is over.
    pub(super) fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        self.timer.as_mut().is_some_and(|timer| timer.sleep.as_mut().poll(cx).is_ready())
    }

    /// Whether somebody wants the driver, or the time is over.
    fn is_asked(&mut self, cx: &mut Context<'_>) -> bool {
        self.core.attention.load(Ordering::Relaxed) || self.poll_timer(cx)
    }

    /// Whether the driver may sleep: nobody has asked, and the time is not over.
    pub(super) fn may_sleep(&mut self, cx: &mut Context<'_>) -> bool {
        !self.poll_timer(cx) && self.core.may_sleep(&mut self.waker, cx)
    }

    /// The run's machine, made when it is first asked for.
    pub(super) fn machine(&mut self) -> &mut Machine<W::Event> {
        let limit = self.timer.as_ref().map(|timer| timer.limit);
        self.machine.get_or_insert_with(|| {
            let mut machine = Machine::new(W::Event::plan());
            machine.set_deadline(limit);
            Box::new(machine)
        })
    }

    /// Tells the machine a fact.
    pub(super) fn tell(&mut self, fact: Input<W::Event>) {
        let now = self.now();
        self.machine().handle_input(now, fact);
    }

    /// How long the run may take; zero for ever.
    pub(super) fn limit(&self) -> Duration {
        self.timer.as_ref().map_or(Duration::ZERO, |timer| timer.limit)
    }

    /// The time since the run's start, where anybody will ask.
    fn now(&self) -> Duration {
        self.timer.as_ref().map_or(Duration::ZERO, |timer| timer.started.elapsed())
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
        let timer = limit.map(|limit| Box::pin(Timer::new(limit)));
        let mut driver = Driver { flow, core, machine: None, waker: None, timer };
        let place = Place::chain(core);
        let mut ordered = None;
        loop {
            let next = {
                let mut chain = pin!(flow.dispatch(&mut slot, &place));
                let (ended, asked) = poll_fn(|cx| match poll_caught(chain.as_mut(), cx) {
                    Poll::Ready(ended) => Poll::Ready((Some(ended), driver.is_asked(cx))),
                    Poll::Pending if driver.may_sleep(cx) => Poll::Pending,
                    Poll::Pending => Poll::Ready((None, true)),
                })
                .await;
                // One call of `fork` for each arm: a value that waits for a common one is kept in every
                // suspended run.
                match ended {
                    None => {
                        place.stop_after_this_step();
                        Ok(Box::pin(fork(&mut driver, &place, ordered, Brought::Running(chain))).await)
                    }
                    Some(Ended::Exit(Exit::Paused(event))) if !asked => Err(event),
                    Some(Ended::Exit(Exit::Emitted(Emission::One(event)))) if !asked => match W::close(event)
                    {
                        Ok(output) => return Ok(output),
                        Err(event) => {
                            let ended = Ended::Exit(Exit::handed(event));
                            Ok(Box::pin(fork(&mut driver, &place, ordered, Brought::Ended(ended))).await)
                        }
                    },
                    Some(ended) => {
                        Ok(Box::pin(fork(&mut driver, &place, ordered, Brought::Ended(ended))).await)
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
                Ok(Next::Lone(invocation, given)) => {
                    slot = given;
                    if !place.begin(invocation.number) {
                        place.refill();
                        yield_once().await;
                    }
                    ordered = Some(invocation);
                }
                Ok(Next::Over(result)) => return result,
            }
        }
    }
}

/// Polls a chain; a panic in a step is an end of that chain, not of the task.
pub(super) fn poll_caught<F, E>(chain: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Ended<E>>
where
    F: Future<Output = Exit<E>> + ?Sized,
{
    match catch_unwind(AssertUnwindSafe(|| chain.poll(cx))) {
        Ok(Poll::Ready(exit)) => Poll::Ready(Ended::Exit(exit)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => Poll::Ready(Ended::Panicked(message(&*panic))),
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "the panic carries no text".to_owned(),
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
