//! Records: what a recorder is told of a run, and what it takes down of it.

use std::borrow::Cow;
use std::time::Duration;

use super::log::{gives, mark, passed};
use super::{OneTry, ROOM, Recorder, keep};
use crate::RunError;
use crate::machine::{Again, Given, Input, InvocationId, Machine, Outcome, Token};
use crate::recording::{self, Ended, Execution, How, Path, WaitEnded, shortened};

/// Who takes a run down, as the run knows it: by its trait, so that a program in which nobody asks for a recording is
/// without the recorder too.
pub(in crate::driver) trait Records<E>: Send + Sync {
    /// The run begins with this event.
    fn opens(&self, event: &E);

    /// A try of a step begins.
    fn starts(&self, invocation: InvocationId, step: u16, given: &Given<E>, again: Option<&Again<E>>);

    /// A step that waited goes on.
    fn wakes(&self, step: u16, wait: u64, event: Option<&E>);

    /// Something has happened.
    fn fact(&self, machine: &Machine<E>, fact: &Input<E>);

    /// The run is over.
    fn ends(&self, outcome: &Outcome<E>);

    /// The run could not begin.
    fn refused(&self, why: &RunError);

    /// The recorder itself.
    fn recorder(&self) -> &Recorder;
}

impl<E: Token> Records<E> for Recorder {
    fn opens(&self, event: &E) {
        self.now();
        let mut log = self.log();
        log.went(Path::Started);
        let mark = log.mark(event);
        log.trail.sent(event.kind(), None, mark);
    }

    fn starts(&self, invocation: InvocationId, step: u16, given: &Given<E>, again: Option<&Again<E>>) {
        let now = self.now();
        let events = match given {
            Given::One(event) => std::slice::from_ref(event),
            Given::Several(events) => events,
        };
        let log = &mut *self.log();
        let number = invocation.number;
        if !log.live.contains_key(&number) {
            log.begins(number, step, events, again.is_some());
        }
        let attempt = again.map_or(1, |again| again.attempt.number);
        let Some(live) = log.live.get(&number) else { return };
        let (follows, batch) = (live.follows.clone(), live.batch);
        let one = || {
            let mut execution = Execution {
                step: Cow::Borrowed(log.graph.steps[usize::from(step)].name),
                place: step,
                number,
                attempt,
                began: now,
                lasted: Duration::ZERO,
                ended: Ended::Running,
                took: Default::default(),
                gave: Default::default(),
                waits: Default::default(),
                follows: Default::default(),
                batch,
                called: Vec::new(),
                calls_left_out: 0,
            };
            events.iter().for_each(|event| execution.took.push(|| passed(log.graph, event, How::Taken)));
            follows.iter().for_each(|from| execution.follows.push(|| *from));
            OneTry { execution, called: Vec::new() }
        };
        let place = keep(&mut log.kept, &self.room, one);
        let steps = &mut log.steps[usize::from(step)];
        steps.tries += 1;
        steps.running += 1;
        steps.gave_up = false;
        if let Some(live) = log.live.get_mut(&number) {
            live.place = place;
            live.is_running = true;
        }
    }

    fn wakes(&self, step: u16, wait: u64, event: Option<&E>) {
        let now = self.now();
        let log = &mut *self.log();
        if let Some(event) = event {
            log.went(Path::Woke { step, event: event.kind() });
            let mark = log.mark(event);
            log.trail.woke(step, event.kind(), mark);
        }
        let ended = match event {
            Some(event) => WaitEnded::Got(passed(log.graph, event, How::Awaited)),
            None => WaitEnded::TimedOut,
        };
        log.wait_ended(wait, now, ended);
    }

    fn fact(&self, machine: &Machine<E>, fact: &Input<E>) {
        let now = self.now();
        let log = &mut *self.log();
        match fact {
            Input::StepReturned { invocation, emission } => {
                if let Some(step) = machine.step(*invocation) {
                    log.returned(step, emission, false);
                }
                let (graph, marked) = (log.graph, &log.marked);
                log.trail.returned(invocation.number, emission, &|event| mark(marked, event));
                if let Some(one) = log.current(invocation.number) {
                    gives(graph, one, emission, How::Returned);
                }
                log.try_ended(invocation.number, now, Ended::Returned, true);
            }
            Input::StepSent { invocation, event } => {
                let from = machine.step(*invocation);
                if let Some(step) = from {
                    log.gave(step, event.kind(), false);
                }
                let mark = log.mark(event);
                log.trail.sent(event.kind(), from.map(|_| invocation.number), mark);
                log.give(invocation.number, event, How::Sent);
            }
            Input::StepPublished { invocation, event } => {
                log.went(Path::Published { event: event.kind() });
                log.give(invocation.number, event, How::Published);
            }
            Input::StepFailed { invocation, error, again } => {
                let words = std::iter::once(error.message()).chain(error.causes().iter().map(String::as_str));
                let (error, _) = shortened(words.collect::<Vec<_>>().join(": "), ROOM);
                let is_over = again.is_none();
                if let (true, Some(step)) = (is_over, machine.step(*invocation)) {
                    log.gave_up(invocation.number, step);
                }
                log.try_ended(invocation.number, now, Ended::Failed { error, again: *again }, is_over);
            }
            Input::StepWaits { invocation, wait, event, .. } => {
                log.waits(invocation.number, *wait, *event, now);
            }
            Input::WaitDropped { wait, .. } => log.wait_ended(*wait, now, WaitEnded::Dropped),
            Input::Received { event } => {
                log.went(Path::Received { event: event.kind() });
                let mark = log.mark(event);
                log.trail.sent(event.kind(), None, mark);
            }
            Input::Started { .. }
            | Input::Matched { .. }
            | Input::MatchedKept { .. }
            | Input::WaitsAreAll
            | Input::TimePassed
            | Input::Cancelled => (),
        }
    }

    fn ends(&self, outcome: &Outcome<E>) {
        let now = self.now();
        let log = &mut *self.log();
        let name = |step: u16| log.graph.steps[usize::from(step)].name.to_owned();
        let outcome = match outcome {
            Outcome::Stopped(event) => recording::Outcome::Stopped(passed(log.graph, event, How::Returned)),
            Outcome::Failed(gave_up) => recording::Outcome::Failed {
                step: name(gave_up.step),
                attempts: gave_up.attempts,
                error: shortened(gave_up.error.message().to_owned(), ROOM).0,
            },
            Outcome::Stalled(why) => recording::Outcome::Stalled { why: why.to_string() },
            Outcome::OutsideBatch { step, event } => {
                let event = log.graph.event_name(*event);
                recording::Outcome::Refused {
                    why: format!("`{event}` came to `{}` outside of a batch", name(*step)),
                }
            }
            Outcome::TimedOut { running } => {
                recording::Outcome::TimedOut { running: running.iter().map(|step| name(*step)).collect() }
            }
            Outcome::Cancelled => recording::Outcome::Cancelled,
        };
        if let recording::Outcome::Stopped(_) = outcome {
            log.went(Path::Stopped);
        }
        log.end(now, outcome);
    }

    fn refused(&self, why: &RunError) {
        let now = self.now();
        self.log().end(now, recording::Outcome::Refused { why: why.to_string() });
    }

    fn recorder(&self) -> &Recorder {
        self
    }
}
