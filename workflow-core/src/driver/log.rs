//! Log: the published events of one run, as far as they are kept, and who reads them.
//!
//! All of it is used under the run's lock. Events are cloned there as well: they need not be `Sync`, so
//! they cannot be shared. Wakers leave the lock before they are woken or dropped, because either may run
//! the code of somebody who wants the lock.

use std::collections::VecDeque;
use std::task::Waker;

use super::Buffer;

/// A bounded log with any number of readers. Events are numbered from 0, as they are published.
#[derive(Debug)]
pub(super) struct Log<E> {
    buffer: Buffer,
    closed: bool,
    kept: VecDeque<Kept<E>>,
    /// The number of the oldest event that is kept: as many were dropped.
    first: u64,
    /// How many of the readers that hold the run have read everything.
    holders: u32,
    /// The next event of the slowest reader that holds the run; the end when there is none.
    slowest: u64,
    readers: Vec<Reader>,
    /// The key of the run's own reader, if it has one.
    own: Option<u32>,
    /// The keys that no reader has.
    vacant: Vec<u32>,
    /// The keys of the readers that wait, and of some that no longer do.
    waiting: Vec<u32>,
}

#[derive(Debug)]
struct Kept<E> {
    event: E,
    /// How many of the readers that hold the run read this one next.
    holders: u32,
}

#[derive(Debug, Default)]
struct Reader {
    /// The number of the event that it reads next; that one may have been dropped meanwhile.
    next: u64,
    /// How many were dropped before it came to them, up to `next`.
    dropped: u64,
    /// Whether the run may have to wait for it.
    holds: bool,
    waker: Option<Waker>,
    /// Whether its key is among those that wait.
    listed: bool,
}

/// Whom to wake when the lock has been given back. One reader needs no allocation.
#[derive(Debug, Default)]
#[must_use]
pub(super) struct Wakers {
    one: Option<Waker>,
    more: Vec<Waker>,
}

impl Wakers {
    pub(super) fn wake(self) {
        self.one.into_iter().chain(self.more).for_each(Waker::wake);
    }
}

impl<E> Log<E> {
    pub(super) fn new(closed: bool) -> Self {
        Self {
            buffer: Buffer::default(),
            closed,
            kept: VecDeque::new(),
            first: 0,
            holders: 0,
            slowest: 0,
            readers: Vec::new(),
            own: None,
            vacant: Vec::new(),
            waiting: Vec::new(),
        }
    }

    pub(super) fn set_buffer(&mut self, buffer: Buffer) {
        self.buffer = buffer;
        self.settle();
    }

    /// Appends an event, unless the run is over: who was told that nothing more comes can rely on it.
    pub(super) fn push(&mut self, event: E) -> Wakers {
        if self.closed {
            return Wakers::default();
        }
        self.kept.push_back(Kept { event, holders: std::mem::take(&mut self.holders) });
        self.settle();
        self.take_wakers()
    }

    /// Nothing more comes.
    pub(super) fn close(&mut self) -> Wakers {
        self.closed = true;
        self.take_wakers()
    }

    /// A new reader at the oldest event that is kept; gives its key.
    pub(super) fn attach(&mut self) -> u32 {
        self.insert(self.first, self.first)
    }

    /// The reader is the run's own.
    pub(super) fn set_own(&mut self, key: u32) {
        self.own = Some(key);
    }

    /// What the run's own reader has not read, as far as it is kept.
    pub(super) fn unread(&self) -> Vec<E>
    where
        E: Clone,
    {
        let next = self.own.map(|key| self.readers[key as usize].next.max(self.first));
        let unread = next.into_iter().flat_map(|next| self.kept.iter().skip((next - self.first) as usize));
        unread.map(|kept| kept.event.clone()).collect()
    }

    /// A new reader that is where the reader `key` is.
    pub(super) fn attach_at(&mut self, key: u32) -> u32 {
        let &mut Reader { next, dropped, .. } = self.caught_up(key);
        self.insert(next, dropped)
    }

    /// Forgets a reader. The waker is for the caller to drop.
    pub(super) fn detach(&mut self, key: u32) -> Option<Waker> {
        self.own.take_if(|own| *own == key);
        self.set_holds(key, false);
        self.vacant.push(key);
        self.take_waker(key)
    }

