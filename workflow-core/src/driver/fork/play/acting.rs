//! Acting: one execution of a step in a play: the step itself, or what stands in for it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::World;
use super::life::{Bell, Live, Play};
use crate::driver::fork::Ended;
use crate::driver::step::{Order, poll_caught, poll_step};
use crate::driver::{Exit, Inbound, Place, Slot};
use crate::machine::{Again, Given, InvocationId, Machine};
use crate::{BoxError, Events, Workflow};

/// The error of a step that was told to fail.
#[derive(Debug, thiserror::Error)]
#[error("the step was told to fail")]
struct ToldToFail;

impl<W: Workflow> Play<'_, W> {
    /// Begins what the machine has ordered.
    pub(super) fn begin(
        &mut self,
        world: &mut World,
        machine: &Machine<W::Event>,
        (invocation, step): (InvocationId, u16),
        given: Given<W::Event>,
        again: Option<Box<Again<W::Event>>>,
    ) {
        let place = usize::from(step);
        world.probe.starts(step, W::graph().steps[place].workers);
        let name = world.name(invocation.number, step);
        let order = self.fork.order(machine, invocation, step, given, again);
        let cue = self.stage.cast.get(place);
        let stand_in = cue.and_then(|cue| cue.stand_in.as_ref());
        let delay = cue.map_or(Duration::ZERO, |cue| cue.delay);
        let fails = world.fails.get_mut(place).is_some_and(|fails| {
            let is_told = *fails > 0;
            *fails -= u32::from(is_told);
            is_told
        });
        let is_opaque = match cue {
            _ if fails => false,
            Some(cue) if cue.stand_in.is_some() => !cue.is_pure,
            _ => self.stage.is_opaque,
        };
        let (flow, core, probe) = (self.flow, self.core, Arc::clone(&world.probe));
        let Order { mut slot, execution, .. } = order;
        let own = execution.clone().filter(|_| stand_in.is_none());
        let limit = W::Event::plan().graph().steps[place].timeout;
        let mut timer = limit.map(|limit| Box::pin(probe.sleep(limit, true)));
        let future = Box::pin(async move {
            let slot = &mut slot;
            let place = Place::single(core, invocation, execution);
            let place = &place;
            let mut chain = pin!(async move {
                if !delay.is_zero() {
                    probe.sleep(delay, false).await;
                }
                match stand_in {
                    _ if fails => Exit::Failed(BoxError::from(ToldToFail)),
                    Some(act) => {
                        let stood = act(events(slot));
                        match stood.after {
                            None => std::future::pending().await,
                            Some(Duration::ZERO) => (),
                            Some(after) => probe.sleep(after, false).await,
                        }
                        for sent in stood.sends {
                            core.receive(Inbound::Sent(invocation, sent));
                        }
                        stood.ends.map_or_else(Exit::Failed, Exit::Emitted)
                    }
                    None => flow.dispatch(slot, place).await,
                }
            });
            let ended = poll_fn(|cx| {
                let polled = match timer {
                    Some(_) => poll_caught(chain.as_mut(), cx),
                    None => poll_step(core, invocation.number, chain.as_mut(), cx),
                };
                match (polled, &mut timer, limit) {
                    (Poll::Pending, Some(timer), Some(limit)) => {
                        timer.as_mut().poll(cx).map(|()| Ended::TimedOut(limit))
                    }
                    (polled, ..) => polled,
                }
            })
            .await;
            (invocation, ended)
        });
        let bell = Arc::new(Bell { rings: AtomicBool::new(true), sleeper: Arc::clone(&self.sleeper) });
        let waker = Waker::from(Arc::clone(&bell));
        self.lives.push(Live {
            name,
            invocation,
            future,
            bell,
            waker,
            polls: 0,
            seen: 0,
            is_opaque,
            execution: own,
            is_unknown: false,
        });
    }
}

impl World {
    /// The name of an execution: the same in each of its tries, and after a crash.
    fn name(&mut self, number: u64, step: u16) -> super::Name {
        let place = number as usize;
        if self.names.len() <= place {
            self.names.resize(place + 1, None);
        }
        *self.names[place].get_or_insert_with(|| {
            let index = self.named[usize::from(step)];
            self.named[usize::from(step)] += 1;
            super::Name { step, index }
        })
    }
}

/// The events that a step takes.
fn events<E>(slot: &mut Slot<E>) -> Vec<E> {
    match (slot.event.take(), slot.inputs.take()) {
        (Some(event), _) => vec![event],
        (None, Some(inputs)) => inputs.into_events().collect(),
        (None, None) => Vec::new(),
    }
}
