//! Watch: who looks on at a run, in the order of the facts: lines for a reader, spans, and a recording.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::Core;
use super::record::{Recorder, Records};
use super::span::Span;
use super::spans::{Note, Spans};
use crate::machine::{Again, Given, Input, InvocationId, Machine, Outcome, Token};
use crate::{Emission, Events, RunError, Workflow};

/// Prints a line for each step that starts and ends, and for each event that comes or goes, and has a span
/// of `tracing` for the run and for each try of a step, with the same lines as its events. Takes down a recording.
pub(super) struct Watch<E> {
    lines: Option<Mutex<Box<dyn Write + Send>>>,
    spans: Option<Spans>,
    record: Option<Arc<dyn Records<E>>>,
    #[cfg(feature = "testing")]
    probe: Option<Arc<super::Probe>>,
}

impl<E> Default for Watch<E> {
    fn default() -> Self {
        Self {
            lines: None,
            spans: None,
            record: None,
            #[cfg(feature = "testing")]
            probe: None,
        }
    }
}

impl<E: Events> Watch<E> {
    /// What every run of the program is watched by: the environment may want its lines, and a subscriber of
    /// `tracing` its spans.
    pub(super) fn of_every_run<W: Workflow<Event = E>>(core: &Core<W>) -> Option<Self> {
        static IS_WANTED: LazyLock<bool> =
            LazyLock::new(|| std::env::var_os("WORKFLOW_LOG").is_some_and(|value| value != "0"));
        let spans = Spans::of_run(core);
        if spans.is_none() && !*IS_WANTED {
            return None;
        }
        let mut watch = Self { spans, ..Self::default() };
        if *IS_WANTED {
            watch.print_to(std::io::stderr());
        }
        Some(watch)
    }

    /// Prints the lines.
    pub(super) fn print_to(&mut self, lines: impl Write + Send + 'static) {
        self.lines = Some(Mutex::new(Box::new(lines)));
    }

    /// Takes down what it sees.
    pub(super) fn record(&mut self, record: Arc<dyn Records<E>>) {
        self.record = Some(record);
    }

    /// Notes what each fact touches.
    #[cfg(feature = "testing")]
    pub(super) fn explore(&mut self, probe: Arc<super::Probe>) {
        self.probe = Some(probe);
    }

    /// Who notes what each fact touches.
    #[cfg(feature = "testing")]
    pub(super) fn probe(&self) -> Option<&Arc<super::Probe>> {
        self.probe.as_ref()
    }

    /// Who takes it down.
    pub(super) fn recorder(&self) -> Option<&Recorder> {
        self.record.as_ref().map(|record| record.recorder())
    }

    /// Whether somebody may want words.
    fn may_want_lines(&self) -> bool {
        self.lines.is_some() || self.spans.as_ref().is_some_and(Spans::may_want_lines)
    }

    /// Adds what the other does; of two places to print to, the one that was said stays.
    pub(super) fn add(&mut self, other: Self) {
        self.lines = self.lines.take().or(other.lines);
        self.spans = self.spans.take().or(other.spans);
        self.record = self.record.take().or(other.record);
    }

    /// The run begins with this event.
    pub(super) fn opens(&self, event: &E) {
        if let Some(record) = &self.record {
            record.opens(event);
        }
        self.input(event);
    }

    /// The same of a run with a journal, which takes the event down by itself.
    pub(super) fn input(&self, event: &E) {
        if let Some(spans) = &self.spans {
            spans.opens(event);
        }
    }

    /// The run cannot begin.
    pub(super) fn refused(&self, error: &RunError) {
        if let Some(record) = &self.record {
            record.refused(error);
        }
        #[cfg(feature = "tracing")]
        self.over(Some(error));
    }

    /// A try of a step starts; gives its span.
    pub(super) fn starts<W: Workflow<Event = E>>(
        &self,
        machine: &Machine<E>,
        invocation: InvocationId,
        step: u16,
        given: &Given<E>,
        again: Option<&Again<E>>,
    ) -> Span {
        if let Some(record) = &self.record {
            record.starts(invocation, step, given, again);
        }
        let attempt = again.map_or(1, |again| again.attempt.number);
        let span = self.spans.as_ref().map_or(Span::NONE, |spans| {
            spans.queue(machine.queued());
            spans.begin::<W>(machine, name::<W>(step), invocation, given, attempt)
        });
        self.line::<W>(Some(invocation), || {
            let given = match given {
                Given::One(event) => format!("{event:?}"),
                Given::Several(events) => list(events),
            };
            let attempt = if attempt > 1 { format!(" (try {attempt})") } else { String::new() };
            format!("{} <- {given}{attempt}", name::<W>(step))
        });
        span
    }

    /// A step that waited goes on.
    pub(super) fn wakes<W: Workflow<Event = E>>(
        &self,
        invocation: InvocationId,
        step: u16,
        wait: u64,
        event: Option<&E>,
    ) {
        if let Some(record) = &self.record {
            record.wakes(step, wait, event);
        }
        if let Some(spans) = &self.spans {
            match event {
                Some(event) => spans.note(Some(invocation), Note::GoesOn, event_name::<W>(event)),
                None => spans.note(Some(invocation), Note::WaitedLongEnough, ""),
            }
        }
        self.line::<W>(Some(invocation), || match event {
            Some(event) => format!("{} <- {event:?}", name::<W>(step)),
            None => format!("{} has waited long enough", name::<W>(step)),
        });
    }

