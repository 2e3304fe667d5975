//! Workflow: what `#[workflow]` implements, and what a caller calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::driver::{Exit, Place, Slot};
use crate::graph::{Fingerprint, Graph};
use crate::journal::Journal;
use crate::output::{Found, NoStartEvent, Nothing};
use crate::{
    Carries, Drawing, Events, GraphError, ResumeError, RetryPolicy, Run, RunError, RunTask, Snapshot,
};

/// A workflow: a type whose steps are wired by their signatures.
///
/// `#[workflow]` on its `impl` block implements this; nobody writes it by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no workflow",
    label = "no workflow",
    note = "write `#[workflow]` above the `impl {Self}` block that holds its steps"
)]
pub trait Workflow: Send + Sync + Sized {
    /// What a run takes: the `T` of its `StartEvent<T>`.
    type Input: Send + 'static;

    /// What a run gives: the `T` of its `StopEvent<T>`.
    type Output: Send + 'static;

    /// The generated enum, one variant for each event; what a stream of published events yields.
    type Event: Events;

    /// What the steps of one run share: `#[workflow(state = T)]`, or nothing.
    type State: Default + fmt::Debug + Serialize + DeserializeOwned + Send + 'static;

    /// The workflow's name.
    const NAME: &'static str;

    /// How long a run may take where [`Run::timeout`] does not say; `None` for ever.
    const TIMEOUT: Option<Duration>;

    /// The event that opens a run with this input, or why no run can be opened with it.
    #[doc(hidden)]
    fn open(input: Self::Input) -> Result<Self::Event, RunError>;

    /// The result, when this is the event that ends a run.
    #[doc(hidden)]
    fn close(event: Self::Event) -> Result<Self::Output, Self::Event>;

    /// Why [`Workflow::close`] gave back the event that ends a run; of one whose result is in the event, never.
    #[doc(hidden)]
    fn unclosed(event: &Self::Event) -> RunError {
        unreachable!("the result of `{}` is in {event:?}", Self::NAME)
    }

    /// Runs the step that `slot` is for, and goes on from event to event for as long as each step gives
    /// one to one taker.
    #[doc(hidden)]
    fn dispatch(
        &self,
        slot: &mut Slot<Self::Event>,
        place: &Place<'_, Self>,
    ) -> impl Future<Output = Exit<Self::Event>> + Send;

    /// What decides, when the step has failed, whether it is tried again.
    #[doc(hidden)]
    #[must_use]
    fn retry(step: u16) -> Option<RetryPolicy> {
        let _ = step;
        None
    }

