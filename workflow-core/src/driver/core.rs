//! Core: what steps, handles and the driver of one run share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::fan::Members;
use super::journaled::{Asked, Notes};
use super::log::Log;
use super::lone::LoneWait;
use super::memory::{Memory, Remembers};
use super::record::Recorder;
use super::special::Special;
use super::wait::Waiting;
use super::watch::Watch;
use crate::graph::Graph;
use crate::machine::{Input, InvocationId, Machine};
use crate::{Emission, Recording, RunError, SendError, Workflow};

/// One run, as seen by everyone who may touch it while it runs.
#[doc(hidden)]
pub struct Core<W: Workflow> {
    /// Somebody wants the driver: an event, a cancel. Looked at between two steps and at each wake.
    pub(crate) attention: AtomicBool,
    pub(crate) cancelled: AtomicBool,
    pub(crate) over: AtomicBool,
    /// Nothing runs, and the run waits for an event from outside.
    pub(super) idle: AtomicBool,
    /// Something is kept for later tries of executions.
    pub(super) remembers: AtomicBool,
    /// Some step has waited for an event.
    pub(super) waited: AtomicBool,
    /// What the lone chain does, one of [`lone`](super::lone).
    pub(super) lone: AtomicU8,
    /// What there is to read, one of the constants below.
    log: AtomicU8,
    /// What most runs do without, made when it is asked for. It stands before the door, so that the gap at its end
    /// is not beside what is zero at first: else both are copied together, right after the zeros were written.
    more: OnceLock<Box<More<W>>>,
    door: Mutex<Door<W>>,
    state: Mutex<W::State>,
}

/// Nothing was published and nobody reads.
const NO_LOG: u8 = 0;
/// There is a log of published events.
const LOG: u8 = 1;
/// A reader of it has too many events to read.
const LOG_HOLDS: u8 = 2;

/// What most runs do without.
struct More<W: Workflow> {
    machine: Mutex<Option<Box<Machine<W::Event>>>>,
    /// The batch that the driver takes through its step by itself, while it does.
    fan: Mutex<Option<Box<Members<W::Event>>>>,
    id: OnceLock<Box<str>>,
    /// Said before the run begins, if anything is.
    special: OnceLock<Box<Special<W::Event>>>,
    /// Of a run with a journal.
    asked: OnceLock<Box<Asked>>,
    /// One bit for each step from the 65th on that ran in a lone chain.
    ran: [AtomicU64; Graph::STEPS / 64 - 1],
}

impl<W: Workflow> Default for More<W> {
    fn default() -> Self {
        Self {
            machine: Mutex::default(),
            fan: Mutex::default(),
            id: OnceLock::new(),
            special: OnceLock::new(),
            asked: OnceLock::new(),
            ran: Default::default(),
        }
    }
}

/// What passes in and out of a run, under one lock.
pub(super) struct Door<W: Workflow> {
    /// Whom to wake when something comes in.
    driver: Option<Waker>,
    /// Made when there is the first of it.
    kept: Option<Box<Kept<W>>>,
}

/// What a run keeps behind its door.
pub(super) struct Kept<W: Workflow> {
    /// What has come in and was not looked at yet.
    pub(super) inbox: Vec<Inbound<W::Event>>,
    /// The published events and their readers, made when there is the first of either.
    log: Option<Box<Log<W::Event>>>,
    /// What few runs need, made when it is.
    pub(super) rest: Option<Box<Rest<W>>>,
    /// The wait in which the lone chain rests.
    pub(super) lone: Option<LoneWait<W::Event>>,
}

impl<W: Workflow> Default for Kept<W> {
    fn default() -> Self {
        Self { inbox: Vec::new(), log: None, rest: None, lone: None }
    }
}

impl<W: Workflow> Door<W> {
    pub(super) fn kept(&mut self) -> &mut Kept<W> {
        self.kept.get_or_insert_default()
    }

    /// The same, if anything was ever kept.
    pub(super) fn known(&mut self) -> Option<&mut Kept<W>> {
        self.kept.as_deref_mut()
    }

    /// Wakes the driver, if it sleeps.
    pub(super) fn wake_driver(&self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }
}

