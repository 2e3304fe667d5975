//! Core: what steps, handles and the driver of one run share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Waker};

use serde_json::{Map, Value};

use super::stream::Published;
use crate::{SendError, Workflow};

/// One run, as seen by everyone who may touch it while it runs.
#[doc(hidden)]
pub struct Core<W: Workflow> {
    /// Somebody wants the driver: an event, a cancel. Looked at between two steps and at each wake.
    pub(crate) attention: AtomicBool,
    pub(crate) cancelled: AtomicBool,
    pub(super) over: AtomicBool,
    /// Nothing runs, and the run waits for an event from outside.
    pub(super) idle: AtomicBool,
    state: Mutex<W::State>,
    door: Mutex<Door<W::Event>>,
    id: OnceLock<Box<str>>,
}

/// What passes in and out of a run, under one lock.
struct Door<E> {
    /// What has come in and was not looked at yet.
    inbox: Vec<Inbound<E>>,
    /// Whom to wake when something comes in.
    driver: Option<Waker>,
    published: Published<E>,
    /// The dynamic keys, made when one is set.
    values: Option<Box<Map<String, Value>>>,
}

/// Something for the machine that did not come from a step's return.
#[doc(hidden)]
#[derive(Debug)]
pub enum Inbound<E> {
    /// A running step sent it.
    Sent(E),
    /// The caller sent it.
    Received(E),
}

impl<W: Workflow> Core<W> {
    pub(super) fn new() -> Self {
        Self {
            attention: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            over: AtomicBool::new(false),
            idle: AtomicBool::new(false),
            state: Mutex::default(),
            door: Mutex::new(Door {
                inbox: Vec::new(),
                driver: None,
                published: Published::default(),
                values: None,
            }),
            id: OnceLock::new(),
        }
    }

    /// The run's id, made up when nobody has given one: a UUID of version 7 (RFC 9562, section 5.7).
    pub(crate) fn id(&self) -> &str {
        self.id.get_or_init(|| uuid::Uuid::now_v7().to_string().into())
    }

    /// Gives the run its id; the first one counts.
    pub(super) fn set_id(&self, id: Box<str>) {
        let _ = self.id.set(id);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, W::State> {
        locked(&self.state)
    }

    /// The value under a dynamic key.
    pub(crate) fn value(&self, key: &str) -> Option<Value> {
        locked(&self.door).values.as_ref().and_then(|values| values.get(key).cloned())
    }

    /// Puts a value under a dynamic key.
    pub(crate) fn set_value(&self, key: String, value: Value) {
        locked(&self.door).values.get_or_insert_default().insert(key, value);
    }

    /// Does something with the events on their way to the caller.
    pub(super) fn with_published<R>(&self, does: impl FnOnce(&mut Published<W::Event>) -> R) -> R {
        does(&mut locked(&self.door).published)
    }

    pub(crate) fn publish(&self, event: W::Event) {
        if let Some(reader) = self.with_published(|published| published.push(event)) {
            reader.wake();
        }
    }

    /// Leaves an event for the driver and wakes it.
    pub(crate) fn receive(&self, inbound: Inbound<W::Event>) {
        let mut door = locked(&self.door);
        door.inbox.push(inbound);
        self.ring(&door);
    }

    /// The same for an event of the caller's, which is refused once the run is over: that is asked under the
    /// lock under which the run ends, so an event that is not refused was there in time.
    pub(super) fn receive_from_caller(&self, event: W::Event, name: &'static str) -> Result<(), SendError> {
        let mut door = locked(&self.door);
        if self.over.load(Ordering::Acquire) {
            return Err(SendError::Over { event: name });
        }
        door.inbox.push(Inbound::Received(event));
        self.ring(&door);
        Ok(())
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.ring(&locked(&self.door));
    }

    /// Push, then attention, then wake, all under the lock: the driver leaves its waker under the lock and
    /// looks at the attention again, so one of the two sees the other.
    fn ring(&self, door: &Door<W::Event>) {
        self.attention.store(true, Ordering::SeqCst);
        if let Some(driver) = &door.driver {
            driver.wake_by_ref();
        }
    }

    /// Leaves the driver's waker; true when nobody has asked for attention, so that the driver may sleep.
    pub(super) fn may_sleep(&self, known: &mut Option<Waker>, cx: &Context<'_>) -> bool {
        if !known.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *known = Some(cx.waker().clone());
            locked(&self.door).driver = Some(cx.waker().clone());
        }
        !self.attention.load(Ordering::SeqCst)
    }

    /// What has come in since the last look.
    pub(super) fn take_inbox(&self) -> Vec<Inbound<W::Event>> {
        if !self.attention.swap(false, Ordering::SeqCst) {
            return Vec::new();
        }
        std::mem::take(&mut locked(&self.door).inbox)
    }

    /// The run is over: events are refused from now on, and readers of the stream come to its end.
    pub(super) fn close(&self) {
        let mut door = locked(&self.door);
        self.over.store(true, Ordering::Release);
        self.idle.store(false, Ordering::Release);
        door.inbox.clear();
        door.driver = None;
        let reader = door.published.close();
        drop(door);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// A step that panicked while it held the lock has failed its run; what it guards is still whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
