//! Spans: one for the run and one for each try of a step, of `tracing`; nothing without that feature.
//!
//! Who wants more than spans asks for it by target: `workflow::note` says what happens in a span, by names alone;
//! `workflow::payload` has what came in and out, as JSON, which is not written unless somebody wants it;
//! `workflow::queue` how many executions wait for a worker.

use super::Core;
use super::span::Span;
use crate::machine::{Given, InvocationId, Machine, Outcome};
use crate::{Emission, Events, StepError, Workflow};

#[cfg(feature = "tracing")]
pub(super) use on::Spans;

#[cfg(not(feature = "tracing"))]
pub(super) use off::Spans;

/// What happens in the span of a step, or of the run where no step is named.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    /// A step begins to wait for an event.
    Waits,
    /// It has got what it waited for.
    GoesOn,
    /// It has not got it in time.
    WaitedLongEnough,
    /// A step has sent an event.
    Sends,
    /// A step has published an event.
    Publishes,
    /// An event has come from outside.
    Received,
}

#[cfg(feature = "tracing")]
mod on {
    use std::collections::{HashMap, HashSet};
    use std::error::Error;
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use tracing::field::{Empty, display};
    use tracing::level_filters::LevelFilter;
    use tracing::{debug, info_span, trace};

    use super::{
        Core, Emission, Events, Given, InvocationId, Machine, Note, Outcome, Span, StepError, Workflow,
    };
    use crate::RunError;
    use crate::driver::payload::Payload;
    use crate::machine::Token;

    /// At how many batches those that have closed are left out for the first time.
    const LOOK_AT: usize = 64;

    /// The spans of one run.
    pub struct Spans {
        open: Mutex<Open>,
    }

    /// What has not ended.
    #[derive(Default)]
    struct Open {
        /// None once the run is over.
        run: Option<tracing::Span>,
        /// By execution: the span of the try that runs.
        tries: HashMap<u64, tracing::Span>,
        /// By execution that is part of a batch: which member of it it is.
        members: HashMap<u64, (u64, u32)>,
        /// By batch and step: how many executions have begun.
        begun: HashMap<(u64, u16), u32>,
        /// At how many batches those are looked through that have closed.
        look_at: usize,
        /// How many executions waited for a worker when that was said last.
        queued: usize,
    }

    impl Spans {
        /// The run's span, inside of the one in which the run begins; `None` when nobody wants it.
        pub fn of_run<W: Workflow>(core: &Core<W>) -> Option<Self> {
            let run = info_span!(
                target: "workflow",
                "run",
                otel.name = format!("{}.run", W::NAME),
                otel.status_code = Empty,
                workflow = W::NAME,
                run.id = core.id(),
                outcome = Empty,
                error = Empty,
            );
            if run.is_disabled() {
                return None;
            }
            let open = Open { run: Some(run), look_at: LOOK_AT, ..Open::default() };
            Some(Self { open: Mutex::new(open) })
        }

        /// Whether anybody may want the lines that are events of the spans. Only the event itself asks those who
        /// filter: a question that no event follows would be taken for the answer to the next one.
        pub fn may_want_lines(&self) -> bool {
            LevelFilter::current() >= LevelFilter::DEBUG
        }

        /// The run has come to its first event.
        pub fn opens<E: Events>(&self, event: &E) {
            if let Some(run) = &self.open().run {
                trace!(target: "workflow::payload", parent: run, input = display(Payload::One(event)));
            }
        }

        /// A try of a step begins.
        pub fn begin<W: Workflow>(
            &self,
            machine: &Machine<W::Event>,
            name: &'static str,
            invocation: InvocationId,
            given: &Given<W::Event>,
            attempt: u32,
        ) -> Span {
            let mut open = self.open();
            let member = open.member(machine, invocation, attempt);
            let Some(run) = &open.run else { return Span::NONE };
            let span = info_span!(
                target: "workflow",
                parent: run,
                "step",
                otel.name = format!("{}.{name}", W::NAME),
                otel.status_code = Empty,
                workflow = W::NAME,
                step = name,
                attempt,
                invocation = invocation.number,
                batch = member.map(|(batch, _)| batch),
                member = member.map(|(_, member)| member),
                outcome = Empty,
                error = Empty,
            );
            let given = match given {
                Given::One(event) => Payload::One(event),
                Given::Several(events) => Payload::Several(events),
            };
            trace!(target: "workflow::payload", parent: &span, input = display(given));
            open.tries.insert(invocation.number, span.clone());
            Span(span)
        }

