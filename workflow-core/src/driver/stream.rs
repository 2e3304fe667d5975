//! Published: the events on their way to the caller.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

/// A bounded queue: when the caller does not read, the oldest events are dropped and counted.
#[derive(Debug)]
pub(super) struct Published<E> {
    events: VecDeque<E>,
    dropped: u64,
    closed: bool,
    reader: Option<Waker>,
}

impl<E> Default for Published<E> {
    fn default() -> Self {
        Self { events: VecDeque::new(), dropped: 0, closed: false, reader: None }
    }
}

impl<E> Published<E> {
    /// How many events wait for a caller that does not read.
    pub(super) const ROOM: usize = 4096;

    /// Appends an event and gives back whom to wake.
    pub(super) fn push(&mut self, event: E) -> Option<Waker> {
        if self.events.len() == Self::ROOM {
            self.events.pop_front();
            self.dropped += 1;
        }
        self.events.push_back(event);
        self.reader.take()
    }

    pub(super) fn close(&mut self) -> Option<Waker> {
        self.closed = true;
        self.reader.take()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn pop(&mut self) -> Option<E> {
        self.events.pop_front()
    }

    /// The next event, or the end once the run is over and all was read.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<Option<E>> {
        match self.events.pop_front() {
            Some(event) => Poll::Ready(Some(event)),
            None if self.closed => Poll::Ready(None),
            None => {
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
