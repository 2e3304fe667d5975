//! Task: a run on a tokio task of its own.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;

use super::drive::drive;
use super::{Core, RunHandle};
use crate::{Receives, RunError, SendError, Workflow};

/// A run that goes on by itself: a future of the result and a stream of what is published, as [`Run`](super::Run) is.
///
/// Made by [`Workflow::start`]. Dropping it cancels the run.
pub struct RunTask<W: Workflow> {
    core: Arc<Core<W>>,
    task: JoinHandle<Result<W::Output, RunError>>,
}

impl<W: Workflow + 'static> RunTask<W> {
    pub(crate) fn spawn(flow: Arc<W>, input: W::Input) -> Self {
        let core = Arc::new(Core::new());
        let driven = Arc::clone(&core);
        let start = W::open(input);
        let task = tokio::spawn(async move {
            let result = match start {
                Ok(start) => drive(&*flow, Arc::clone(&driven), start, W::TIMEOUT).await,
                Err(error) => Err(error),
            };
            driven.close();
            result
        });
        Self { core, task }
    }
}

impl<W: Workflow> RunTask<W> {
    /// A handle to send it events and to cancel it.
    #[must_use]
    pub fn handle(&self) -> RunHandle<W> {
        RunHandle::new(Arc::clone(&self.core))
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
        std::future::poll_fn(|cx| self.core.with_published(|published| published.poll(cx))).await
    }

    /// Whether nothing runs and the run waits for an event from outside.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.core.idle.load(Ordering::Acquire)
    }
}

impl<W: Workflow> Unpin for RunTask<W> {}

impl<W: Workflow> Future for RunTask<W> {
    type Output = Result<W::Output, RunError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.task).poll(cx).map(|joined| joined.unwrap_or(Err(RunError::Cancelled)))
    }
}

impl<W: Workflow> futures_core::Stream for RunTask<W> {
    type Item = W::Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<W::Event>> {
        self.core.with_published(|published| published.poll(cx))
    }
}

impl<W: Workflow> Drop for RunTask<W> {
    fn drop(&mut self) {
        self.core.cancelled.store(true, Ordering::Release);
        self.core.close();
        self.task.abort();
    }
}

impl<W: Workflow> std::fmt::Debug for RunTask<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunTask").field("workflow", &W::NAME).finish_non_exhaustive()
    }
}
