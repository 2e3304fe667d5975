//! Lone: the wait in which a lone chain rests, of which the machine knows nothing.
//!
//! A run that waits for one event from outside stays in its lone chain, and the event is handed to it there.
//! Whatever else happens meanwhile goes through the machine, which is then told of the wait first.

use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use super::core::Kept;
use super::step::{Ended, poll_caught, poll_counted};
use super::wait::{Answer, Answered, Wait};
use super::{Core, Exit, Inbound};
use crate::machine::{InvocationId, Token};
use crate::{Events, Workflow};

/// A wait of the one step that runs.
pub(super) struct LoneWait<E> {
    /// As the machine will know it.
    name: u64,
    index: u32,
    invocation: InvocationId,
    wait: Wait<E>,
}

/// What a wait begins with.
pub(super) struct Opened {
    pub(super) invocation: InvocationId,
    /// How many waits this try of the execution has begun before.
    pub(super) index: u32,
    pub(super) timeout: Option<Duration>,
    /// Whether the execution runs apart from its run.
    pub(super) is_apart: bool,
}

/// There is no lone chain, or it may not rest.
const NOT_ALONE: u8 = 0;
/// There is a lone chain, and it may rest in a wait.
const ALONE: u8 = 1;
/// The lone chain has a wait open.
const RESTS: u8 = 2;

/// How often a chain is polled again in place, for what has come meanwhile.
const TURNS: u32 = 64;

impl<W: Workflow> Core<W> {
    /// Whether the lone chain may rest in a wait from now on.
    pub(super) fn set_alone(&self, is_alone: bool) {
        self.lone.store(if is_alone { ALONE } else { NOT_ALONE }, Ordering::Relaxed);
    }

    /// Whether the lone chain has a wait open.
    #[inline]
    pub(super) fn rests(&self) -> bool {
        self.lone.load(Ordering::Relaxed) == RESTS
    }

    /// Begins a wait. Gives its name, and whether the lone chain rests in it.
    pub(super) fn begin_wait(&self, opened: &Opened, wait: Wait<W::Event>) -> (u64, bool) {
        let Opened { invocation, index, timeout, is_apart } = *opened;
        let mut door = self.door();
        let is_over = self.over.load(Ordering::Acquire);
        let kept = door.kept();
        let is_alone = self.lone.load(Ordering::Relaxed) == ALONE && kept.inbox.is_empty();
        if is_alone && timeout.is_none() && !is_apart && !is_over {
            let name = kept.rest.as_ref().map_or(0, |rest| rest.waiting.next());
            kept.lone = Some(LoneWait { name, index, invocation, wait });
            self.lone.store(RESTS, Ordering::Relaxed);
            self.ring(&door);
            return (name, true);
        }
        if self.rests() {
            self.tell_of_lone_wait(kept);
            self.lone.store(NOT_ALONE, Ordering::Relaxed);
        }
        let event = wait.event;
        self.waited.store(true, Ordering::Relaxed);
        let name = kept.rest.get_or_insert_default().waiting.begin(wait, is_apart);
        if !is_over {
            kept.inbox.push(Inbound::Waits { invocation, wait: name, index, event, timeout });
            self.ring(&door);
        }
        (name, false)
    }

    /// The answer to a wait, once there is one.
    pub(super) fn poll_wait(&self, name: u64, cx: &Context<'_>) -> Option<Answered<W::Event>> {
        let mut door = self.door();
        let kept = door.known()?;
        match &mut kept.lone {
            Some(lone) if lone.name == name => {
                let answer = lone.wait.poll(cx)?;
                Some(Answered { answer, _wait: self.end_lone_wait(kept) })
            }
            _ => kept.rest.as_mut()?.waiting.poll(name, cx),
        }
    }