/// What a run keeps for its steps.
pub(super) struct Rest<W: Workflow> {
    pub(super) waiting: Waiting<W::Event>,
    /// Made when the first thing is put away.
    memory: Option<Box<dyn Remembers<W::Event>>>,
    /// The deliveries that a stepwise run has come to the end of and the caller has not seen.
    pub(super) deliveries: VecDeque<super::Delivery>,
}

impl<W: Workflow> Default for Rest<W> {
    fn default() -> Self {
        Self { waiting: Waiting::default(), memory: None, deliveries: VecDeque::new() }
    }
}

/// Something for the machine that did not come from a step's return.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum Inbound<E> {
    /// A running step sent it.
    Sent(InvocationId, E),
    /// A running step of a run that can be written down published it.
    Published(InvocationId, E),
    /// A running step waits.
    Waits { invocation: InvocationId, wait: u64, index: u32, event: u16, timeout: Option<Duration> },
    /// A running step does not wait any more, and has not seen what it got.
    WaitDropped { invocation: InvocationId, step: u16, index: u32, wait: u64, unread: Option<E> },
    /// The caller sent it.
    Received(E),
}

impl<E> Inbound<E> {
    /// The fact for the machine.
    pub(super) fn into_fact(self) -> Input<E> {
        match self {
            Self::Sent(invocation, event) => Input::StepSent { invocation, event },
            Self::Published(invocation, event) => Input::StepPublished { invocation, event },
            Self::Waits { invocation, wait, index, event, timeout } => {
                Input::StepWaits { invocation, wait, index, event, timeout }
            }
            Self::WaitDropped { invocation, step, index, wait, unread } => {
                Input::WaitDropped { invocation, step, index, wait, unread }
            }
            Self::Received(event) => Input::Received { event },
        }
    }
}

impl<W: Workflow> Default for Core<W> {
    /// A run that has not begun. `Arc::default` writes it where it stays.
    fn default() -> Self {
        Self {
            attention: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            over: AtomicBool::new(false),
            idle: AtomicBool::new(false),
            remembers: AtomicBool::new(false),
            waited: AtomicBool::new(false),
            lone: AtomicU8::new(0),
            log: AtomicU8::new(NO_LOG),
            state: Mutex::default(),
            door: Mutex::new(Door { driver: None, kept: None }),
            more: OnceLock::new(),
        }
    }
}

impl<W: Workflow> Core<W> {
    fn more(&self) -> &More<W> {
        self.more.get_or_init(Box::default)
    }

    /// Notes that a step from the 65th on ran in a lone chain.
    pub(super) fn note_that_ran(&self, step: u16) {
        let word = &self.more().ran[usize::from(step) / 64 - 1];
        word.store(word.load(Ordering::Relaxed) | 1 << (step % 64), Ordering::Relaxed);
    }

    /// The steps that ran, with the bits of the first 64, as they were since this was asked last.
    pub(super) fn take_ran(&self, first: u64) -> [u64; Graph::STEPS / 64] {
        let others = self.more.get().map(|more| &more.ran);
        std::array::from_fn(|word| match (word.checked_sub(1), others) {
            (None, _) => first,
            (Some(word), Some(others)) => others[word].swap(0, Ordering::Relaxed),
            (Some(_), None) => 0,
        })
    }

    /// The run's id, made up when nobody has given one: a UUID of version 7 (RFC 9562, section 5.7).
    pub(crate) fn id(&self) -> &str {
        self.more().id.get_or_init(|| uuid::Uuid::now_v7().to_string().into())
    }

    /// The run's id, where there is one.
    pub(super) fn known_id(&self) -> Option<&str> {
        self.more.get()?.id.get().map(|id| &**id)
    }

    /// Gives the run its id; the first one counts.
    pub(super) fn set_id(&self, id: Box<str>) {
        let _ = self.more().id.set(id);
    }

    /// The run begins, in this process; gives the time that it had spent before.
    pub(super) fn begin(&self) -> Duration {
        self.special().map_or(Duration::ZERO, |special| {
            special.began.get_or_init(Instant::now);
            special.before()
        })
    }

    /// The same of a run of which only now is known that it had spent so much time before.
    pub(super) fn begin_after(&self, before: Duration) {
        if let Some(special) = self.special() {
            let _ = special.before.set(before);
        }
        self.begin();
    }

    /// What makes the run more than a plain one.
    pub(super) fn special(&self) -> Option<&Special<W::Event>> {
        self.more.get()?.special.get().map(|special| &**special)
    }

