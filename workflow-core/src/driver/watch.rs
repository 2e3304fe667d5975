//! Watch: what a verbose run says, in the order of the facts.

use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::machine::{Again, Given, Input, Machine, Outcome};
use crate::{Emission, Workflow};

/// Prints a line for each step that starts and ends, and for each event that comes or goes.
pub(super) struct Watch {
    lines: Mutex<Box<dyn Write + Send>>,
}

impl Watch {
    pub(super) fn new(lines: impl Write + Send + 'static) -> Self {
        Self { lines: Mutex::new(Box::new(lines)) }
    }

    /// Whether the environment wants every run to be watched.
    pub(super) fn wanted() -> bool {
        static WANTED: LazyLock<bool> =
            LazyLock::new(|| std::env::var_os("WORKFLOW_LOG").is_some_and(|value| value != "0"));
        *WANTED
    }

    /// A step starts.
    pub(super) fn starts<W: Workflow>(
        &self,
        step: u16,
        given: &Given<W::Event>,
        again: Option<&Again<W::Event>>,
    ) {
        let given = match given {
            Given::One(event) => format!("{event:?}"),
            Given::Several(events) => list(events),
        };
        let attempt = again.map_or(1, |again| again.attempt.number);
        let attempt = if attempt > 1 { format!(" (try {attempt})") } else { String::new() };
        self.line::<W>(&format!("{} <- {given}{attempt}", name::<W>(step)));
    }

    /// A step that waited goes on.
    pub(super) fn wakes<W: Workflow>(&self, step: u16, event: Option<&W::Event>) {
        match event {
            Some(event) => self.line::<W>(&format!("{} <- {event:?}", name::<W>(step))),
            None => self.line::<W>(&format!("{} has waited long enough", name::<W>(step))),
        }
    }

    /// Something has happened.
    pub(super) fn fact<W: Workflow>(&self, machine: &Machine<W::Event>, fact: &Input<W::Event>) {
        let step = |invocation| machine.step(invocation).map_or("?", name::<W>);
        let line = match fact {
            Input::StepReturned { invocation, emission } => {
                format!("{} -> {}", step(*invocation), emitted(emission))
            }
            Input::StepSent { invocation, event } => format!("{} sends {event:?}", step(*invocation)),
            Input::StepPublished { invocation, event } => {
                format!("{} publishes {event:?}", step(*invocation))
            }
            Input::StepFailed { invocation, error, again: None } => {
                format!("{} failed: {error}", step(*invocation))
            }
            Input::StepFailed { invocation, error, again: Some(wait) } => {
                format!("{} failed: {error}; again in {wait:?}", step(*invocation))
            }
            Input::StepWaits { invocation, event, .. } => {
                format!("{} waits for {}", step(*invocation), W::graph().event_name(*event))
            }
            Input::Received { event } => format!("received {event:?}"),
            Input::Cancelled => "cancelled".to_owned(),
            Input::Started { .. }
            | Input::WaitDropped { .. }
            | Input::Matched { .. }
            | Input::MatchedKept { .. }
            | Input::WaitsAreAll
            | Input::TimePassed => return,
        };
        self.line::<W>(&line);
    }

    /// The run is over.
    pub(super) fn ends<W: Workflow>(&self, outcome: &Outcome<W::Event>) {
        let line = match outcome {
            Outcome::Stopped(event) => format!("ends with {event:?}"),
            Outcome::Failed(gave_up) => format!("fails: {} gave up", name::<W>(gave_up.step)),
            Outcome::Stalled(why) => format!("stalls: {why}"),
            Outcome::OutsideBatch { step, event } => {
                let event = W::graph().event_name(*event);
                format!("fails: {event} came to {} outside a batch", name::<W>(*step))
            }
            Outcome::TimedOut { .. } => "timed out".to_owned(),
            Outcome::Cancelled => return,
        };
        self.line::<W>(&line);
    }

    /// Nobody can be told that a line could not be printed.
    fn line<W: Workflow>(&self, line: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(lines, "{}: {line}", W::NAME);
        let _ = lines.flush();
    }
}

fn name<W: Workflow>(step: u16) -> &'static str {
    W::graph().steps[usize::from(step)].name
}

fn emitted<E: std::fmt::Debug>(emission: &Emission<E>) -> String {
    match emission {
        Emission::None => "nothing".to_owned(),
        Emission::One(event) => format!("{event:?}"),
        Emission::Many(events, _) => format!("[{}]", list(events)),
        Emission::All(parts) => parts.iter().map(emitted).collect::<Vec<_>>().join(", "),
    }
}

fn list<E: std::fmt::Debug>(events: &[E]) -> String {
    events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>().join(", ")
}