    /// The next event of a reader, if it is there.
    pub(super) fn read(&mut self, key: u32) -> Option<E>
    where
        E: Clone,
    {
        let &mut Reader { next, holds, .. } = self.caught_up(key);
        let kept = self.kept.get_mut((next - self.first) as usize)?;
        let event = kept.event.clone();
        self.readers[key as usize].next += 1;
        if holds {
            *self.holders(next) -= 1;
            *self.holders(next + 1) += 1;
            self.settle();
        }
        Some(event)
    }

    /// Leaves a reader's waker, for the next event or the end. The old one is for the caller to drop.
    pub(super) fn wait(&mut self, key: u32, waker: &Waker) -> Option<Waker> {
        let reader = &mut self.readers[key as usize];
        if !std::mem::replace(&mut reader.listed, true) {
            self.waiting.push(key);
        }
        match &reader.waker {
            Some(known) if known.will_wake(waker) => None,
            _ => reader.waker.replace(waker.clone()),
        }
    }

    /// A reader no longer waits. The waker is for the caller to drop.
    pub(super) fn take_waker(&mut self, key: u32) -> Option<Waker> {
        self.readers[key as usize].waker.take()
    }

    /// Whether the run may have to wait for this reader.
    pub(super) fn set_holds(&mut self, key: u32, holds: bool) {
        let reader = self.caught_up(key);
        let next = reader.next;
        if std::mem::replace(&mut reader.holds, holds) == holds {
            return;
        }
        if holds {
            *self.holders(next) += 1;
            self.slowest = self.slowest.min(next);
        } else {
            *self.holders(next) -= 1;
        }
        self.settle();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether the run has to wait for a reader.
    pub(super) fn is_held(&self) -> bool {
        self.buffer.holds_back && !self.closed && self.end() - self.slowest >= self.buffer.room as u64
    }

    /// How many events were dropped before the reader came to them.
    pub(super) fn dropped_before(&self, key: u32) -> u64 {
        let reader = &self.readers[key as usize];
        reader.dropped + self.first.saturating_sub(reader.next)
    }

    /// How many events were dropped in all.
    pub(super) fn dropped(&self) -> u64 {
        self.first
    }

    fn insert(&mut self, next: u64, dropped: u64) -> u32 {
        let key = self.vacant.pop().unwrap_or_else(|| {
            self.readers.push(Reader::default());
            (self.readers.len() - 1) as u32
        });
        let reader = &mut self.readers[key as usize];
        (reader.next, reader.dropped) = (next, dropped);
        self.set_holds(key, true);
        key
    }

    /// The reader, moved past what was dropped before it came to it.
    fn caught_up(&mut self, key: u32) -> &mut Reader {
        let reader = &mut self.readers[key as usize];
        let missed = self.first.saturating_sub(reader.next);
        reader.next += missed;
        reader.dropped += missed;
        reader
    }

    /// How many of the readers that hold the run read event `number` next.
    fn holders(&mut self, number: u64) -> &mut u32 {
        match self.kept.get_mut((number - self.first) as usize) {
            Some(kept) => &mut kept.holders,
            None => &mut self.holders,
        }
    }

    /// Finds the slowest reader and drops what is too much. The search goes on from where it ended, so each
    /// event costs it one step.
    fn settle(&mut self) {
        while self.slowest < self.end() && *self.holders(self.slowest) == 0 {
            self.slowest += 1;
        }
        while self.kept.len() > self.buffer.room && (!self.buffer.holds_back || self.first < self.slowest) {
            let dropped = self.kept.pop_front().map_or(0, |kept| kept.holders);
            self.first += 1;
            *self.holders(self.first) += dropped;
        }
        self.slowest = self.slowest.max(self.first);
    }

    /// The number of the event that is published next.
    fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    fn take_wakers(&mut self) -> Wakers {
        let mut wakers = self.waiting.drain(..).filter_map(|key| {
            let reader = &mut self.readers[key as usize];
            reader.listed = false;
            reader.waker.take()
        });
        let one = wakers.next();
        Wakers { one, more: wakers.collect() }
    }
}