    /// Makes the run more than a plain one, before it begins.
    pub(super) fn set_special(&self, special: Box<Special<W::Event>>) {
        let _ = self.more().special.set(special);
    }

    /// Whether the run can be written down at any moment.
    pub(crate) fn is_resumable(&self) -> bool {
        self.special().is_some_and(|special| special.resumable)
    }

    /// Whether every transition passes through the machine.
    pub(crate) fn is_whole(&self) -> bool {
        self.special().is_some()
    }

    /// Whether the caller takes the run step by step.
    pub(super) fn is_stepwise(&self) -> bool {
        self.special().is_some_and(|special| special.stepwise.load(Ordering::Relaxed))
    }

    /// The run is to have a journal.
    pub(super) fn will_be_kept(&self) {
        self.more().asked.get_or_init(Box::default);
    }

    /// Who waits until something is kept; of a run with a journal.
    pub(super) fn asked(&self) -> Option<&Asked> {
        self.more.get()?.asked.get().map(|asked| &**asked)
    }

    /// What a run with a journal needs.
    pub(crate) fn notes(&self) -> Option<&Notes> {
        self.special()?.noted.as_ref().map(|noted| noted.notes())
    }

    /// Something may be kept for later tries of executions.
    pub(super) fn remember(&self) {
        self.remembers.store(true, Ordering::Relaxed);
    }

    /// Who looks on.
    pub(super) fn watch(&self) -> Option<&Watch<W::Event>> {
        self.special().map(|special| &special.watch)
    }

    /// Who notes what the run touches, where its order is chosen from outside.
    #[cfg(feature = "testing")]
    pub(crate) fn probe(&self) -> Option<&Arc<super::Probe>> {
        self.watch()?.probe()
    }

    /// Who takes the run down.
    pub(super) fn recorder(&self) -> Option<&Recorder> {
        self.watch()?.recorder()
    }

    /// What was taken down of the run, where anything is; one that was dropped has ended.
    pub(super) fn recording(&self) -> Option<Recording> {
        let recorder = self.recorder()?;
        if self.over.load(Ordering::Acquire) {
            recorder.dropped();
        }
        Some(recorder.recording(self.id()))
    }

    /// The run cannot begin.
    #[cold]
    #[inline(never)]
    pub(super) fn refuse(&self, error: &RunError) {
        if let Some(watch) = self.watch() {
            watch.refused(error);
        }
        self.close();
    }