    /// Gives a wait back, if it was still open, and whether the machine may know it.
    pub(super) fn forget_wait(&self, name: u64) -> Option<(Wait<W::Event>, bool)> {
        let mut door = self.door();
        let kept = door.known()?;
        if kept.lone.as_ref().is_none_or(|lone| lone.name != name) {
            return kept.rest.as_mut()?.waiting.forget(name).map(|wait| (wait, true));
        }
        let wait = self.end_lone_wait(kept);
        if self.idle.load(Ordering::Relaxed) {
            door.wake_driver();
        }
        wait.map(|wait| (wait, false))
    }

    fn end_lone_wait(&self, kept: &mut Kept<W>) -> Option<Wait<W::Event>> {
        self.lone.store(ALONE, Ordering::Relaxed);
        kept.lone.take().map(|lone| lone.wait)
    }

    /// The chain is alone no more: the machine is told what it waits for, before all that has come since.
    pub(super) fn leave_alone(&self) {
        if self.lone.load(Ordering::Relaxed) == NOT_ALONE {
            return;
        }
        let mut door = self.door();
        self.lone.store(NOT_ALONE, Ordering::Relaxed);
        if let Some(kept) = door.known() {
            self.tell_of_lone_wait(kept);
        }
    }

    fn tell_of_lone_wait(&self, kept: &mut Kept<W>) {
        let Some(LoneWait { index, invocation, wait, .. }) = kept.lone.take() else {
            return;
        };
        self.waited.store(true, Ordering::Relaxed);
        let (event, is_open) = (wait.event, wait.answer.is_none());
        let wait = kept.rest.get_or_insert_default().waiting.begin(wait, false);
        if is_open {
            kept.inbox.insert(0, Inbound::Waits { invocation, wait, index, event, timeout: None });
            self.attention.store(true, Ordering::SeqCst);
        }
    }

    /// Hands the lone wait the event that has come, if nobody else may want that. False when the machine has
    /// to see what has come.
    fn settle_lone_wait(&self, number: u64) -> bool {
        if !self.attention.load(Ordering::SeqCst) {
            return true;
        }
        let mut door = self.door();
        let Some(Kept { lone, inbox, .. }) = door.known() else {
            return false;
        };
        let Some(lone) = lone.as_mut().filter(|lone| lone.wait.number == number) else {
            return false;
        };
        if self.cancelled.load(Ordering::Acquire) || self.is_held() {
            return false;
        }
        match &inbox[..] {
            [] => (),
            [Inbound::Received(event)] if lone.wait.takes_any(event.kind()) => {
                if !W::Event::plan().is_only_waited_for(event.kind()) {
                    return false;
                }
                if let Some(Inbound::Received(event)) = inbox.pop() {
                    lone.wait.answer = Some(Answer::Event(event));
                    self.idle.store(false, Ordering::Release);
                }
            }
            _ => return false,
        }
        self.attention.store(false, Ordering::SeqCst);
        true
    }
}

/// Polls a chain whose step waits, as long as what comes can be handed to it in place, and notes whether it
/// does something else meanwhile. Pending with attention is for the machine.
#[cold]
pub(super) fn poll_resting<W: Workflow, F>(
    core: &Core<W>,
    number: impl Fn() -> u64,
    mut chain: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Ended<W::Event>>
where
    F: Future<Output = Exit<W::Event>>,
{
    for _ in 0..TURNS {
        if !core.settle_lone_wait(number()) {
            break;
        }
        let mut chain = pin!(std::future::poll_fn(|cx| poll_caught(chain.as_mut(), cx)));
        // The chain is polled whenever its driver is, so its wait need not keep a waker.
        let mut kept = None;
        let (polled, only_waits) = poll_counted(chain.as_mut(), cx, |waker| {
            kept = core
                .door()
                .known()
                .and_then(|kept| kept.lone.as_mut())
                .and_then(|lone| lone.wait.take_waker(waker));
            usize::from(kept.is_some())
        });
        core.idle.store(only_waits, Ordering::Release);
        if polled.is_ready() || !core.rests() {
            return polled;
        }
        // Somebody else polls the wait, and may do so when the chain is not polled.
        if kept.is_none() {
            core.nudge();
            break;
        }
        if !core.attention.load(Ordering::SeqCst) {
            return polled;
        }
    }
    Poll::Pending
}
