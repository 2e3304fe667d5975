//! Recorded: a run of which is taken down what it does.

use std::sync::Arc;
use std::time::Duration;

use super::{Phase, Run};
use crate::driver::record::{EXECUTIONS, Recorder, Room};
use crate::{Recording, Workflow};

/// What is said of a run without a recording.
pub(in crate::driver) const NOT_RECORDED: &str =
    "a run has a recording when `.record()` was said before it began";

impl<W: Workflow> Run<'_, W> {
    /// Takes down what the run does, for [`Run::recording`]: each try of each step with what it took and gave.
    /// Of more than 10,000 executions, with those of the runs that it calls, the first and the last are kept;
    /// of an event, its first 400 bytes as JSON.
    ///
    /// ```
    /// # use workflow_core::prelude::*;
    /// # #[event] struct Draft(String);
    /// # struct Greeter;
    /// # #[workflow]
    /// # impl Greeter {
    /// # #[step] async fn write(&self, name: StartEvent<String>) -> Draft { Draft(format!("hello {name}")) }
    /// # #[step] async fn polish(&self, draft: Draft) -> StopEvent<String> { StopEvent(draft.0 + "!") }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut run = Greeter.run("world").record();
    /// let result = (&mut run).await; // well or not: the recording is there
    /// println!("{}", run.recording()); // a timeline
    /// println!("{}", run.recording().draw().mermaid()); // the path that was taken
    /// # assert_eq!(run.recording().executions()[1].step(), "polish");
    /// # assert_eq!(result.unwrap(), "hello world!");
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// When the run has already begun.
    #[must_use]
    pub fn record(self) -> Self {
        self.record_at_most(EXECUTIONS)
    }

    /// The same for another number of executions.
    ///
    /// # Panics
    ///
    /// When the run has already begun.
    #[must_use]
    pub fn record_at_most(mut self, executions: usize) -> Self {
        self.expect_ready("record");
        let room = Room::new(executions);
        self.record_by(|before| Some(Recorder::new::<W>(room, before, Duration::ZERO)));
        self
    }

    /// Lets a recorder, made for a run that has spent so much time, take down the run.
    pub(in crate::driver) fn record_by(&mut self, recorder: impl FnOnce(Duration) -> Option<Arc<Recorder>>) {
        let core = Arc::clone(&self.core);
        self.special(|special| {
            if let Some(recorder) = recorder(special.before()) {
                core.machine().iter().for_each(|machine| recorder.resumes(machine));
                special.watch.record(recorder);
            }
        });
    }

    /// What the run has done so far, or until its end.
    ///
    /// # Panics
    ///
    /// When [`Run::record`] was not said of it.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let before_it_begins = match &self.phase {
            Phase::Ready { options: Some(options), .. } => {
                options.special.as_ref().and_then(|special| special.watch.recorder())
            }
            _ => None,
        };
        let recording = match before_it_begins {
            Some(recorder) => Some(recorder.recording(self.core.id())),
            None => self.core.recording(),
        };
        recording.expect(NOT_RECORDED)
    }
}