    /// The time since the run's start, of a run that is more than a plain one.
    pub(super) fn elapsed(&self) -> Duration {
        self.special().map_or(Duration::ZERO, |special| {
            special.before() + special.began.get().map_or(Duration::ZERO, Instant::elapsed)
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, W::State> {
        locked(&self.state)
    }

    /// The machine, for as long as the driver is polled.
    pub(super) fn machine(&self) -> MutexGuard<'_, Option<Box<Machine<W::Event>>>> {
        locked(&self.more().machine)
    }

    /// The batch that the driver takes through its step by itself.
    pub(super) fn fan(&self) -> MutexGuard<'_, Option<Box<Members<W::Event>>>> {
        locked(&self.more().fan)
    }

    /// Does something with what the run keeps for its steps.
    pub(super) fn with_rest<R>(&self, does: impl FnOnce(&mut Rest<W>) -> R) -> R {
        does(self.door().kept().rest.get_or_insert_default())
    }

    /// The same, if anything was ever kept.
    pub(super) fn if_rest<R>(&self, does: impl FnOnce(&mut Rest<W>) -> R) -> Option<R> {
        self.door().known()?.rest.as_deref_mut().map(does)
    }

    /// Does something with what steps have put away.
    pub(super) fn with_memory<R>(&self, does: impl FnOnce(&mut Memory<W::Event>) -> R) -> R {
        let make = || -> Box<dyn Remembers<W::Event>> { Box::new(Memory::default()) };
        self.with_rest(|rest| does(rest.memory.get_or_insert_with(make).memory()))
    }

    /// The same, if anything was ever put away.
    pub(super) fn if_memory<R>(&self, does: impl FnOnce(&mut Memory<W::Event>) -> R) -> Option<R> {
        self.if_rest(|rest| rest.memory.as_mut().map(|known| does(known.memory())))?
    }

    /// Does something with the steps that wait.
    pub(super) fn with_waiting<R>(&self, does: impl FnOnce(&mut Waiting<W::Event>) -> R) -> R {
        self.waited.store(true, Ordering::Relaxed);
        self.with_rest(|rest| does(&mut rest.waiting))
    }

    /// How many waits the execution has open, if it runs apart from its run, or if it does not.
    #[inline]
    pub(super) fn open_waits(&self, number: u64, is_apart: bool) -> usize {
        if !self.waited.load(Ordering::Relaxed) {
            return 0;
        }
        self.with_rest(|rest| rest.waiting.open(number, is_apart))
    }

    /// The value under a dynamic key.
    pub(crate) fn value(&self, key: &str) -> Option<Value> {
        self.if_memory(|memory| memory.values.get(key).cloned())?
    }

    /// Puts a value under a dynamic key; `invocation` is whose step does it.
    pub(crate) fn set_value(&self, invocation: u64, key: String, value: Value) {
        let notes = self.notes();
        self.with_memory(|memory| {
            if let Some(notes) = notes {
                notes.value_is(invocation, &key, &value);
            }
            memory.values.insert(key, value);
        });
    }

    /// Adds an event to what a step has collected; see [`Collected::collect`]. With `later_tries`, the
    /// number of the execution, a later try is given the same answer.
    pub(crate) fn collect(
        &self,
        step: u16,
        events: Emission<W::Event>,
        wanted: &[(u16, usize)],
        later_tries: Option<u64>,
    ) -> Option<Vec<W::Event>> {
        let notes = self.notes();
        self.with_memory(|memory| match later_tries {
            None => memory.collected.collect(step, events, wanted),
            Some(number) => {
                self.remember();
                if let Some(notes) = notes.filter(|_| !memory.collected.has_answer(number)) {
                    notes.collected(number, step, &events, wanted);
                }
                memory.collected.collect_for(number, step, events, wanted)
            }
        })
    }

    /// An execution has come to its end: what was kept for a later try of it goes when there is none.
    #[inline]
    pub(super) fn forget(&self, number: u64, is_tried_again: bool) {
        if self.waited.load(Ordering::Relaxed) || self.remembers.load(Ordering::Relaxed) {
            self.forget_what_is_kept(number, is_tried_again);
        }
    }

    #[cold]
    fn forget_what_is_kept(&self, number: u64, is_tried_again: bool) {
        if self.waited.load(Ordering::Relaxed) {
            // A wait that somebody has taken along keeps the run from nothing any more.
            self.with_rest(|rest| rest.waiting.note(number, true));
        }
        if let Some(noted) = self.special().and_then(|special| special.noted.as_ref()) {
            noted.forget(number);
        }
        if self.remembers.load(Ordering::Relaxed) {
            self.if_rest(|rest| {
                if let Some(memory) = &mut rest.memory {
                    memory.forget(number, is_tried_again);
                }
            });
        }
    }

    /// Does something with the published events. When that holds the run back, a lone chain comes back after
    /// the step that runs; when it lets the run go on, the driver is woken.
    pub(super) fn with_log<R>(&self, does: impl FnOnce(&mut Log<W::Event>) -> R) -> R {
        let mut door = self.door();
        let is_over = || self.over.load(Ordering::Acquire);
        let log = door.kept().log.get_or_insert_with(|| Box::new(Log::new(is_over())));
        let done = does(log);
        let is_held = log.is_held();
        let was_held = self.log.swap(if is_held { LOG_HOLDS } else { LOG }, Ordering::AcqRel) == LOG_HOLDS;
        if is_held && !was_held {
            self.attention.store(true, Ordering::SeqCst);
        } else if was_held && !is_held {
            self.ring(&door);
        }
        done
    }

    /// Gives an event to the readers.
    pub(crate) fn publish(&self, event: W::Event) {
        self.with_log(|log| log.push(event)).wake();
    }

    /// The published events that the run's own reader has not read.
    pub(super) fn unread(&self) -> Vec<W::Event> {
        self.door().known().and_then(|kept| kept.log.as_ref()).map(|log| log.unread()).unwrap_or_default()
    }

    /// How many published events were dropped for want of room.
    pub(super) fn dropped(&self) -> u64 {
        self.door().known().and_then(|kept| kept.log.as_ref()).map_or(0, |log| log.dropped())
    }

    /// Whether the run begins no new step because a reader has too much to read.
    pub(super) fn is_held(&self) -> bool {
        self.log.load(Ordering::Acquire) == LOG_HOLDS
    }

    /// Leaves something for the driver and wakes it.
    pub(crate) fn receive(&self, inbound: Inbound<W::Event>) {
        let mut door = self.door();
        if !self.over.load(Ordering::Acquire) {
            door.kept().inbox.push(inbound);
            self.ring(&door);
        }
    }

    /// The same for an event of the caller's, which is refused once the run is over: that is asked under the
    /// lock under which the run ends, so an event that is not refused was there in time.
    pub(super) fn receive_from_caller(&self, event: W::Event, name: &'static str) -> Result<(), SendError> {
        let mut door = self.door();
        if self.over.load(Ordering::Acquire) {
            return Err(SendError::Over { event: name });
        }
        door.kept().inbox.push(Inbound::Received(event));
        self.ring(&door);
        Ok(())
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.ring(&self.door());
    }

    /// Waits until all that has come in is kept; false when it never will be.
    pub(super) async fn kept(&self) -> bool {
        let Some(asked) = self.asked() else {
            return true;
        };
        let answer = asked.ask();
        self.ring(&self.door());
        answer.await.is_ok()
    }

    /// Push, then attention, then wake, all under the lock: the driver leaves its waker under the lock and
    /// looks at the attention again, so one of the two sees the other.
    pub(super) fn ring(&self, door: &Door<W>) {
        self.attention.store(true, Ordering::SeqCst);
        door.wake_driver();
    }

    pub(super) fn door(&self) -> MutexGuard<'_, Door<W>> {
        locked(&self.door)
    }