    /// The workflow's steps and events, as data.
    #[must_use]
    fn graph() -> &'static Graph {
        Self::Event::graph()
    }

    /// Whether a run of the workflow can go from its start to its end.
    ///
    /// A workflow that is written as an `impl` block is checked when it is compiled. One whose steps are
    /// free functions is whole only once the program is linked: say this in a test, or first thing in
    /// `main`; the first run asks it otherwise.
    ///
    /// # Errors
    ///
    /// All findings, in the words of the compiler.
    fn check() -> Result<(), GraphError> {
        Ok(())
    }

    /// All paths that a run can take, as a picture.
    #[must_use]
    fn draw() -> Drawing {
        Drawing::new(Self::graph()).with_fields(<Self::Event as Events>::shapes)
    }

    /// A run on this input. Nothing happens until it is awaited or read as a stream; dropping it cancels
    /// whatever it has under way.
    fn run(&self, input: impl Into<Self::Input>) -> Run<'_, Self> {
        Run::new(self, input.into())
    }

    /// What a run that is written down must find again; see [`Workflow::resume`].
    #[must_use]
    fn fingerprint() -> Fingerprint {
        Fingerprint::new(Self::graph(), &Self::Event::shapes())
    }

    /// Goes on with a run from where [`Run::snapshot`] has left it, in this process or another. It can be
    /// written down again.
    ///
    /// # Errors
    ///
    /// [`ResumeError`] when the snapshot is of another workflow, of one whose steps or events have changed
    /// since, of a newer version of this library, or damaged; it says which.
    fn resume(&self, snapshot: Snapshot) -> Result<Run<'_, Self>, ResumeError> {
        Run::resume(self, snapshot)
    }

    /// The run of that id which is in the journal, as it stands: what it began with is known there. See
    /// [`Run::journal`].
    fn recover(&self, journal: &(impl Journal + Clone), id: impl Into<String>) -> Run<'_, Self> {
        Run::recorded(self, Arc::new(journal.clone()), id.into())
    }

    /// A new run that has behind it what the run `id` in the journal had before its record `at`, and goes on from
    /// there in its own way. Give it an id by [`Run::id`].
    ///
    /// It fails with [`JournalError::OutOfReach`](crate::journal::JournalError::OutOfReach) where that run has no
    /// such record, or not any more.
    fn fork(&self, journal: &(impl Journal + Clone), id: impl Into<String>, at: u64) -> Run<'_, Self> {
        Run::forked(self, Arc::new(journal.clone()), id.into(), at, None)
    }

    /// The same as [`Workflow::fork`], with `event` in the place of what came with the record `at`: what opened the
    /// run, what a step sent or returned, or what came from outside.
    fn fork_with<E>(
        &self,
        journal: &(impl Journal + Clone),
        id: impl Into<String>,
        at: u64,
        event: E,
    ) -> Run<'_, Self>
    where
        Self::Event: Carries<E>,
    {
        Run::forked(self, Arc::new(journal.clone()), id.into(), at, Some(Carries::wrap(event)))
    }

    /// The same as [`Workflow::recover`], on a tokio task of its own, at once.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    fn start_recovered(
        self: &Arc<Self>,
        journal: &(impl Journal + Clone),
        id: impl Into<String>,
    ) -> RunTask<Self>
    where
        Self: 'static,
    {
        self.start_recovered_with(journal, id, |run| run)
    }

    /// The same, of a run that is set up first, as for [`Workflow::start_with`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, or when what sets it up begins the run.
    fn start_recovered_with(
        self: &Arc<Self>,
        journal: &(impl Journal + Clone),
        id: impl Into<String>,
        set_up: impl for<'r> FnOnce(Run<'r, Self>) -> Run<'r, Self>,
    ) -> RunTask<Self>
    where
        Self: 'static,
    {
        RunTask::recorded(Arc::clone(self), Arc::new(journal.clone()), id.into(), set_up)
    }

    /// The same as [`Workflow::run`], on a tokio task of its own, at once.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    fn start(self: &Arc<Self>, input: impl Into<Self::Input>) -> RunTask<Self>
    where
        Self: 'static,
    {
        RunTask::spawn(Arc::clone(self), input.into(), |run| run)
    }

    /// The same as [`Workflow::resume`], on a tokio task of its own, at once.
    ///
    /// # Errors
    ///
    /// Those of [`Workflow::resume`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    fn start_resumed(self: &Arc<Self>, snapshot: Snapshot) -> Result<RunTask<Self>, ResumeError>
    where
        Self: 'static,
    {
        RunTask::resume(Arc::clone(self), snapshot)
    }

    /// The same as [`Workflow::start`], of a run that is set up first:
    /// `flow.start_with(order, |run| run.id("order-42").resumable())`.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, or when what sets it up begins the run.
    fn start_with(
        self: &Arc<Self>,
        input: impl Into<Self::Input>,
        set_up: impl for<'r> FnOnce(Run<'r, Self>) -> Run<'r, Self>,
    ) -> RunTask<Self>
    where
        Self: 'static,
    {
        RunTask::spawn(Arc::clone(self), input.into(), set_up)
    }
}

/// The future of one step. A run may change threads between two polls, so the future must be `Send`; asked
/// here, where it is one step's, the answer names the step.
#[doc(hidden)]
#[inline]
pub fn step_future<F: Future + Send>(future: F) -> F {
    future
}

/// How the generated code opens a run when the event that opens it goes by another name.
#[doc(hidden)]
pub trait Opens<Ev> {
    /// What a run takes.
    type Input: Send + 'static;

    /// The event that opens it.
    fn open(input: Self::Input) -> Ev;
}

impl<Ev> Opens<Ev> for Nothing {
    type Input = NoStartEvent;

    fn open(_: NoStartEvent) -> Ev {
        unreachable!("a workflow that no event opens does not compile")
    }
}

impl<Ev, T> Opens<Ev> for Found<T>
where
    T: Send + 'static,
    Ev: Carries<crate::StartEvent<T>>,
{
    type Input = T;

    fn open(input: T) -> Ev {
        Ev::wrap(crate::StartEvent(input))
    }
}
