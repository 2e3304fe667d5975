//! Probe: what the steps of an explored run read and change, and the clock by which they sleep.
//!
//! Such a run is played on one thread; the lock is never contended.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde::Serialize;

use crate::hash::fnv_1a;
use crate::machine::{Part, Touch};

/// What an explored run shares with its driver.
#[derive(Default)]
pub(crate) struct Probe {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    touches: Vec<Touch>,
    /// What the step that is polled has seen so far.
    seen: u64,
    now: Duration,
    timers: Vec<Timer>,
    next_timer: u64,
    /// Whether somebody has gone to sleep.
    slept: bool,
    /// By step: how many tries were ordered.
    started: Vec<u32>,
}

struct Timer {
    name: u64,
    at: Duration,
    /// It only guards against what takes too long.
    is_guard: bool,
    waker: Option<Waker>,
}

impl Probe {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something is read or changed.
    pub(crate) fn touch(&self, touch: Touch) {
        self.inner().note(touch);
    }

    /// Does something with the number of tries of each step that were ordered so far, and what is touched.
    pub(super) fn touching(&self, does: impl FnOnce(&[u32], &mut dyn FnMut(Touch))) {
        let mut inner = self.inner();
        let started = std::mem::take(&mut inner.started);
        does(&started, &mut |touch| inner.note(touch));
        inner.started = started;
    }

    /// A try of a step is ordered of which so many run at once.
    pub(super) fn starts(&self, step: u16, workers: u32) {
        let mut inner = self.inner();
        let place = usize::from(step);
        if inner.started.len() <= place {
            inner.started.resize(place + 1, 0);
        }
        inner.started[place] += 1;
        let is_scarce = inner.started[place] > workers;
        inner.note(Touch::change(Part::Starts(step)));
        if is_scarce {
            inner.note(Touch::change(Part::Workers(step)));
        }
    }

    /// What was touched since this was asked last.
    pub(super) fn take_touches(&self, into: &mut Vec<Touch>) {
        into.clear();
        into.append(&mut self.inner().touches);
    }

    /// The state as a closure of a step finds it: its hash, where it can be written down.
    pub(crate) fn finds(&self, state: &impl Serialize) -> Option<u64> {
        let found = hash_of(state);
        let mut inner = self.inner();
        // Until it is known that nothing has changed: the closure may panic.
        inner.note(Touch::change(Part::State));
        inner.see(found.unwrap_or(u64::MAX));
        found
    }

    /// The state as the closure leaves it.
    pub(crate) fn leaves(&self, found: Option<u64>, had_changed: bool, state: &impl Serialize) {
        if !had_changed && found.is_some() && found == hash_of(state) {
            let mut inner = self.inner();
            let noted = inner.touches.iter_mut().find(|touch| touch.part == Part::State);
            noted.into_iter().for_each(|touch| touch.changes = false);
        }
    }

    /// Whether the state was changed since the touches were taken.
    pub(crate) fn has_changed_state(&self) -> bool {
        self.inner().touches.contains(&Touch::change(Part::State))
    }

    /// A step reads or sets a dynamic key.
    pub(crate) fn key(&self, key: &str, changes: bool, value: Option<&serde_json::Value>) {
        let mut inner = self.inner();
        inner.note(Touch { part: Part::Key(fnv_1a(key.as_bytes())), changes });
        let value = value.map(ToString::to_string).unwrap_or_default();
        inner.see(fnv_1a(value.as_bytes()));
    }

    /// What the step has seen that is polled: it begins with what it had seen before.
    pub(super) fn swap_seen(&self, seen: u64) -> u64 {
        std::mem::replace(&mut self.inner().seen, seen)
    }

    /// Whether somebody has gone to sleep since this was asked last.
    pub(super) fn take_slept(&self) -> bool {
        std::mem::take(&mut self.inner().slept)
    }

    /// The time has come to this, counted from the run's start: wakes who has slept long enough.
    pub(super) fn set_now(&self, now: Duration) {
        let mut inner = self.inner();
        inner.now = now;
        let due: Vec<Waker> = inner
            .timers
            .iter_mut()
            .filter(|timer| timer.at <= now)
            .filter_map(|timer| timer.waker.take())
            .collect();
        drop(inner);
        due.into_iter().for_each(Waker::wake);
    }

    /// When somebody has slept long enough, and when something has taken too long.
    pub(super) fn next(&self) -> (Option<Duration>, Option<Duration>) {
        let inner = self.inner();
        let next = |is_guard: bool| {
            let timers =
                inner.timers.iter().filter(|timer| timer.is_guard == is_guard && timer.at > inner.now);
            timers.map(|timer| timer.at).min()
        };
        (next(false), next(true))
    }

    /// Ready when so much time has gone by since the first poll.
    pub(crate) fn sleep(self: &Arc<Self>, time: Duration, is_guard: bool) -> Sleep {
        Sleep { probe: Arc::clone(self), time, is_guard, timer: None }
    }
}

impl Inner {
    fn note(&mut self, touch: Touch) {
        match self.touches.iter_mut().find(|known| known.part == touch.part) {
            Some(known) => known.changes |= touch.changes,
            None => self.touches.push(touch),
        }
    }

    fn see(&mut self, what: u64) {
        self.seen = fnv_1a(&[self.seen.to_le_bytes(), what.to_le_bytes()].concat());
    }
}

/// The future of [`Probe::sleep`].
pub(crate) struct Sleep {
    probe: Arc<Probe>,
    time: Duration,
    is_guard: bool,
    timer: Option<(u64, Duration)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let probe = Arc::clone(&self.probe);
        let inner = &mut *probe.inner();
        let (name, at) = match self.timer {
            Some(timer) => timer,
            None => {
                let timer = (inner.next_timer, inner.now.saturating_add(self.time));
                inner.next_timer += 1;
                inner.note(Touch::read(Part::Time));
                let (name, at) = timer;
                inner.timers.push(Timer { name, at, is_guard: self.is_guard, waker: None });
                inner.see(at.as_nanos() as u64);
                *self.timer.insert(timer)
            }
        };
        if at <= inner.now {
            inner.timers.retain(|timer| timer.name != name);
            return Poll::Ready(());
        }
        inner.slept |= !self.is_guard;
        if let Some(timer) = inner.timers.iter_mut().find(|timer| timer.name == name) {
            timer.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some((name, _)) = self.timer {
            self.probe.inner().timers.retain(|timer| timer.name != name);
        }
    }
}

fn hash_of(value: &impl Serialize) -> Option<u64> {
    serde_json::to_vec(value).ok().map(|json| fnv_1a(&json))
}
