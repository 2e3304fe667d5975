//! Task: a run on a tokio task of its own.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;

use super::run::{NOT_RECORDED, Parts};
use super::snapshot::Written;
use super::span::in_current_span;
use super::{Buffer, Core, EventStream, ResumeError, Run, RunHandle, Snapshot, SnapshotError};
use crate::journal::Journal;
use crate::{Receives, Recording, RunError, SendError, Workflow};

/// A run that goes on by itself: a future of the result and a stream of what is published, as [`Run`] is.
///
/// Made by [`Workflow::start`]. Dropping it cancels the run.
pub struct RunTask<W: Workflow> {
    core: Arc<Core<W>>,
    task: JoinHandle<Result<W::Output, RunError>>,
    /// The reader behind [`RunTask::next`], made when that is first called.
    reader: Option<EventStream<W>>,
}

impl<W: Workflow + 'static> RunTask<W> {
    pub(crate) fn spawn(
        flow: Arc<W>,
        input: W::Input,
        set_up: impl for<'r> FnOnce(Run<'r, W>) -> Run<'r, W>,
    ) -> Self {
        let run = set_up(Run::new(&flow, input));
        let core = Arc::clone(run.core());
        let parts = run.into_parts();
        Self::on_a_task(flow, core, parts)
    }

    /// Goes on with a run that was written down.
    pub(crate) fn resume(flow: Arc<W>, snapshot: Snapshot) -> Result<Self, ResumeError> {
        let run = Run::resume(&*flow, snapshot)?;
        let core = Arc::clone(run.core());
        let parts = run.into_parts();
        Ok(Self::on_a_task(flow, core, parts))
    }

    /// Goes on with a run that is in a journal.
    pub(crate) fn recorded(
        flow: Arc<W>,
        journal: Arc<dyn Journal>,
        id: String,
        set_up: impl for<'r> FnOnce(Run<'r, W>) -> Run<'r, W>,
    ) -> Self {
        let run = set_up(Run::recorded(&*flow, journal, id));
        let core = Arc::clone(run.core());
        let parts = run.into_parts();
        Self::on_a_task(flow, core, parts)
    }

    fn on_a_task(flow: Arc<W>, core: Arc<Core<W>>, parts: Result<Parts<W>, RunError>) -> Self {
        let driven = Closing(Arc::clone(&core));
        let task = tokio::spawn(in_current_span(async move {
            let driven = driven;
            Run::of_parts(&*flow, Arc::clone(&driven.0), parts?).await
        }));
        Self { core, task, reader: None }
    }
}

/// Closes the run when its task ends, be it because the runtime is shut down.
struct Closing<W: Workflow>(Arc<Core<W>>);

impl<W: Workflow> Drop for Closing<W> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<W: Workflow> RunTask<W> {
    /// How many published events the run keeps from now on, and what gives way when they are too many;
    /// without it, the oldest of more than 4,096 are dropped.
    ///
    /// The run goes on meanwhile, and no reader holds it before it is there: what it drops until then is in
    /// the reader's [`dropped`](EventStream::dropped). A [`Run`] has its readers before it begins.
    #[must_use = "dropping a task cancels its run"]
    pub fn buffer(self, buffer: Buffer) -> Self {
        self.core.with_log(|log| log.set_buffer(buffer));
        self
    }

    /// A handle to send it events and to cancel it.
    #[must_use]
    pub fn handle(&self) -> RunHandle<W> {
        RunHandle::new(Arc::clone(&self.core))
    }

    /// A reader of what the run publishes, from the beginning as far as the buffer reaches.
    pub fn events(&self) -> EventStream<W> {
        EventStream::new(Arc::clone(&self.core))
    }

    /// The run as it is now, to go on with it by [`Workflow::resume`]. The run itself goes on too, unless the
    /// task is dropped. It waits for the poll that the run is at, so a step of the run itself must not call it.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] when the run was not started as [`resumable`](Run::resumable), is over, or holds what
    /// cannot be written down, which the error names.
    pub fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        Written::of(&self.core).map(Snapshot::of::<W>)
    }

    /// Sends the run an event that it `receives`; any other does not compile, or is an error where the
    /// steps are free functions.
    ///
    /// # Errors
    ///
    /// [`SendError::Over`] when the run has ended; [`SendError::NotReceived`] and [`SendError::Gathered`].
    pub fn send<E>(&self, event: E) -> Result<(), SendError>
    where
        W::Event: Receives<E>,
    {
        self.handle().send(event)
    }

    /// Ends the run with [`RunError::Cancelled`] as soon as its running steps come to an await.
    pub fn cancel(&self) {
        self.core.cancel();
    }

    /// The next published event; `None` when the run is over and all was read.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when this is dropped before it is ready.
    pub async fn next(&mut self) -> Option<W::Event> {
        self.reader().next().await
    }

    /// How many published events were dropped before [`RunTask::next`] came to them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.reader.as_ref().map_or_else(|| self.core.dropped(), EventStream::dropped)
    }

    /// What the run has done so far, or until its end: it was begun by
    /// `flow.start_with(input, |run| run.record())`.
    ///
    /// # Panics
    ///
    /// When it is not recorded.
    #[must_use]
    pub fn recording(&self) -> Recording {
        self.core.recording().expect(NOT_RECORDED)
    }

    /// Whether nothing runs and the run waits for an event from outside.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.core.idle.load(Ordering::Acquire)
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.core.over.load(Ordering::Acquire)
    }

    /// The state as the run has left it, so that another run can go on with it. A run that is not over is
    /// cancelled.
    #[must_use]
    pub fn into_state(self) -> W::State {
        std::mem::take(&mut *self.core.state())
    }

    /// The task's own reader, which the run waits for from now on.
    fn reader(&mut self) -> &mut EventStream<W> {
        let reader = self.reader.get_or_insert_with(|| EventStream::new(Arc::clone(&self.core)));
        reader.set_holds(true);
        reader
    }
}

impl<W: Workflow> Unpin for RunTask<W> {}

impl<W: Workflow> Future for RunTask<W> {
    type Output = Result<W::Output, RunError>;

    /// # Panics
    ///
    /// When it is polled again after it gave its result, or when the run itself panicked: see [`Run`].
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Who awaits the result reads nothing meanwhile, so the run must not wait for that.
        if let Some(reader) = &mut self.reader {
            reader.set_holds(false);
        }
        Pin::new(&mut self.task).poll(cx).map(|joined| {
            joined.unwrap_or_else(|error| match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(RunError::Cancelled),
            })
        })
    }
}

impl<W: Workflow> futures_core::Stream for RunTask<W> {
    type Item = W::Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<W::Event>> {
        self.reader().poll(cx)
    }
}

impl<W: Workflow> Drop for RunTask<W> {
    fn drop(&mut self) {
        // Closed first: a run with a journal was not cancelled by that, and is left as it is.
        self.core.close();
        self.core.cancelled.store(true, Ordering::Release);
        self.task.abort();
    }
}

impl<W: Workflow> std::fmt::Debug for RunTask<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunTask").field("workflow", &W::NAME).finish_non_exhaustive()
    }
}
