//! Wait: a step that waits in its middle for an event.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use super::lone::Opened;
use super::{Core, Execution, Inbound};
use crate::machine::{Token, Waited};
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
type Wish<E> = Arc<dyn Fn(&E) -> bool + Send + Sync>;

struct Pending<'c, W: Workflow, E> {
    context: &'c Context<W>,
    wish: Option<Wish<W::Event>>,
    phase: Phase,
    event: PhantomData<fn() -> E>,
}

#[derive(Clone, Copy)]
enum Phase {
    New,
    Waiting {
        wait: u64,
        index: u32,
    },
    /// Its answer is on record, and is given with the next poll.
    Recorded {
        index: u32,
    },
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
        self.pending.wish = Some(Arc::new(move |event| W::Event::peek(event).is_some_and(&wish)));
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
        if let Phase::New = self.phase {
            self.begin(cx, timeout);
        } else if let Phase::Recorded { index } = self.phase {
            self.phase = Phase::Over;
            return Poll::Ready(self.on_record(index));
        }
        let Phase::Waiting { wait, .. } = self.phase else {
            return Poll::Pending;
        };
        match self.context.core().poll_wait(wait, cx) {
            Some(answered) => {
                self.phase = Phase::Over;
                match answered.answer {
                    Answer::Event(event) => Poll::Ready(Carries::unwrap(event)),
                    Answer::TimedOut => Poll::Ready(None),
                    Answer::Panicked(panic) => resume_unwind(panic),
                }
            }
            None => Poll::Pending,
        }
    }

    /// What is on record for this wait of a step that has started again.
    fn on_record(&self, index: u32) -> Option<E> {
        let recorded = self.context.execution().and_then(|execution| execution.recorded_wait(index));
        let Some(Waited::Got(event)) = recorded else {
            return None;
        };
        let name = |kind: u16| W::graph().event_name(kind);
        let (wanted, found) = (name(<W::Event as Carries<E>>::kind()), name(event.kind()));
        let event = Carries::unwrap(event);
        assert!(
            event.is_some(),
            "the step has started again and waits for `{wanted}`, where it had waited for `{found}` before: let it \
             wait in the same order each time, with `biased;` in a `tokio::select!`"
        );
        event
    }

    /// Begins to wait, unless the answer is on record. That is not given at once, because it was not when the step
    /// waited first: what it does beside the wait begins before.
    fn begin(&mut self, cx: &TaskContext<'_>, timeout: Option<Duration>) {
        let context = self.context;
        if context.is_abandoned() {
            return;
        }
        let event = <W::Event as Carries<E>>::kind();
        context.expect_wait_is_declared(event);
        let (index, on_record) = context.execution().map_or((0, None), Execution::next_wait);
        if let Some(Waited::Got(_) | Waited::TimedOut) = on_record {
            self.phase = Phase::Recorded { index };
            return cx.waker().wake_by_ref();
        }
        let invocation = context.invocation_id();
        let opened = Opened { invocation, index, timeout, is_apart: context.is_apart() };
        let wait = Wait::new(invocation.number, event, self.wish.take());
        let (wait, is_lone) = context.core().begin_wait(&opened, wait);
        self.phase = Phase::Waiting { wait, index };
        if !is_lone {
            // Polled once more, the driver sees whether the step does something else meanwhile.
            cx.waker().wake_by_ref();
        }
    }
}