        /// A step has returned.
        pub fn returned<E: Events>(&self, invocation: InvocationId, emission: &Emission<E>) {
            let mut open = self.open();
            open.members.remove(&invocation.number);
            if let Some(span) = open.tries.remove(&invocation.number) {
                if !matches!(emission, Emission::None) {
                    let output = Payload::Emitted(emission);
                    trace!(target: "workflow::payload", parent: &span, output = display(output));
                }
                complete(&span);
            }
        }

        /// A try of a step has failed; `again` is after how long there is another.
        pub fn failed(&self, invocation: InvocationId, error: &StepError, again: Option<Duration>) {
            let mut open = self.open();
            if again.is_none() {
                open.members.remove(&invocation.number);
            }
            if let Some(span) = open.tries.remove(&invocation.number) {
                if let Some(wait) = again {
                    debug!(target: "workflow::note", parent: &span, wait = ?wait, "tried again");
                }
                fail(&span, "failed", error.message(), error.causes());
            }
        }

        /// The run is over. What still runs is cut.
        pub fn ends<E: Events>(&self, outcome: &Outcome<E>, why: &str) {
            let mut open = self.open();
            open.cancel_tries();
            let Some(run) = open.take_run() else { return };
            match outcome {
                Outcome::Stopped(event) => {
                    let output = display(Payload::One(event));
                    trace!(target: "workflow::payload", parent: &run, output);
                    complete(&run);
                }
                Outcome::Cancelled => cancel(&run),
                Outcome::Failed(gave_up) => {
                    fail(&run, "failed", gave_up.error.message(), gave_up.error.causes());
                }
                Outcome::OutsideBatch { .. } => fail(&run, "failed", why, &[]),
                Outcome::Stalled(_) => fail(&run, "stalled", why, &[]),
                Outcome::TimedOut { .. } => fail(&run, "timed out", why, &[]),
            }
        }

        /// The run is over, and nobody has said how: it could not begin, its journal failed or has its result.
        pub fn over(&self, error: Option<&RunError>) {
            let mut open = self.open();
            open.cancel_tries();
            let Some(run) = open.take_run() else { return };
            match error {
                None => complete(&run),
                Some(RunError::Cancelled) => cancel(&run),
                Some(error) => {
                    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
                    let causes: Vec<_> = causes.map(ToString::to_string).collect();
                    fail(&run, "failed", &error.to_string(), &causes);
                }
            }
        }

        pub fn note(&self, of: Option<InvocationId>, note: Note, event: &str) {
            let open = self.open();
            let Some(span) = open.span(of) else { return };
            match note {
                Note::Waits => debug!(target: "workflow::note", parent: span, event, "waits"),
                Note::GoesOn => debug!(target: "workflow::note", parent: span, event, "goes on"),
                Note::WaitedLongEnough => {
                    debug!(target: "workflow::note", parent: span, "waited long enough")
                }
                Note::Sends => debug!(target: "workflow::note", parent: span, event, "sends"),
                Note::Publishes => debug!(target: "workflow::note", parent: span, event, "publishes"),
                Note::Received => debug!(target: "workflow::note", parent: span, event, "received"),
            }
        }

        /// So many executions wait for a worker.
        pub fn queue(&self, queued: usize) {
            self.open().queue(queued);
        }

        pub fn line(&self, of: Option<InvocationId>, line: impl Fn() -> String) {
            if let Some(span) = self.open().span(of) {
                debug!(target: "workflow", parent: span, "{}", line());
            }
        }

