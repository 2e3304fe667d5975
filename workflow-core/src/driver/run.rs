//! Run: one run of a workflow, in the hands of its caller.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use super::drive::drive;
use super::stream::Published;
use super::{Core, RunHandle};
use crate::{Receives, RunError, SendError, Workflow};

/// One run: a future of the result, and a stream of what the workflow publishes. Both drive it.
///
/// Nothing happens before it is first polled, and nothing after it was dropped: dropping a run cancels
/// it, with all its steps at the await at which they are.
///
/// ```no_run
/// # use workflow_core::prelude::*;
/// # async fn example<F: Workflow<Input = String>>(flow: F) -> Result<(), RunError> {
/// let mut run = flow.run("pirates").id("joke-7");
/// while let Some(event) = run.next().await {
///     println!("{event:?}");
/// }
/// let result = run.await?;
/// # Ok(()) }
/// ```
///
/// # Cancel safety
///
/// [`Run::next`], and awaiting `&mut run`, lose nothing when they are dropped: the run waits to be polled again.
pub struct Run<'a, W: Workflow> {
    core: Arc<Core<W>>,
    phase: Phase<'a, W>,
}

type Driving<'a, W> = Pin<Box<dyn Future<Output = Result<<W as Workflow>::Output, RunError>> + Send + 'a>>;

enum Phase<'a, W: Workflow> {
    Ready { flow: &'a W, input: W::Input, limit: Option<Duration> },
    Driving(Driving<'a, W>),
    Over(Option<Result<W::Output, RunError>>),
}

impl<'a, W: Workflow> Run<'a, W> {
    pub(crate) fn new(flow: &'a W, input: W::Input) -> Self {
        Self { core: Arc::new(Core::new()), phase: Phase::Ready { flow, input, limit: W::TIMEOUT } }
    }

    /// How long the run may take, from its first poll; it then fails with [`RunError::TimedOut`], which
    /// names the steps that were running.
    ///
    /// # Panics
    ///
    /// When the run has already begun.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        match &mut self.phase {
            Phase::Ready { limit, .. } => *limit = Some(timeout),
            _ => panic!("`timeout` is said before a run begins"),
        }
        self
    }

    /// The run's name for logs, steps and stores; without it, one is made up.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        self.core.set_id(id.into().into());
        self
    }

    /// The state that the run begins with, in place of the default.
    #[must_use]
    pub fn state(self, state: W::State) -> Self {
        *self.core.state() = state;
        self
    }

    /// A handle to send it events and to cancel it while somebody else awaits it.
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

    /// Ends the run with [`RunError::Cancelled`] when it is polled next.
    pub fn cancel(&self) {
        self.core.cancel();
    }

    /// Drives the run until it publishes an event, and gives that; `None` when it is over and all was read.
    pub async fn next(&mut self) -> Option<W::Event> {
        std::future::poll_fn(|cx| self.poll_published(cx)).await
    }

    /// Whether nothing runs and the run waits for an event from outside.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.core.idle.load(Ordering::Acquire)
    }

    /// How many published events were dropped because nobody read them: the oldest go when 4,096 wait.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.core.with_published(|published| published.dropped())
    }

    /// The state as the run has left it, so that another run can go on with it.
    #[must_use]
    pub fn into_state(self) -> W::State {
        std::mem::take(&mut *self.core.state())
    }

    fn poll_published(&mut self, cx: &mut Context<'_>) -> Poll<Option<W::Event>> {
        loop {
            let waiting = self.core.with_published(Published::pop);
            if waiting.is_some() {
                return Poll::Ready(waiting);
            }
            if matches!(self.phase, Phase::Over(_)) {
                return Poll::Ready(None);
            }
            if self.drive(cx).is_pending() {
                let published = self.core.with_published(Published::pop);
                return published.map_or(Poll::Pending, |event| Poll::Ready(Some(event)));
            }
        }
    }

    /// Polls the run once; ready when it is over.
    fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Phase::Ready { .. } = self.phase {
            self.begin();
        }
        if let Phase::Driving(driving) = &mut self.phase {
            let Poll::Ready(result) = driving.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            self.phase = Phase::Over(Some(result));
            self.core.close();
        }
        Poll::Ready(())
    }

    fn begin(&mut self) {
        let core = Arc::clone(&self.core);
        if let Phase::Ready { flow, input, limit } = std::mem::replace(&mut self.phase, Phase::Over(None)) {
            match W::open(input) {
                Ok(start) => self.phase = Phase::Driving(Box::pin(drive(flow, core, start, limit))),
                Err(error) => {
                    self.phase = Phase::Over(Some(Err(error)));
                    core.close();
                }
            }
        }
    }
}

impl<W: Workflow> Unpin for Run<'_, W> {}

impl<W: Workflow> Future for Run<'_, W> {
    type Output = Result<W::Output, RunError>;

    /// # Panics
    ///
    /// When it is polled again after it gave its result.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.drive(cx).is_pending() {
            return Poll::Pending;
        }
        match &mut self.phase {
            Phase::Over(result) => Poll::Ready(result.take().expect("a run gives its result once")),
            _ => Poll::Pending,
        }
    }
}

impl<W: Workflow> futures_core::Stream for Run<'_, W> {
    type Item = W::Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<W::Event>> {
        self.poll_published(cx)
    }
}

impl<W: Workflow> Drop for Run<'_, W> {
    fn drop(&mut self) {
        if !matches!(self.phase, Phase::Over(_)) {
            self.core.cancelled.store(true, Ordering::Release);
            self.core.close();
        }
    }
}

impl<W: Workflow> std::fmt::Debug for Run<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let phase = match self.phase {
            Phase::Ready { .. } => "ready",
            Phase::Driving(_) => "driving",
            Phase::Over(_) => "over",
        };
        f.debug_struct("Run").field("workflow", &W::NAME).field("phase", &phase).finish_non_exhaustive()
    }
}
