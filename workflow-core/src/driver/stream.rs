//! Stream: the published events of a run, as one reader sees them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Core;
use crate::Workflow;

/// One reader of what a run publishes. A run has any number of them, and each sees every event.
///
/// Made by [`Run::events`](crate::Run::events), [`RunTask::events`](crate::RunTask::events) or
/// [`RunHandle::events`](crate::RunHandle::events). It begins at the beginning, as far as the run's
/// [`Buffer`](crate::Buffer) reaches; a clone of it goes on from where the original is. It does not drive
/// the run: somebody else awaits that, or it was started on a task of its own.
///
/// ```
/// # use workflow_core::prelude::*;
/// # use std::sync::Arc;
/// # #[event]
/// # struct Word(String);
/// # struct Talk;
/// # #[workflow(publishes(Word))]
/// # impl Talk {
/// #     #[step]
/// #     async fn talk(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> StopEvent<u32> {
/// #         ["so", "it", "goes"].map(|word| ctx.publish(Word(word.to_owned())));
/// #         StopEvent(3)
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), RunError> {
/// let run = Talk.run(());
/// let mut events = run.events();
/// let reader = tokio::spawn(async move {
///     let mut words = Vec::new();
///     while let Some(TalkEvent::Word(word)) = events.next().await {
///         words.push(word.0);
///     }
///     words
/// });
/// assert_eq!(run.await?, 3);
/// assert_eq!(reader.await.unwrap(), ["so", "it", "goes"]);
/// # Ok(()) }
/// ```
///
/// It ends when the run does: with a result, an error, by a cancel, or because it was dropped. What was
/// published before is read first.
#[must_use = "a reader that is not read misses events, or holds the run back"]
pub struct EventStream<W: Workflow> {
    core: Arc<Core<W>>,
    key: u32,
    /// Whether the run may have to wait for this reader, as the log knows it.
    holds: bool,
}

impl<W: Workflow> EventStream<W> {
    pub(super) fn new(core: Arc<Core<W>>) -> Self {
        let key = core.with_log(|log| log.attach());
        Self { core, key, holds: true }
    }

    /// The next event; `None` when the run is over and all was read.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when this is dropped before it is ready.
    pub async fn next(&mut self) -> Option<W::Event> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// How many events were dropped before this reader came to them; it goes on with the oldest that is kept.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.core.with_log(|log| log.dropped_before(self.key))
    }

    /// The run's own reader: what it has not read is a part of the run.
    pub(super) fn own(core: Arc<Core<W>>) -> Self {
        let stream = Self::new(core);
        stream.core.with_log(|log| log.set_own(stream.key));
        stream
    }

    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<Option<W::Event>> {
        // The replaced waker is dropped after the lock.
        let (polled, _replaced) = self.core.with_log(|log| match log.read(self.key) {
            Some(event) => (Poll::Ready(Some(event)), None),
            None if log.is_closed() => (Poll::Ready(None), None),
            None => (Poll::Pending, log.wait(self.key, cx.waker())),
        });
        polled
    }

    /// The next event, if it is there. The reader no longer waits, whoever polled it before.
    pub(super) fn try_next(&mut self) -> Option<W::Event> {
        let (event, _waker) = self.core.with_log(|log| (log.read(self.key), log.take_waker(self.key)));
        event
    }

    /// Whether the run may have to wait for this reader. Another one always may.
    pub(super) fn set_holds(&mut self, holds: bool) {
        if std::mem::replace(&mut self.holds, holds) != holds {
            self.core.with_log(|log| log.set_holds(self.key, holds));
        }
    }
}

impl<W: Workflow> Clone for EventStream<W> {
    fn clone(&self) -> Self {
        let key = self.core.with_log(|log| log.attach_at(self.key));
        Self { core: Arc::clone(&self.core), key, holds: true }
    }
}

impl<W: Workflow> futures_core::Stream for EventStream<W> {
    type Item = W::Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<W::Event>> {
        self.poll(cx)
    }
}

impl<W: Workflow> Drop for EventStream<W> {
    // Not inside of every run's own drop, of which most have no reader.
    #[inline(never)]
    fn drop(&mut self) {
        let _waker = self.core.with_log(|log| log.detach(self.key));
    }
}

impl<W: Workflow> std::fmt::Debug for EventStream<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream")
            .field("workflow", &W::NAME)
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}