        fn open(&self) -> MutexGuard<'_, Open> {
            self.open.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl Drop for Spans {
        /// Whoever drops a run before it is over has cancelled it.
        fn drop(&mut self) {
            self.over(Some(&RunError::Cancelled));
        }
    }

    impl Open {
        /// The span of an execution, or of the run.
        fn span(&self, of: Option<InvocationId>) -> Option<&tracing::Span> {
            of.and_then(|of| self.tries.get(&of.number)).or(self.run.as_ref())
        }

        /// The batch of an execution, and which member it is: how many of its step have begun in it before.
        fn member<E: Token>(
            &mut self,
            machine: &Machine<E>,
            invocation: InvocationId,
            attempt: u32,
        ) -> Option<(u64, u32)> {
            let (batch, step) = machine.batch(invocation).zip(machine.step(invocation))?;
            if attempt > 1
                && let Some(known) = self.members.get(&invocation.number)
            {
                return Some(*known);
            }
            if self.begun.len() >= self.look_at {
                let open: HashSet<u64> = machine.open_batches().collect();
                self.begun.retain(|(batch, _), _| open.contains(batch));
                self.look_at = LOOK_AT.max(self.begun.len() * 2);
            }
            let begun = self.begun.entry((batch, step)).or_default();
            let member = (batch, *begun);
            *begun += 1;
            self.members.insert(invocation.number, member);
            Some(member)
        }

        /// So many executions wait for a worker; said when it has changed.
        fn queue(&mut self, queued: usize) {
            if std::mem::replace(&mut self.queued, queued) != queued
                && let Some(run) = &self.run
            {
                trace!(target: "workflow::queue", parent: run, queued);
            }
        }

        fn take_run(&mut self) -> Option<tracing::Span> {
            self.queue(0);
            self.run.take()
        }

        fn cancel_tries(&mut self) {
            self.members.clear();
            self.begun.clear();
            self.tries.drain().for_each(|(_, span)| cancel(&span));
        }
    }

    // The outcome is recorded last: with it the span is whole.

    fn complete(span: &tracing::Span) {
        span.record("otel.status_code", "OK");
        span.record("outcome", "completed");
    }

    fn cancel(span: &tracing::Span) {
        debug!(target: "workflow::note", parent: span, "cancelled");
        span.record("outcome", "cancelled");
    }

    fn fail(span: &tracing::Span, outcome: &str, error: &str, causes: &[String]) {
        debug!(target: "workflow::note", parent: span, error, causes = causes.join("\n"), "failed");
        span.record("error", error);
        span.record("otel.status_code", "ERROR");
        span.record("outcome", outcome);
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use std::time::Duration;

    use super::{
        Core, Emission, Events, Given, InvocationId, Machine, Note, Outcome, Span, StepError, Workflow,
    };

    /// Nothing: there is no such value.
    pub enum Spans {}

    impl Spans {
        pub fn of_run<W: Workflow>(_: &Core<W>) -> Option<Self> {
            None
        }

        pub fn may_want_lines(&self) -> bool {
            match *self {}
        }

        pub fn opens<E: Events>(&self, _: &E) {
            match *self {}
        }

        pub fn begin<W: Workflow>(
            &self,
            _: &Machine<W::Event>,
            _: &'static str,
            _: InvocationId,
            _: &Given<W::Event>,
            _: u32,
        ) -> Span {
            match *self {}
        }

        pub fn returned<E: Events>(&self, _: InvocationId, _: &Emission<E>) {
            match *self {}
        }

        pub fn failed(&self, _: InvocationId, _: &StepError, _: Option<Duration>) {
            match *self {}
        }

        pub fn ends<E: Events>(&self, _: &Outcome<E>, _: &str) {
            match *self {}
        }

        pub fn note(&self, _: Option<InvocationId>, _: Note, _: &str) {
            match *self {}
        }

        pub fn queue(&self, _: usize) {
            match *self {}
        }

        pub fn line(&self, _: Option<InvocationId>, _: impl Fn() -> String) {
            match *self {}
        }
    }
}
