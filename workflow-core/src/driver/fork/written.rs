//! Written: a fork whose facts are written down before anything follows from them.
//!
//! The machine is asked for its orders right after each fact, as it is when the records are read again; they wait
//! until the fact is kept.

use std::task::Context;

use super::Fork;
use crate::driver::journaled::{Begins, write_checkpoint};
use crate::journal::End;
use crate::machine::{Input, Machine, Outcome, Output};
use crate::{BoxError, RunError, Workflow};

/// What a run with a journal does in its own way: known by address, so that a program without journals is without
/// it too.
#[expect(clippy::type_complexity, reason = "three functions, each used once")]
pub(in crate::driver) struct Writing<W: Workflow> {
    /// What is first in this process, if that was not done.
    pub(super) begin: fn(&mut Fork<'_, W>, &mut Machine<W::Event>),
    /// Tells a fact.
    pub(super) tell: fn(&mut Fork<'_, W>, &mut Machine<W::Event>, Input<W::Event>),
    /// Brings what was told to the journal.
    pub(super) write: fn(&mut Fork<'_, W>, &mut Machine<W::Event>, &mut Context<'_>) -> Result<(), RunError>,
}

impl<W: Workflow> Clone for Writing<W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W: Workflow> Copy for Writing<W> {}

impl<W: Workflow> Writing<W> {
    pub(in crate::driver) fn new() -> Self {
        Self {
            begin: |fork, machine| fork.begin_written(machine),
            tell: |fork, machine, fact| fork.tell_written(machine, fact),
            write: |fork, machine, cx| fork.write_pages(machine, cx),
        }
    }
}

impl<W: Workflow> Fork<'_, W> {
    /// Tells the machine a fact, and the journal.
    fn tell_written(&mut self, machine: &mut Machine<W::Event>, fact: Input<W::Event>) {
        let now = self.driver.now();
        let step = fact.invocation().and_then(|invocation| machine.step(invocation));
        let step = step.map(|step| W::graph().steps[usize::from(step)].name);
        if machine.is_over() {
            return;
        }
        self.note_what_is_shared();
        if let Some(pen) = &mut self.driver.pen {
            pen.fact(now, step, &fact);
        }
        machine.handle_input(now, fact);
        self.take_orders(machine);
    }

    /// The error of a step, unless it is that the journal of a run which it called has failed: that is no failure of
    /// the step, and ends this run as if its own journal had failed.
    pub(super) fn unless_unwritten(&mut self, error: BoxError) -> Option<BoxError> {
        let Some(pen) = &mut self.driver.pen else {
            return Some(error);
        };
        match error.downcast::<RunError>() {
            Err(other) => Some(other),
            Ok(error) => match *error {
                RunError::Journal { source, .. } => {
                    pen.fail(source);
                    None
                }
                error => Some(error.into()),
            },
        }
    }

    /// What steps did to what they share goes before the fact that comes next.
    fn note_what_is_shared(&mut self) {
        let now = self.driver.now();
        if let (Some(pen), Some(notes)) = (&mut self.driver.pen, self.core.notes()) {
            pen.note(now, notes.take());
        }
    }

    /// Takes the machine's orders. The questions to the user's code are answered at once: nothing follows from
    /// them but the fact that is the answer.
    fn take_orders(&mut self, machine: &mut Machine<W::Event>) {
        loop {
            match machine.poll_output() {
                Output::Wait { .. } => return,
                Output::Match { offer, waits } => self.match_waits(machine, offer, &waits),
                Output::MatchKept { wait } => self.match_kept(machine, wait),
                order => {
                    let Some(pen) = &mut self.driver.pen else {
                        return;
                    };
                    if let Output::Finish(outcome) = &order {
                        pen.end(end::<W>(outcome));
                    }
                    self.ordered.push_back((pen.next(), order));
                }
            }
        }
    }

    /// Brings what was told to the journal, as far as it goes; gives the error with which the run ends.
    #[inline]
    pub(super) fn write_down(
        &mut self,
        machine: &mut Machine<W::Event>,
        cx: &mut Context<'_>,
    ) -> Option<RunError> {
        let writing = self.writing?;
        (writing.write)(self, machine, cx).err()
    }

    fn write_pages(&mut self, machine: &mut Machine<W::Event>, cx: &mut Context<'_>) -> Result<(), RunError> {
        if self.driver.pen.as_ref().is_some_and(|pen| pen.wants_checkpoint()) {
            self.write_checkpoint(machine);
        }
        let Some(pen) = &mut self.driver.pen else {
            return Ok(());
        };
        pen.poll(cx).map_err(|source| RunError::Journal { id: self.core.id().to_owned(), source })
    }

    /// What is first in this process, before anything that has come in: of a run that was there already, what was in
    /// progress is ordered again.
    fn begin_written(&mut self, machine: &mut Machine<W::Event>) {
        let Some(begins) = self.driver.pen.as_mut().and_then(|pen| pen.begins.take()) else {
            return;
        };
        let now = self.driver.now();
        if begins == Begins::Again {
            if let Some(pen) = &mut self.driver.pen {
                pen.resume(now, machine.deadline());
            }
            machine.start_again(now);
        }
        self.take_orders(machine);
    }

    fn write_checkpoint(&mut self, machine: &Machine<W::Event>) {
        let (core, now) = (self.core, self.driver.now());
        // Nothing changes meanwhile that would have to be noted first.
        let state = core.state();
        self.note_what_is_shared();
        let body = core.notes().map(|notes| write_checkpoint(core, notes, machine, now));
        drop(state);
        if let (Some(pen), Some(body)) = (&mut self.driver.pen, body) {
            pen.checkpoint(body);
        }
    }
}

/// How the run ended, for the journal.
fn end<W: Workflow>(outcome: &Outcome<W::Event>) -> End {
    let name = |step: u16| W::graph().steps[usize::from(step)].name;
    match outcome {
        Outcome::Stopped(event) => match serde_json::to_string(event) {
            Ok(event) => End::Completed(event),
            Err(error) => End::Failed(format!("the result cannot be written down: {error}")),
        },
        Outcome::Cancelled => End::Cancelled,
        Outcome::Failed(gave_up) => {
            End::Failed(format!("step `{}` failed: {}", name(gave_up.step), gave_up.error))
        }
        Outcome::Stalled(stalled) => End::Failed(format!("the run can never finish: {stalled}")),
        Outcome::OutsideBatch { step, event } => {
            let event = W::graph().event_name(*event);
            End::Failed(format!(
                "step `{}` gathers batches, and a `{event}` came that belongs to none",
                name(*step)
            ))
        }
        Outcome::TimedOut { .. } => End::Failed("the run took longer than it may".to_owned()),
    }
}
