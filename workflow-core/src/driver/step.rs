//! Step: one execution of one step, as a future of its own.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::execution::Execution;
use super::{Core, Exit, Place, Slot};
use crate::Workflow;
use crate::machine::InvocationId;

/// How an execution came to its end.
pub(super) enum Ended<E> {
    /// As the dispatch says.
    Exit(Exit<E>),
    /// By a panic.
    Panicked(String),
    /// By its own timeout.
    TimedOut(Duration),
}

/// All that an execution begins with.
pub(super) struct Order<W: Workflow> {
    pub(super) invocation: InvocationId,
    pub(super) step: u16,
    pub(super) slot: Slot<W::Event>,
    pub(super) execution: Option<Arc<Execution<W::Event>>>,
}

/// One execution of one step.
pub(super) fn one_step<'r, W: Workflow>(
    flow: &'r W,
    core: &'r Arc<Core<W>>,
    order: Order<W>,
) -> impl Future<Output = (InvocationId, Ended<W::Event>)> + Send + 'r {
    let Order { invocation, step, mut slot, execution } = order;
    async move {
        let place = Place::single(core, invocation, execution);
        let mut chain = pin!(flow.dispatch(&mut slot, &place));
        let limit = W::graph().steps[usize::from(step)].timeout;
        let mut timer = limit.map(|limit| Box::pin(tokio::time::sleep(limit)));
        let ended = poll_fn(|cx| {
            if let Poll::Ready(ended) = poll_step(core, invocation.number, chain.as_mut(), cx) {
                return Poll::Ready(ended);
            }
            let is_late = timer.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
            match limit {
                Some(limit) if is_late => Poll::Ready(Ended::TimedOut(limit)),
                _ => Poll::Pending,
            }
        })
        .await;
        (invocation, ended)
    }
}

/// Polls a step. While it waits for an event by `wait_for`, notes whether it does something else meanwhile:
/// then its waker is held by more than its waits.
pub(super) fn poll_step<W: Workflow, F>(
    core: &Core<W>,
    number: u64,
    mut chain: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Ended<W::Event>>
where
    F: Future<Output = Exit<W::Event>> + ?Sized,
{
    let waits = || core.if_rest(|rest| rest.waiting.open(number)).unwrap_or(0);
    if waits() == 0 {
        return poll_caught(chain, cx);
    }
    let mut chain = pin!(poll_fn(|cx| poll_caught(chain.as_mut(), cx)));
    let (polled, held) = poll_counted(chain.as_mut(), cx);
    if polled.is_pending() {
        let only_waits = held <= waits();
        core.with_waiting(|waiting| waiting.note(number, only_waits));
    }
    polled
}

/// Polls a future, and counts how many hold its waker afterwards.
pub(super) fn poll_counted<F: Future>(future: Pin<&mut F>, cx: &mut Context<'_>) -> (Poll<F::Output>, usize) {
    let counted = Arc::new(Counted(cx.waker().clone()));
    let waker = Waker::from(Arc::clone(&counted));
    let polled = future.poll(&mut Context::from_waker(&waker));
    drop(waker);
    (polled, Arc::strong_count(&counted) - 1)
}

/// A waker whose copies can be counted.
struct Counted(Waker);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
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

/// What a panic said.
pub(super) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "the panic carries no text".to_owned(),
    }
}