    /// Leaves the driver's waker; true when nobody has asked for attention, so that the driver may sleep.
    pub(super) fn may_sleep(&self, known: &mut Option<Waker>, cx: &Context<'_>) -> bool {
        if !known.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *known = Some(cx.waker().clone());
            self.door().driver = Some(cx.waker().clone());
        }
        !self.attention.load(Ordering::SeqCst)
    }

    /// A copy of what has come in since the last look.
    pub(super) fn inbox(&self) -> Vec<Inbound<W::Event>> {
        self.door().known().map(|kept| kept.inbox.clone()).unwrap_or_default()
    }

    /// Tells the driver that there is something to look at.
    pub(super) fn nudge(&self) {
        self.ring(&self.door());
    }

    /// What has come in since the last look.
    pub(super) fn take_inbox(&self) -> Vec<Inbound<W::Event>> {
        if !self.attention.swap(false, Ordering::SeqCst) {
            return Vec::new();
        }
        self.door().known().map(|kept| std::mem::take(&mut kept.inbox)).unwrap_or_default()
    }

    /// The run is over, and its driver is gone. When nobody else knows of it and nothing was published, nothing
    /// has to be said under the lock.
    pub(super) fn close_for_its_owner(core: &Arc<Self>) {
        if Arc::strong_count(core) > 1 || core.log.load(Ordering::Relaxed) != NO_LOG {
            return core.close();
        }
        core.over.store(true, Ordering::Release);
        core.idle.store(false, Ordering::Relaxed);
    }

    /// The run is over: events are refused from now on, and readers of the stream come to its end.
    pub(super) fn close(&self) {
        let mut door = self.door();
        self.over.store(true, Ordering::Release);
        self.idle.store(false, Ordering::Release);
        let driver = door.driver.take();
        let kept = door.known();
        let (inbox, wakers) = kept.map_or_else(Default::default, |kept| {
            let wakers = kept.log.as_mut().map(|log| log.close()).unwrap_or_default();
            (std::mem::take(&mut kept.inbox), wakers)
        });
        let log = self.log.load(Ordering::Relaxed);
        self.log.store(log.min(LOG), Ordering::Release);
        drop(door);
        drop((inbox, driver));
        if let Some(more) = self.more.get() {
            *locked(&more.fan) = None;
        }
        wakers.wake();
        if let Some(asked) = self.asked() {
            asked.close();
        }
    }
}

/// A step that panicked while it held the lock has failed its run; what it guards is still whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
