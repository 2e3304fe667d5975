//! Wait: a step that waits in its middle for an event.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use super::{Core, Execution, Inbound};
use crate::machine::Waited;
use crate::{Carries, Context, Waits, Workflow};

/// The future of [`Context::wait_for`]: gives the event.
///
/// # Cancel safety
///
/// Dropped before it is ready, it takes no event: the next wait, or the next step, gets it.
#[must_use = "a wait does nothing until it is awaited"]
pub struct WaitFor<'c, W: Workflow, E> {
    pending: Pending<'c, W, E>,
}

/// The future of [`WaitFor::timeout`]: gives the event, or says that it did not come.
///
/// # Cancel safety
///
/// That of [`WaitFor`].
#[must_use = "a wait does nothing until it is awaited"]
pub struct WaitForAtMost<'c, W: Workflow, E> {
    pending: Pending<'c, W, E>,
    timeout: Duration,
}

/// The event did not come in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no `{event}` came within {timeout:?}")]
#[non_exhaustive]
pub struct WaitTimedOut {
    /// The event that was waited for.
    pub event: &'static str,
    /// How long.
    pub timeout: Duration,
}

/// Whether a wait wants an event.
pub(crate) type Wish<E> = Box<dyn Fn(&E) -> bool + Send + Sync>;

struct Pending<'c, W: Workflow, E> {
    context: &'c Context<W>,
    wish: Option<Wish<W::Event>>,
    phase: Phase,
    event: PhantomData<fn() -> E>,
}

#[derive(Clone, Copy)]
enum Phase {
    New,
    Waiting(u64),
    Over,
}

impl<'c, W: Workflow, E> WaitFor<'c, W, E>
where
    W::Event: Waits<E>,
{
    pub(crate) fn new(context: &'c Context<W>) -> Self {
        Self { pending: Pending { context, wish: None, phase: Phase::New, event: PhantomData } }
    }

    /// Waits for an event for which this holds; others are left to whoever else wants them.
    pub fn matching(mut self, wish: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        self.pending.wish = Some(Box::new(move |event| W::Event::peek(event).is_some_and(&wish)));
        self
    }

    /// Waits for so long at most, and gives [`WaitTimedOut`] then.
    pub fn timeout(self, timeout: Duration) -> WaitForAtMost<'c, W, E> {
        WaitForAtMost { pending: self.pending, timeout }
    }
}

impl<W: Workflow, E> Pending<'_, W, E>
where
    W::Event: Waits<E>,
{
    /// Ready with nothing when the time is over.
    fn poll(&mut self, cx: &TaskContext<'_>, timeout: Option<Duration>) -> Poll<Option<E>> {
        if let Phase::New = self.phase
            && let Some(answered) = self.begin(cx, timeout)
        {
            return Poll::Ready(answered);
        }
        let Phase::Waiting(wait) = self.phase else {
            return Poll::Pending;
        };
        match self.context.core().with_waiting(|waiting| waiting.poll(wait, cx)) {
            Some(answer) => {
                self.phase = Phase::Over;
                match answer {
                    Answer::Event(event) => Poll::Ready(Carries::unwrap(event)),
                    Answer::TimedOut => Poll::Ready(None),
                    Answer::Panicked(panic) => resume_unwind(panic),
                }
            }
            None => Poll::Pending,
        }
    }

    /// Begins to wait, unless the answer is on record.
    fn begin(&mut self, cx: &TaskContext<'_>, timeout: Option<Duration>) -> Option<Option<E>> {
        let context = self.context;
        if context.is_abandoned() {
            return None;
        }
        let event = <W::Event as Carries<E>>::kind();
        context.expect_wait_is_declared(event);
        let (index, on_record) = context.execution().map_or((0, None), Execution::next_wait);
        match on_record {
            Some(Waited::Got(event)) => {
                self.phase = Phase::Over;
                return Some(Carries::unwrap(event));
            }
            Some(Waited::TimedOut) => {
                self.phase = Phase::Over;
                return Some(None);
            }
            Some(Waited::Open(_)) | None => (),
        }
        let invocation = context.invocation_id();
        let wish = self.wish.take();
        let wait =
            context.core().with_waiting(|waiting| waiting.begin(invocation.number, wish, context.is_apart()));
        self.phase = Phase::Waiting(wait);
        context.core().receive(Inbound::Waits { invocation, wait, index, event, timeout });
        // Polled once more, the driver sees whether the step does something else meanwhile.
        cx.waker().wake_by_ref();
        None
    }
}

impl<W: Workflow, E> Drop for Pending<'_, W, E> {
    fn drop(&mut self) {
        if let Phase::Waiting(wait) = self.phase
            && self.context.core().with_waiting(|waiting| waiting.forget(wait))
        {
            self.context.core().receive(Inbound::WaitDropped { wait });
        }
    }
}

impl<W: Workflow, E> Unpin for Pending<'_, W, E> {}

