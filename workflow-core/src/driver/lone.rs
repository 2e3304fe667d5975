//! Lone: the wait in which a lone chain rests, of which the machine knows nothing.
//!
//! A run that waits for one event from outside stays in its lone chain, and the event is handed to it there.
//! Whatever else happens meanwhile goes through the machine, which is then told of the wait first.

use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use super::core::Door;
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

/// How often a chain is polled again in place, for what has come meanwhile.
const TURNS: u32 = 64;

impl<W: Workflow> Core<W> {
    /// Whether the lone chain may rest in a wait from now on.
    pub(super) fn set_alone(&self, is_alone: bool) {
        self.alone.store(is_alone, Ordering::Relaxed);
    }

    /// Whether the lone chain has a wait open.
    #[inline]
    pub(super) fn rests(&self) -> bool {
        self.rests.load(Ordering::Relaxed)
    }

    /// Begins a wait. Gives its name, and whether the lone chain rests in it.
    pub(super) fn begin_wait(&self, opened: &Opened, wait: Wait<W::Event>) -> (u64, bool) {
        let Opened { invocation, index, timeout, is_apart } = *opened;
        let mut door = self.door();
        let is_over = self.over.load(Ordering::Acquire);
        let may_rest = self.alone.load(Ordering::Relaxed) && timeout.is_none() && !is_apart && !is_over;
        if may_rest && door.lone.is_none() && door.inbox.is_empty() {
            let name = door.rest.as_ref().map_or(0, |rest| rest.waiting.next());
            door.lone = Some(Box::new(LoneWait { name, index, invocation, wait }));
            self.rests.store(true, Ordering::Relaxed);
            self.ring(&door);
            return (name, true);
        }
        self.tell_of_lone_wait(&mut door);
        let event = wait.event;
        self.waited.store(true, Ordering::Relaxed);
        let name = door.rest.get_or_insert_default().waiting.begin(wait, is_apart);
        if !is_over {
            door.inbox.push(Inbound::Waits { invocation, wait: name, index, event, timeout });
            self.ring(&door);
        }
        (name, false)
    }

    /// The answer to a wait, once there is one.
    pub(super) fn poll_wait(&self, name: u64, cx: &Context<'_>) -> Option<Answered<W::Event>> {
        let mut door = self.door();
        match &mut door.lone {
            Some(lone) if lone.name == name => {
                let answer = lone.wait.poll(cx)?;
                Some(Answered { answer, _wait: self.end_lone_wait(&mut door) })
            }
            _ => door.rest.as_mut()?.waiting.poll(name, cx),
        }
    }

    /// Gives a wait back, if it was still open, and whether the machine may know it.
    pub(super) fn forget_wait(&self, name: u64) -> Option<(Wait<W::Event>, bool)> {
        let mut door = self.door();
        if door.lone.as_ref().is_none_or(|lone| lone.name != name) {
            return door.rest.as_mut()?.waiting.forget(name).map(|wait| (wait, true));
        }
        if self.idle.load(Ordering::Relaxed) {
            door.wake_driver();
        }
        self.end_lone_wait(&mut door).map(|wait| (wait, false))
    }

    fn end_lone_wait(&self, door: &mut Door<W>) -> Option<Wait<W::Event>> {
        self.rests.store(false, Ordering::Relaxed);
        door.lone.take().map(|lone| lone.wait)
    }

    /// The chain is alone no more: the machine is told what it waits for, before all that has come since.
    pub(super) fn leave_alone(&self) {
        if self.alone.swap(false, Ordering::Relaxed) {
            self.tell_of_lone_wait(&mut self.door());
        }
    }

    fn tell_of_lone_wait(&self, door: &mut Door<W>) {
        let Some(lone) = door.lone.take() else {
            return;
        };
        self.rests.store(false, Ordering::Relaxed);
        self.waited.store(true, Ordering::Relaxed);
        let LoneWait { index, invocation, wait, .. } = *lone;
        let (event, is_open) = (wait.event, wait.answer.is_none());
        let wait = door.rest.get_or_insert_default().waiting.begin(wait, false);
        if is_open {
            door.inbox.insert(0, Inbound::Waits { invocation, wait, index, event, timeout: None });
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
        let Door { lone, inbox, .. } = &mut *door;
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

/// Polls a lone chain, which may rest in a wait.
#[inline]
pub(super) fn poll_chain<W: Workflow, F>(
    core: &Core<W>,
    number: impl Fn() -> u64,
    mut chain: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Ended<W::Event>>
where
    F: Future<Output = Exit<W::Event>>,
{
    if !core.rests() {
        let polled = poll_caught(chain.as_mut(), cx);
        if polled.is_ready() || !core.rests() {
            return polled;
        }
    }
    poll_resting(core, number, chain, cx)
}

/// Polls a chain whose step waits, as long as what comes can be handed to it in place, and notes whether it
/// does something else meanwhile. Pending with attention is for the machine.
#[cold]
fn poll_resting<W: Workflow, F>(
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
            kept = core.door().lone.as_mut().and_then(|lone| lone.wait.take_waker(waker));
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
