//! Step: one execution of one step, as a future of its own.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::Sleep;

use super::execution::Execution;
use super::span::Span;
use super::{Core, Exit, Place, Slot};
use crate::machine::InvocationId;
use crate::{Events, Workflow};

/// How an execution came to its end.
pub(super) enum Ended<E> {
    /// As the dispatch says.
    Exit(Exit<E>),
    /// By a panic.
    Panicked(String),
    /// By its own timeout.
    TimedOut(Duration),
}

impl<E> Ended<E> {
    /// By this panic.
    pub(super) fn panicked(panic: &(dyn std::any::Any + Send)) -> Self {
        Self::Panicked(message(panic))
    }
}

/// All that an execution begins with.
pub(super) struct Order<W: Workflow> {
    pub(super) invocation: InvocationId,
    pub(super) step: u16,
    pub(super) slot: Slot<W::Event>,
    pub(super) execution: Option<Arc<Execution<W::Event>>>,
    pub(super) span: Span,
    /// Whether it is the first member of a lane, which goes on with others of its batch.
    pub(super) begins_lane: bool,
}

/// One execution of one step, or of one after the other in a lane; gives which of them came to an end.
pub(super) fn one_step<'r, W: Workflow>(
    flow: &'r W,
    core: &'r Arc<Core<W>>,
    order: Order<W>,
) -> impl Future<Output = (InvocationId, Ended<W::Event>)> + Send + 'r {
    let Order { invocation, step, mut slot, execution, span, begins_lane } = order;
    // Captured, so that it is used where it is and not kept twice.
    let place = match begins_lane {
        true => Place::lane(core, invocation),
        false => Place::single(core, invocation, execution),
    };
    let mut timer = W::Event::plan().graph().steps[usize::from(step)].timeout.map(Timer::new);
    async move {
        let mut chain = pin!(flow.dispatch(&mut slot, &place));
        let ended = poll_fn(|cx| {
            // A step that has a timeout goes on by itself, even when it does nothing but wait.
            let polled = span.in_scope(|| match timer {
                Some(_) => poll_caught(chain.as_mut(), cx),
                None => poll_step(core, place.number(), chain.as_mut(), cx),
            });
            match (polled, &mut timer) {
                (Poll::Pending, Some(timer)) => timer.poll(cx).map(Ended::TimedOut),
                (polled, _) => polled,
            }
        })
        .await;
        (InvocationId { number: place.number(), ..invocation }, ended)
    }
}

/// A step's timeout, counted from the step's first poll.
struct Timer(Box<(Duration, Option<Pin<Box<Sleep>>>)>);

impl Timer {
    fn new(limit: Duration) -> Self {
        Self(Box::new((limit, None)))
    }

    /// Ready when its time is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        let (limit, sleep) = &mut *self.0;
        let sleep = sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(*limit)));
        sleep.as_mut().poll(cx).map(|()| *limit)
    }
}

/// Polls a step. While it waits for an event by `wait_for`, notes whether it does something else meanwhile:
/// then its waker is held by more than its waits, or it has asked for another turn.
///
/// A wait that is polled with another waker, as in a set of futures or a task, counts as something else:
/// nobody can see what else that waker is for.
pub(super) fn poll_step<W: Workflow, F>(
    core: &Core<W>,
    number: u64,
    mut chain: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Ended<W::Event>>
where
    F: Future<Output = Exit<W::Event>> + ?Sized,
{
    if core.open_waits(number, false) == 0 {
        return poll_caught(chain, cx);
    }
    let mut chain = pin!(poll_fn(|cx| poll_caught(chain.as_mut(), cx)));
    poll_watched(core, number, chain.as_mut(), cx).0
}

/// Polls what an execution that waits does, and notes whether it does anything else; whether it is news that
/// it does not.
pub(super) fn poll_watched<W: Workflow, F: Future>(
    core: &Core<W>,
    number: u64,
    future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> (Poll<F::Output>, bool) {
    let (polled, only_waits) =
        poll_counted(future, cx, |waker| core.with_waiting(|waiting| waiting.holding(number, waker)));
    let is_news = polled.is_pending() && core.with_waiting(|waiting| waiting.note(number, only_waits));
    (polled, is_news)
}

/// Polls with a waker whose copies are counted; whether nothing but so many waits hold one.
pub(super) fn poll_counted<F: Future>(
    future: Pin<&mut F>,
    cx: &mut Context<'_>,
    held_by_waits: impl FnOnce(&Waker) -> usize,
) -> (Poll<F::Output>, bool) {
    let counted = Arc::new(Counted { waker: cx.waker().clone(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&counted));
    let polled = future.poll(&mut Context::from_waker(&waker));
    if polled.is_ready() {
        return (polled, false);
    }
    let held_by_waits = held_by_waits(&waker);
    drop(waker);
    let is_held_by_others = Arc::strong_count(&counted) > 1 + held_by_waits;
    // Who let go of a copy by then has woken the step before that.
    fence(Ordering::Acquire);
    let is_woken = counted.woken.load(Ordering::Relaxed);
    (polled, held_by_waits > 0 && !is_held_by_others && !is_woken)
}

/// A waker whose copies can be counted, and that knows whether it was used.
struct Counted {
    waker: Waker,
    woken: AtomicBool,
}

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.waker.wake_by_ref();
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
        Err(panic) => Poll::Ready(Ended::panicked(&*panic)),
    }
}

/// What a panic said.
pub(super) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "the panic carries no text".to_owned(),
    }
}
