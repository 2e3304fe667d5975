//! Tries: a step that failed is tried again, caught, or fails the run.

use std::time::Duration;

use super::run::Machine;
use super::state::{Due, Phase, Returning, Timer, Tries};
use super::{GaveUp, Given, InvocationId, Outcome, Token};
use crate::{FailedInput, StepError, StepFailed};

impl<E: Token> Machine<E> {
    /// How many tries of the execution have failed before the one that runs, and how long ago the first
    /// one began; what a retry policy asks.
    #[must_use]
    pub fn tries(&self, invocation: InvocationId, now: Duration) -> (u32, Duration) {
        match self.state.running.get(invocation.slot) {
            Some(running) if running.number == invocation.number => {
                let failures = running.tries.as_ref().map_or(0, |tries| tries.failures);
                (failures, now.saturating_sub(running.began))
            }
            _ => (0, Duration::ZERO),
        }
    }

    /// The step of an execution that has not ended.
    #[must_use]
    pub fn step(&self, invocation: InvocationId) -> Option<u16> {
        let running = self.state.running.get(invocation.slot)?;
        (running.number == invocation.number).then_some(running.step)
    }

    /// A try has failed, and a policy has spoken.
    /// The number of the batch to which an execution belongs that has not ended, where one is told apart.
    #[cfg(feature = "tracing")]
    pub(crate) fn batch(&self, invocation: InvocationId) -> Option<u64> {
        let running = self.state.running.get(invocation.slot)?;
        let batch = running.batch.filter(|_| running.number == invocation.number);
        self.open_ancestor(batch).map(|batch| batch.number)
    }

    /// The numbers of the batches that are open.
    #[cfg(feature = "tracing")]
    pub(crate) fn open_batches(&self) -> impl Iterator<Item = u64> {
        self.state.batches.iter().map(|(_, batch)| batch.number)
    }

    /// How many executions wait for a worker.
    #[cfg(feature = "runtime")]
    pub(crate) fn queued(&self) -> usize {
        self.state.queued
    }

    pub(super) fn step_failed(
        &mut self,
        invocation: InvocationId,
        error: StepError,
        again: Option<Duration>,
    ) {
        self.will_not_wait(invocation);
        match again {
            Some(wait) => self.try_again(invocation, &error, wait),
            None => self.give_up(invocation, error),
        }
    }

    fn try_again(&mut self, invocation: InvocationId, error: &StepError, wait: Duration) {
        let now = self.now;
        let Some(running) = self.running(invocation) else {
            return;
        };
        let (step, phase) = (running.step, running.phase);
        let failures = running.tries.as_ref().map_or(0, |tries| tries.failures) + 1;
        running.tries = Some(Box::new(Tries { failures, last_error: error.message().to_owned() }));
        running.history = None;
        running.phase = Phase::BetweenTries;
        if wait > Duration::ZERO {
            self.state.timers.insert(Timer { at: now.saturating_add(wait), due: Due::Retry(invocation) });
        }
        if phase == Phase::Active {
            self.state.active -= 1;
            self.state.steps[step as usize].running -= 1;
        } else {
            self.forget(invocation);
        }
        if wait.is_zero() {
            self.come_back(step, Returning::Start(invocation));
        }
        self.fill(step);
    }

    fn give_up(&mut self, invocation: InvocationId, error: StepError) {
        let now = self.now;
        let Some(ended) = self.end(invocation) else {
            return;
        };
        let attempts = ended.tries.as_ref().map_or(0, |tries| tries.failures) + 1;
        let elapsed = now.saturating_sub(ended.began);
        let catch = self.plan.catchers[ended.step as usize].and_then(|catch| {
            let times = self.plan.graph.steps[catch as usize].catches?.times;
            (ended.line.times(catch) < times).then_some(catch)
        });
        let caught = catch.and_then(|catch| {
            let failed = || {
                let name = self.plan.graph.steps[ended.step as usize].name;
                let input = ended.given.as_ref().map(|given| self.written(given)).unwrap_or_default();
                StepFailed::new(name, input, error.clone(), attempts, elapsed)
            };
            let kind = *self.plan.graph.steps[catch as usize].takes.events().first()?;
            Some((catch, E::failed(kind, failed)?))
        });
        let Some((catch, event)) = caught else {
            let gave_up = GaveUp { step: ended.step, invocation, attempts, elapsed, error };
            return self.finish(Outcome::Failed(Box::new(gave_up)));
        };
        self.keep(ended.batch);
        self.begin(catch, Given::One(event), ended.batch, ended.line.and(catch));
        if ended.phase == Phase::Active {
            self.free_worker(ended.step);
        }
        self.release(ended.batch);
    }

    fn written(&self, given: &Given<E>) -> Vec<FailedInput> {
        let write = |event: &E| {
            FailedInput::new(self.plan.graph.event_name(event.kind()), serde_json::to_value(event))
        };
        match given {
            Given::One(event) => vec![write(event)],
            Given::Several(events) => events.iter().map(write).collect(),
        }
    }

    /// Does what is due by now, the oldest first.
    pub(super) fn fire_timers(&mut self) {
        while let Some(timer) = self.state.timers.first().copied().filter(|timer| timer.at <= self.now) {
            self.state.timers.remove(&timer);
            match timer.due {
                Due::Retry(invocation) => {
                    let running = self.running(invocation);
                    if let Some(running) = running.filter(|running| running.phase == Phase::BetweenTries) {
                        let step = running.step;
                        self.come_back(step, Returning::Start(invocation));
                    }
                }
                Due::Wait(wait) => self.end_wait(wait, None),
            }
        }
    }
}