impl<W: Workflow, E> Future for WaitFor<'_, W, E>
where
    W::Event: Waits<E>,
{
    type Output = E;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<E> {
        match self.pending.poll(cx, None) {
            Poll::Ready(Some(event)) => Poll::Ready(event),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl<W: Workflow, E> Future for WaitForAtMost<'_, W, E>
where
    W::Event: Waits<E>,
{
    type Output = Result<E, WaitTimedOut>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let timeout = self.timeout;
        self.pending.poll(cx, Some(timeout)).map(|event| {
            let name = W::graph().event_name(<W::Event as Carries<E>>::kind());
            event.ok_or(WaitTimedOut { event: name, timeout })
        })
    }
}

/// The steps of a run that wait.
pub(super) struct Waiting<E> {
    next: u64,
    waits: BTreeMap<u64, Wait<E>>,
    /// Those that have waits open.
    executions: BTreeMap<u64, Waiter>,
    /// How many of them do something else meanwhile.
    busy: usize,
}

/// An execution that waits.
struct Waiter {
    open: usize,
    only_waits: bool,
    /// It runs apart, so that nobody but itself knows what else it does.
    is_apart: bool,
}

struct Wait<E> {
    number: u64,
    wish: Option<Wish<E>>,
    answer: Option<Answer<E>>,
    waker: Option<Waker>,
}

enum Answer<E> {
    Event(E),
    TimedOut,
    /// The step's own function has panicked; the panic is the step's.
    Panicked(Box<dyn std::any::Any + Send>),
}

impl<E> Wait<E> {
    /// Whether it wants the event. A panic of the step's own function is an answer to it.
    fn wants(&mut self, event: &E) -> bool {
        let Some(wish) = &self.wish else {
            return true;
        };
        match catch_unwind(AssertUnwindSafe(|| wish(event))) {
            Ok(wants) => wants,
            Err(panic) => {
                self.answer = Some(Answer::Panicked(panic));
                if let Some(waker) = self.waker.take() {
                    waker.wake();
                }
                false
            }
        }
    }
}

impl<E> Default for Waiting<E> {
    fn default() -> Self {
        Self { next: 0, waits: BTreeMap::new(), executions: BTreeMap::new(), busy: 0 }
    }
}

impl<E> Waiting<E> {
    fn begin(&mut self, number: u64, wish: Option<Wish<E>>, is_apart: bool) -> u64 {
        let name = self.next;
        self.next += 1;
        self.waits.insert(name, Wait { number, wish, answer: None, waker: None });
        let waiter = self.executions.entry(number).or_insert_with(|| {
            self.busy += 1;
            Waiter { open: 0, only_waits: false, is_apart }
        });
        waiter.open += 1;
        name
    }

    fn poll(&mut self, name: u64, cx: &TaskContext<'_>) -> Option<Answer<E>> {
        let wait = self.waits.get_mut(&name)?;
        if let Some(answer) = wait.answer.take() {
            self.forget(name);
            return Some(answer);
        }
        wait.waker = Some(cx.waker().clone());
        None
    }

    /// Whether it was still open.
    fn forget(&mut self, name: u64) -> bool {
        let Some(wait) = self.waits.remove(&name) else {
            return false;
        };
        if let Some(waiter) = self.executions.get_mut(&wait.number) {
            waiter.open -= 1;
            if waiter.open == 0 {
                self.busy -= usize::from(!waiter.only_waits);
                self.executions.remove(&wait.number);
            }
        }
        true
    }

    /// Whether the wait wants the event.
    pub(super) fn wants(&mut self, name: u64, event: &E) -> bool {
        self.waits.get_mut(&name).is_some_and(|wait| wait.wants(event))
    }

    /// The oldest wait of each step that wants the event. Both lists are by age, so none is searched for.
    pub(super) fn wanting(&mut self, waits: &[(u64, u16)], event: &E) -> Vec<u64> {
        let (mut served, mut wanting) = (Vec::new(), Vec::new());
        let mut asked = waits.iter().peekable();
        for (name, wait) in &mut self.waits {
            while asked.next_if(|(known, _)| known < name).is_some() {}
            if let Some((_, step)) = asked.next_if(|(known, _)| known == name)
                && !served.contains(step)
                && wait.wants(event)
            {
                served.push(*step);
                wanting.push(*name);
            }
        }
        wanting
    }

    /// Gives the wait what it waited for, or tells it that its time is over.
    pub(super) fn answer(&mut self, name: u64, event: Option<E>) {
        if let Some(wait) = self.waits.get_mut(&name) {
            wait.answer.get_or_insert(event.map_or(Answer::TimedOut, Answer::Event));
            if let Some(waker) = wait.waker.take() {
                waker.wake();
            }
        }
    }

    /// How many waits the execution has open; none for one that runs apart.
    pub(super) fn open(&self, number: u64) -> usize {
        self.executions.get(&number).filter(|waiter| !waiter.is_apart).map_or(0, |waiter| waiter.open)
    }

    /// Notes whether the execution does nothing but wait.
    pub(super) fn note(&mut self, number: u64, only_waits: bool) {
        if let Some(waiter) = self.executions.get_mut(&number) {
            self.busy += usize::from(!only_waits);
            self.busy -= usize::from(!waiter.only_waits);
            waiter.only_waits = only_waits;
        }
    }

    /// The same of an execution that runs apart, whose waker is held by so many; whether it is news that it
    /// does nothing but wait.
    fn note_apart(&mut self, number: u64, held: usize) -> bool {
        let Some(Waiter { open, only_waits, is_apart: true }) = self.executions.get(&number) else {
            return false;
        };
        let (did, does) = (*only_waits, held <= *open);
        self.note(number, does);
        does && !did
    }

    /// Whether all that have waits open do nothing else.
    pub(super) fn are_all(&self) -> bool {
        self.busy == 0
    }
}

impl<W: Workflow> Core<W> {
    /// Notes that the waker of an execution that runs apart is held by so many; whether it is news that it
    /// does nothing but wait.
    pub(super) fn note_waits_apart(&self, number: u64, held: usize) -> bool {
        self.if_rest(|rest| rest.waiting.note_apart(number, held)).unwrap_or(false)
    }
}