    /// Something has happened.
    pub(super) fn fact<W: Workflow<Event = E>>(&self, machine: &Machine<E>, fact: &Input<E>) {
        if let Some(record) = &self.record {
            record.fact(machine, fact);
        }
        #[cfg(feature = "testing")]
        if let Some(probe) = &self.probe {
            probe.touching(|started, note| machine.touches(fact, started, note));
        }
        if let Some(of) = spoken_of(fact) {
            self.line::<W>(of, || words::<W>(machine, fact));
        }
        if let Some(spans) = &self.spans {
            note::<W>(spans, fact);
        }
    }

    /// Nothing runs, and the run waits for an event from outside.
    pub(super) fn idles<W: Workflow<Event = E>>(&self) {
        self.line::<W>(None, || "is idle: it waits for an event from outside".to_owned());
    }

    /// The run is over.
    pub(super) fn ends<W: Workflow<Event = E>>(&self, outcome: &Outcome<E>) {
        if let Some(record) = &self.record {
            record.ends(outcome);
        }
        let why = match outcome {
            Outcome::Stopped(_) | Outcome::Cancelled => String::new(),
            Outcome::Failed(gave_up) => format!("{} gave up", name::<W>(gave_up.step)),
            Outcome::Stalled(why) => why.to_string(),
            Outcome::OutsideBatch { step, event } => {
                let event = W::graph().event_name(*event);
                format!("{event} came to {} outside a batch", name::<W>(*step))
            }
            Outcome::TimedOut { .. } => "timed out".to_owned(),
        };
        match outcome {
            Outcome::Stopped(event) => self.line::<W>(None, || format!("ends with {event:?}")),
            Outcome::Failed(_) | Outcome::OutsideBatch { .. } => {
                self.line::<W>(None, || format!("fails: {why}"));
            }
            Outcome::Stalled(_) => self.line::<W>(None, || format!("stalls: {why}")),
            Outcome::TimedOut { .. } => self.line::<W>(None, || why.clone()),
            Outcome::Cancelled => (),
        }
        if let Some(spans) = &self.spans {
            spans.ends(outcome, &why);
        }
    }

    /// The run is over, and nobody has said how.
    #[cfg(feature = "tracing")]
    #[cold]
    pub(super) fn over(&self, error: Option<&RunError>) {
        if let Some(spans) = &self.spans {
            spans.over(error);
        }
    }

    /// Says a line, if somebody hears it. Nobody can be told that it could not be printed.
    fn line<W: Workflow<Event = E>>(&self, of: Option<InvocationId>, line: impl Fn() -> String) {
        if !self.may_want_lines() {
            return;
        }
        if let Some(lines) = &self.lines {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = writeln!(lines, "{}: {}", W::NAME, line());
            let _ = lines.flush();
        }
        if let Some(spans) = &self.spans {
            spans.line(of, line);
        }
    }
}

/// The execution that a fact is about, or none; nothing for those that nobody speaks of.
fn spoken_of<E>(fact: &Input<E>) -> Option<Option<InvocationId>> {
    match fact {
        Input::StepReturned { invocation, .. }
        | Input::StepFailed { invocation, .. }
        | Input::StepSent { invocation, .. }
        | Input::StepPublished { invocation, .. }
        | Input::StepWaits { invocation, .. } => Some(Some(*invocation)),
        Input::Received { .. } | Input::Cancelled => Some(None),
        Input::Started { .. }
        | Input::WaitDropped { .. }
        | Input::Matched { .. }
        | Input::MatchedKept { .. }
        | Input::WaitsAreAll
        | Input::TimePassed => None,
    }
}

/// A fact in words.
fn words<W: Workflow>(machine: &Machine<W::Event>, fact: &Input<W::Event>) -> String {
    let step = |invocation| machine.step(invocation).map_or("?", name::<W>);
    match fact {
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
        | Input::TimePassed => String::new(),
    }
}

/// Says in the spans what has happened.
fn note<W: Workflow>(spans: &Spans, fact: &Input<W::Event>) {
    match fact {
        Input::StepReturned { invocation, emission } => spans.returned(*invocation, emission),
        Input::StepFailed { invocation, error, again } => spans.failed(*invocation, error, *again),
        Input::StepSent { invocation, event } => {
            spans.note(Some(*invocation), Note::Sends, event_name::<W>(event));
        }
        Input::StepPublished { invocation, event } => {
            spans.note(Some(*invocation), Note::Publishes, event_name::<W>(event));
        }
        Input::StepWaits { invocation, event, .. } => {
            spans.note(Some(*invocation), Note::Waits, W::graph().event_name(*event));
        }
        Input::Received { event } => spans.note(None, Note::Received, event_name::<W>(event)),
        Input::Started { .. }
        | Input::WaitDropped { .. }
        | Input::Matched { .. }
        | Input::MatchedKept { .. }
        | Input::WaitsAreAll
        | Input::TimePassed
        | Input::Cancelled => (),
    }
}

fn event_name<W: Workflow>(event: &W::Event) -> &'static str {
    W::graph().event_name(event.kind())
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
