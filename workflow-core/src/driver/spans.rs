//! Spans: one for the run and one for each try of a step, of `tracing`; nothing without that feature.

use super::Core;
use super::span::Span;
use crate::machine::{InvocationId, Outcome};
use crate::{StepError, Workflow};

#[cfg(feature = "tracing")]
pub(super) use on::Spans;

#[cfg(not(feature = "tracing"))]
pub(super) use off::Spans;

#[cfg(feature = "tracing")]
mod on {
    use std::collections::HashMap;
    use std::sync::{Mutex, PoisonError};

    use tracing::field::Empty;
    use tracing::{Level, debug, enabled, info_span};

    use super::{Core, InvocationId, Outcome, Span, StepError, Workflow};

    /// The spans of one run.
    pub struct Spans {
        run: tracing::Span,
        steps: Mutex<HashMap<u64, tracing::Span>>,
    }

    impl Spans {
        /// The run's span, inside of the one in which the run begins; `None` when nobody wants it.
        pub fn of_run<W: Workflow>(core: &Core<W>) -> Option<Self> {
            if !enabled!(target: "workflow", Level::INFO) {
                return None;
            }
            let run = info_span!(
                target: "workflow",
                "run",
                otel.name = format!("{}.run", W::NAME),
                otel.status_code = Empty,
                workflow = W::NAME,
                run.id = core.id(),
                error = Empty,
            );
            (!run.is_disabled()).then(|| Self { run, steps: Mutex::default() })
        }

        pub fn begin(
            &self,
            workflow: &'static str,
            name: &'static str,
            invocation: InvocationId,
            attempt: u32,
        ) -> Span {
            let span = info_span!(
                target: "workflow",
                parent: &self.run,
                "step",
                otel.name = format!("{workflow}.{name}"),
                otel.status_code = Empty,
                workflow,
                step = name,
                attempt,
                invocation = invocation.number,
                error = Empty,
            );
            self.steps().insert(invocation.number, span.clone());
            Span(span)
        }

        pub fn end(&self, invocation: InvocationId, error: Option<&StepError>) {
            if let Some(span) = self.steps().remove(&invocation.number) {
                match error {
                    Some(error) => {
                        span.record("otel.status_code", "ERROR");
                        span.record("error", tracing::field::display(error));
                    }
                    None => drop(span.record("otel.status_code", "OK")),
                }
            }
        }

        pub fn end_run<E>(&self, outcome: &Outcome<E>) {
            let status = if let Outcome::Stopped(_) = outcome { "OK" } else { "ERROR" };
            match outcome {
                Outcome::Cancelled => drop(self.run.record("error", "cancelled")),
                _ => drop(self.run.record("otel.status_code", status)),
            }
            self.steps().clear();
        }

        pub fn line(&self, of: Option<InvocationId>, line: &str) {
            let step = of.and_then(|of| self.steps().get(&of.number).cloned());
            debug!(target: "workflow", parent: step.as_ref().unwrap_or(&self.run), "{line}");
        }

        fn steps(&self) -> std::sync::MutexGuard<'_, HashMap<u64, tracing::Span>> {
            self.steps.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use super::{Core, InvocationId, Outcome, Span, StepError, Workflow};

    /// Nothing: there is no such value.
    pub enum Spans {}

    impl Spans {
        pub fn of_run<W: Workflow>(_: &Core<W>) -> Option<Self> {
            None
        }

        pub fn begin(&self, _: &'static str, _: &'static str, _: InvocationId, _: u32) -> Span {
            match *self {}
        }

        pub fn end(&self, _: InvocationId, _: Option<&StepError>) {
            match *self {}
        }

        pub fn end_run<E>(&self, _: &Outcome<E>) {
            match *self {}
        }

        pub fn line(&self, _: Option<InvocationId>, _: &str) {
            match *self {}
        }
    }
}