impl<W: Workflow, E> Drop for Pending<'_, W, E> {
    fn drop(&mut self) {
        let (core, step) = (self.context.core(), self.context.place());
        if let Phase::Recorded { index } = self.phase
            && let Some(execution) = self.context.execution()
            && let Some(Waited::Got(event)) = execution.recorded_wait(index)
            && !self.context.is_abandoned()
        {
            let (invocation, unread) = (self.context.invocation_id(), Some(event));
            core.receive(Inbound::WaitDropped { invocation, step, index, wait: u64::MAX, unread });
        }
        if let Phase::Waiting { wait, index } = self.phase
            && let Some((forgotten, is_known)) = core.forget_wait(wait)
        {
            let (invocation, unread) = (self.context.invocation_id(), forgotten.unread());
            if is_known || unread.is_some() {
                core.receive(Inbound::WaitDropped { invocation, step, index, wait, unread });
            }
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

/// The answer to a wait, with what is left of the wait: its own function is dropped under no lock.
pub(super) struct Answered<E> {
    pub(super) answer: Answer<E>,
    pub(super) _wait: Option<Wait<E>>,
}

/// The steps of a run that wait.
pub(super) struct Waiting<E> {
    next: u64,
    waits: HashMap<u64, Wait<E>>,
    /// Those that have waits open.
    executions: HashMap<u64, WaitsOf>,
    /// How many of them do something else meanwhile.
    busy: usize,
}

/// What one execution waits for.
struct WaitsOf {
    open: Vec<u64>,
    /// Whether it does nothing else.
    are_all: bool,
    /// It runs apart, so that nobody but itself knows what else it does.
    is_apart: bool,
}

pub(super) struct Wait<E> {
    /// The execution that waits.
    pub(super) number: u64,
    pub(super) event: u16,
    wish: Option<Wish<E>>,
    pub(super) answer: Option<Answer<E>>,
    waker: Option<Waker>,
}

pub(super) enum Answer<E> {
    Event(E),
    TimedOut,
    /// The step's own function has panicked; the panic is the step's.
    Panicked(Box<dyn std::any::Any + Send>),
}

impl<E> Default for Waiting<E> {
    fn default() -> Self {
        Self { next: 0, waits: HashMap::new(), executions: HashMap::new(), busy: 0 }
    }
}

impl<E> Waiting<E> {
    /// The name of the wait that begins next.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn begin(&mut self, wait: Wait<E>, is_apart: bool) -> u64 {
        let name = self.next;
        self.next += 1;
        let execution = self.executions.entry(wait.number).or_insert_with(|| {
            self.busy += 1;
            WaitsOf { open: Vec::new(), are_all: false, is_apart }
        });
        execution.open.push(name);
        self.waits.insert(name, wait);
        name
    }

    /// The answer, once there is one, with what is left of the wait: its own function is dropped by the caller,
    /// under no lock.
    pub(super) fn poll(&mut self, name: u64, cx: &TaskContext<'_>) -> Option<Answered<E>> {
        let answer = self.waits.get_mut(&name)?.poll(cx)?;
        Some(Answered { answer, _wait: self.forget(name) })
    }

    /// Gives it back, if it was still open.
    pub(super) fn forget(&mut self, name: u64) -> Option<Wait<E>> {
        let wait = self.waits.remove(&name)?;
        if let Some(execution) = self.executions.get_mut(&wait.number) {
            execution.open.retain(|open| *open != name);
            if execution.open.is_empty() {
                self.busy -= usize::from(!execution.are_all);
                self.executions.remove(&wait.number);
            }
        }
        Some(wait)
    }

    /// Gives the wait what it waited for, or tells it that its time is over. An event for a wait that is gone
    /// comes back.
    pub(super) fn answer(&mut self, name: u64, event: Option<E>) -> Option<E> {
        if !self.waits.contains_key(&name) {
            return event;
        }
        self.answer_with(name, event.map_or(Answer::TimedOut, Answer::Event));
        None
    }

    fn answer_with(&mut self, name: u64, answer: Answer<E>) {
        if let Some(wait) = self.waits.get_mut(&name) {
            wait.answer.get_or_insert(answer);
            if let Some(waker) = wait.waker.take() {
                waker.wake();
            }
            let number = wait.number;
            self.note(number, false);
        }
    }

    /// What the execution waits for, when it does nothing else; of several the first that it began with.
    pub(super) fn only_waits_for(&self, number: u64) -> Option<u16> {
        let execution = self.executions.get(&number).filter(|execution| execution.are_all)?;
        execution.open.first().and_then(|name| self.waits.get(name)).map(|wait| wait.event)
    }

    /// How many waits the execution has open, if it runs apart from its run, or if it does not.
    pub(super) fn open(&self, number: u64, is_apart: bool) -> usize {
        let execution = self.executions.get(&number).filter(|execution| execution.is_apart == is_apart);
        execution.map_or(0, |execution| execution.open.len())
    }

    /// How many waits of the execution hold the waker. Those of a step that runs on a task of its own, or in
    /// a set of futures, hold another: what else there holds it is not known.
    pub(super) fn holding(&self, number: u64, waker: &Waker) -> usize {
        let open = self.executions.get(&number).into_iter().flat_map(|execution| &execution.open);
        let wakers = open.filter_map(|name| self.waits.get(name)?.waker.as_ref());
        wakers.filter(|held| held.will_wake(waker)).count()
    }

    /// Notes whether the execution does nothing but wait; whether it is news that it does nothing else.
    pub(super) fn note(&mut self, number: u64, only_waits: bool) -> bool {
        let Some(execution) = self.executions.get_mut(&number) else {
            return false;
        };
        let before = std::mem::replace(&mut execution.are_all, only_waits);
        self.busy += usize::from(!only_waits);
        self.busy -= usize::from(!before);
        only_waits && !before
    }

    /// Whether all that have waits open do nothing else.
    pub(super) fn are_all(&self) -> bool {
        self.busy == 0
    }
}

impl<E> Wait<E> {
    fn new(number: u64, event: u16, wish: Option<Wish<E>>) -> Self {
        Self { number, event, wish, answer: None, waker: None }
    }

    /// The answer, if it is there; else leaves the waker.
    pub(super) fn poll(&mut self, cx: &TaskContext<'_>) -> Option<Answer<E>> {
        let answer = self.answer.take();
        if answer.is_none() {
            self.waker = Some(cx.waker().clone());
        }
        answer
    }

    /// Whether it waits still, and wants every such event.
    pub(super) fn takes_any(&self, event: u16) -> bool {
        self.event == event && self.wish.is_none() && self.answer.is_none()
    }

    /// The waker, if it is that one.
    pub(super) fn take_waker(&mut self, waker: &Waker) -> Option<Waker> {
        self.waker.take_if(|held| held.will_wake(waker))
    }

    /// The event that it got and did not give to its step.
    fn unread(self) -> Option<E> {
        match self.answer {
            Some(Answer::Event(event)) => Some(event),
            Some(Answer::TimedOut | Answer::Panicked(_)) | None => None,
        }
    }
}

/// Whether the wait wants the event. The step's own function is asked under no lock, so that it may look at
/// the run; a panic of it is an answer to the wait.
pub(super) fn wants<W: Workflow>(core: &Core<W>, wait: u64, event: &W::Event) -> bool {
    let open = core.with_waiting(|waiting| {
        let wait = waiting.waits.get(&wait).filter(|wait| wait.answer.is_none())?;
        Some(wait.wish.clone())
    });
    let Some(Some(wish)) = open else {
        return open.is_some();
    };
    match catch_unwind(AssertUnwindSafe(|| wish(event))) {
        Ok(wants) => wants,
        Err(panic) => {
            core.with_waiting(|waiting| waiting.answer_with(wait, Answer::Panicked(panic)));
            false
        }
    }
}
