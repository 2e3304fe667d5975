//! Run: one run of a workflow, in the hands of its caller.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::begin::{Driving, Journaled, Opening, begin, begin_with, journaled, open_whole};
use super::journaled::{Notes, Source};
use super::snapshot::{Read, Written};
use super::special::Special;
use super::{Buffer, Core, Delivery, EventStream, ResumeError, RunHandle, Snapshot, SnapshotError};
use crate::journal::{Journal, Migration};
use crate::{Receives, RunError, SendError, Workflow};

mod recorded;

pub(super) use recorded::NOT_RECORDED;

/// One run: a future of the result, and a stream of what the workflow publishes. Both drive it.
///
/// Nothing happens before it is first polled, and nothing after it was dropped: dropping a run cancels
/// it, with all its steps at the await at which they are.
///
/// ```no_run
/// # use workflow_core::prelude::*;
/// # async fn example<F: Workflow<Input = String>>(flow: F) -> Result<(), RunError> {
/// let mut run = flow.run("pirates").id("joke-7");
/// while let Some(event) = run.next().await {
///     println!("{event:?}");
/// }
/// let result = run.await?;
/// # Ok(()) }
/// ```
///
/// A run that has to do with time (a timeout, a wait before another try) is polled in a tokio runtime with
/// timers: `#[tokio::main]`, or a builder with `enable_time`.
///
/// # Panics
///
/// When it is polled, and has to do with time, without such a runtime.
///
/// # Cancel safety
///
/// [`Run::next`], and awaiting `&mut run`, lose nothing when they are dropped: the run waits to be polled again.
pub struct Run<'a, W: Workflow> {
    core: Arc<Core<W>>,
    phase: Phase<'a, W>,
    /// The reader behind [`Run::next`], made when that is first called.
    reader: Option<Box<EventStream<W>>>,
}

enum Phase<'a, W: Workflow> {
    /// The input goes from here by itself: in one value with what else a run may begin with, it would be copied
    /// right after it was written in parts, and the processor waits for that.
    Ready {
        flow: &'a W,
        input: Option<W::Input>,
        options: Option<Box<Options<W>>>,
    },
    Driving(Driving<'a, W>),
    Over(Option<Box<Result<W::Output, RunError>>>),
}

/// What was said of a run before it begins.
struct Options<W: Workflow> {
    /// What it begins with in place of an input; without either, its machine stands in the core.
    event: Option<W::Event>,
    limit: Option<Duration>,
    special: Option<Box<Special<W::Event>>>,
    journaled: Option<Journaled<W>>,
}

impl<W: Workflow> Default for Options<W> {
    /// What holds where nothing was said.
    fn default() -> Self {
        Self { event: None, limit: W::TIMEOUT, special: None, journaled: None }
    }
}

/// A run that has not begun, apart from its flow.
pub(super) struct Parts<W: Workflow> {
    opening: Opening<W>,
    limit: Option<Duration>,
    journaled: Option<Journaled<W>>,
}

impl<'a, W: Workflow> Run<'a, W> {
    pub(crate) fn new(flow: &'a W, input: W::Input) -> Self {
        Self::on(flow, Arc::default(), input)
    }

    /// A run of which others know already.
    pub(super) fn on(flow: &'a W, core: Arc<Core<W>>, input: W::Input) -> Self {
        Self { core, phase: Phase::Ready { flow, input: Some(input), options: None }, reader: None }
    }

    /// A run that is more than a plain one.
    pub(super) fn whole(flow: &'a W, input: W::Input, special: Special<W::Event>) -> Self {
        let mut run = Self::new(flow, input);
        run.special(|place| *place = special);
        run
    }

    /// What a run that has not begun is made of, to make it again where the flow is borrowed anew.
    ///
    /// # Errors
    ///
    /// When the workflow cannot be opened with the input of a run that is more than a plain one.
    pub(super) fn into_parts(mut self) -> Result<Parts<W>, RunError> {
        let Phase::Ready { input, options, .. } = std::mem::replace(&mut self.phase, Phase::Over(None))
        else {
            panic!("a run that is started has not begun");
        };
        let Options { event, limit, special, journaled } =
            options.map_or_else(Options::default, |options| *options);
        let opening = Opening::of(input, event);
        let opening = match special {
            Some(special) => open_whole(&self.core, opening, limit, special)
                .inspect_err(|error| self.core.refuse(error))?,
            None => opening,
        };
        Ok(Parts { opening, limit, journaled })
    }

    /// The run that was taken apart.
    pub(super) fn of_parts(flow: &'a W, core: Arc<Core<W>>, parts: Parts<W>) -> Self {
        let Parts { opening, limit, journaled } = parts;
        let (input, event) = opening.into_parts();
        let is_plain = limit == W::TIMEOUT && journaled.is_none() && event.is_none();
        let options = (!is_plain).then(|| Box::new(Options { event, limit, special: None, journaled }));
        Self { core, phase: Phase::Ready { flow, input, options }, reader: None }
    }

    /// A run that goes on.
    pub(super) fn resumed(flow: &'a W, read: Read<W>) -> Self {
        let Read { core, limit, special } = read;
        let options = Some(Box::new(Options { limit, special: Some(special), ..Options::default() }));
        Self { core, phase: Phase::Ready { flow, input: None, options }, reader: None }
    }

    pub(crate) fn resume(flow: &'a W, snapshot: Snapshot) -> Result<Self, ResumeError> {
        let special = Special { resumable: true, ..Special::default() };
        Ok(Self::resumed(flow, snapshot.open::<W>()?.read(special)?))
    }

    pub(super) fn core(&self) -> &Arc<Core<W>> {
        &self.core
    }

    #[track_caller]
    fn expect_ready(&self, option: &str) {
        assert!(matches!(self.phase, Phase::Ready { .. }), "`{option}` is said before a run begins");
    }

    /// Makes the run more than a plain one; without effect once it has begun.
    fn special(&mut self, set: impl FnOnce(&mut Special<W::Event>)) {
        if let Phase::Ready { options, .. } = &mut self.phase {
            let options = options.get_or_insert_default();
            set(options.special.get_or_insert_default());
        }
    }

    /// How long the run may take, from its first poll; it then fails with [`RunError::TimedOut`], which
    /// names the steps that were running.
    ///
    /// # Panics
    ///
    /// When the run has already begun.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.expect_ready("timeout");
        if let Phase::Ready { options, .. } = &mut self.phase {
            options.get_or_insert_default().limit = Some(timeout);
        }
        self
    }

    /// The run's name for logs, steps and stores; without it, one is made up. The first id counts: one that
    /// was given before, that [`RunHandle::id`] has made up, or that a resumed run brings.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        self.core.set_id(id.into().into());
        self
    }

    /// The state that the run begins with, in place of the default.
    ///
    /// # Panics
    ///
    /// When the run has already begun.
    #[must_use]
    pub fn state(self, state: W::State) -> Self {
        self.expect_ready("state");
        *self.core.state() = state;
        self
    }

    /// Lets the run be written down by [`Run::snapshot`] at any moment: its running steps leave a copy of what
    /// they were given. A run that is read, by [`Run::next`] or as a stream, or taken step by step, is so anyway.
    ///
    /// # Panics
    ///
    /// When the run has already begun.
    #[must_use]
    pub fn resumable(mut self) -> Self {
        self.expect_ready("resumable");
        self.special(|special| special.resumable = true);
        self
    }

    /// Writes every fact of the run down in this journal, before anything follows from it: after a crash, a run with
    /// the same id and journal goes on from there. What had ended is not done again; steps that were in progress
    /// start again, and what they had sent, published, waited for, collected and changed is not repeated.
    ///
    /// When a run of that [id](Run::id) has ended, its result is given again. One that has failed gives
    /// [`RunError::Ended`]. The input must be that with which it began.
    ///
    /// ```
    /// # use workflow_core::{journal::MemoryJournal, prelude::*};
    /// # struct Greeter;
    /// # #[workflow] impl Greeter {
    /// # #[step] async fn greet(&self, name: StartEvent<String>) -> StopEvent<String> { StopEvent(format!("hello {name}")) }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let journal = MemoryJournal::new();
    /// assert_eq!(Greeter.run("world").id("greeting-1").journal(&journal).await?, "hello world");
    /// # Ok::<(), RunError>(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// When the run has already begun.
    #[must_use]
    pub fn journal(self, journal: &(impl Journal + Clone)) -> Self {
        self.journal_of(Arc::new(journal.clone()), None)
    }

    /// Lets a run go on in its [journal](Run::journal) that another version of the workflow has begun. Its records are
    /// told to the workflow of today, with the names and fields that the migration says; where today's would have come
    /// another way, the run is refused as it is. What was recorded of it before that goes.
    ///
    /// Without it, such a run is refused with [`RunError::NotResumed`], which names what has changed. A run that it
    /// has called by [`Context::call`](crate::Context::call) is refused all the same.
    ///
    /// # Panics
    ///
    /// When the run has already begun, or has no journal.
    #[must_use]
    pub fn migrate(mut self, migration: Migration) -> Self {
        self.expect_ready("migrate");
        self.special(|special| {
            let noted = special.noted.as_mut();
            let noted = noted.unwrap_or_else(|| panic!("`migrate` is said of a run with a journal"));
            noted.notes_mut().migrating(migration);
        });
        self
    }

    /// The same, for a run that was called by the run `parent`.
    pub(super) fn journal_of(mut self, journal: Arc<dyn Journal>, parent: Option<String>) -> Self {
        self.expect_ready("journal");
        self.special(|special| {
            special.resumable = true;
            special.noted = Some(Box::new(Notes::new(journal, parent)));
        });
        self.core.will_be_kept();
        if let Phase::Ready { options, .. } = &mut self.phase {
            options.get_or_insert_default().journaled = Some(journaled::<W>);
        }
        self
    }

    /// A run that is in this journal.
    pub(crate) fn recorded(flow: &'a W, journal: Arc<dyn Journal>, id: String) -> Self {
        Self::unopened(flow, None).id(id).journal_of(journal, None)
    }

    /// A run that goes on from the record `at` of another one, with `instead` in the place of what came there.
    pub(crate) fn forked(
        flow: &'a W,
        journal: Arc<dyn Journal>,
        id: String,
        at: u64,
        instead: Option<W::Event>,
    ) -> Self {
        let mut run = Self::unopened(flow, instead).journal_of(journal, None);
        run.special(|special| {
            if let Some(noted) = &mut special.noted {
                noted.notes_mut().of_fork(Source { id, at });
            }
        });
        run
    }

    fn unopened(flow: &'a W, event: Option<W::Event>) -> Self {
        let options = Some(Box::new(Options { event, ..Options::default() }));
        Self { core: Arc::default(), phase: Phase::Ready { flow, input: None, options }, reader: None }
    }

    /// Prints to the standard error which step starts from which event and what comes out, a line for each,
    /// in the order in which it happens. The environment variable `WORKFLOW_LOG`, with any value but `0`,
    /// does so for all runs of the program.
    ///
    /// # Panics
    ///
    /// When the run has already begun.
    #[must_use]
    pub fn verbose(self) -> Self {
        self.verbose_to(std::io::stderr())
    }

    /// The same, to any other place.
    ///
    /// # Panics
    ///
    /// When the run has already begun.
    #[must_use]
    pub fn verbose_to(mut self, lines: impl Write + Send + 'static) -> Self {
        self.expect_ready("verbose");
        self.special(|special| special.watch.print_to(lines));
        self
    }

    /// How many published events the run keeps, and what gives way when they are too many; without it, the
    /// oldest of more than 4,096 are dropped.
    #[must_use]
    pub fn buffer(self, buffer: Buffer) -> Self {
        self.core.with_log(|log| log.set_buffer(buffer));
        self
    }

    /// A handle to send it events and to cancel it while somebody else awaits it.
    #[must_use]
    pub fn handle(&self) -> RunHandle<W> {
        RunHandle::new(Arc::clone(&self.core))
    }

    /// A reader of what the run publishes, from the beginning as far as the buffer reaches. It does not drive
    /// the run.
    pub fn events(&self) -> EventStream<W> {
        EventStream::new(Arc::clone(&self.core))
    }

    /// Sends the run an event that it `receives`; any other does not compile, or is an error where the
    /// steps are free functions.
    ///
    /// # Errors
    ///
    /// [`SendError::Over`] when the run has ended; [`SendError::NotReceived`] and [`SendError::Gathered`].
    pub fn send<E>(&self, event: E) -> Result<(), SendError>
    where
        W::Event: Receives<E>,
    {
        self.handle().send(event)
    }

    /// Ends the run with [`RunError::Cancelled`] when it is polled next.
    pub fn cancel(&self) {
        self.core.cancel();
    }

    /// Drives the run until it publishes an event, and gives that; `None` when it is over and all was read.
    pub async fn next(&mut self) -> Option<W::Event> {
        self.special(|special| special.resumable = true);
        self.next_as_it_is().await
    }

    /// The same of a run that need not be written down meanwhile.
    pub(super) async fn next_as_it_is(&mut self) -> Option<W::Event> {
        self.go_on_alone();
        std::future::poll_fn(|cx| self.poll_published(cx)).await
    }

    /// Performs one delivery to its end, or to its next wait, and says what it was; `None` when the run is
    /// over and had none left. Of deliveries that are due at once it is the oldest; when none is due, it waits
    /// for what comes next: a time, or an event from outside. Between two calls nothing runs, and readers see
    /// all that was published.
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
    /// let mut run = Greeter.run("world");
    /// while !run.is_done() {
    ///     run.step().await;
    /// }
    /// assert_eq!(run.result().unwrap().unwrap(), "hello world!");
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// When the run has been awaited before: it cannot be stopped between its deliveries any more.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the delivery goes on with the next call.
    pub async fn step(&mut self) -> Option<Delivery> {
        self.special(|special| special.resumable = true);
        self.go_step_by_step();
        std::future::poll_fn(|cx| {
            let ended = |core: &Core<W>| core.if_rest(|rest| rest.deliveries.pop_front()).flatten();
            if let Some(delivery) = ended(&self.core) {
                return Poll::Ready(Some(delivery));
            }
            let driven = self.drive(cx);
            match ended(&self.core) {
                Some(delivery) => Poll::Ready(Some(delivery)),
                None => driven.map(|()| None),
            }
        })
        .await
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    /// What the run gave, once it is over and until it was awaited.
    ///
    /// # Errors
    ///
    /// That with which the run failed.
    #[must_use]
    pub fn result(&self) -> Option<Result<&W::Output, &RunError>> {
        match &self.phase {
            Phase::Over(result) => result.as_deref().map(Result::as_ref),
            Phase::Ready { .. } | Phase::Driving(_) => None,
        }
    }

    /// The run as it is now, to go on with it by [`Workflow::resume`]. The run itself goes on too, unless it
    /// is dropped.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] when the run was awaited without [`Run::resumable`], is over, or holds what cannot
    /// be written down, which the error names.
    pub fn snapshot(&mut self) -> Result<Snapshot, SnapshotError> {
        self.special(|special| special.resumable = true);
        if let Phase::Ready { .. } = self.phase {
            self.begin();
        }
        Written::of(&self.core).map(Snapshot::of::<W>)
    }

    /// A run that was taken step by step goes on by itself.
    fn go_on_alone(&self) {
        if let Some(special) = self.core.special() {
            special.stepwise.store(false, Ordering::Relaxed);
            self.core.if_rest(|rest| rest.deliveries.clear());
        }
    }

    fn go_step_by_step(&mut self) {
        self.special(|special| special.stepwise = AtomicBool::new(true));
        match self.core.special() {
            Some(special) => special.stepwise.store(true, Ordering::Relaxed),
            None if matches!(self.phase, Phase::Driving(_)) => {
                panic!("`step` is called before a run is awaited")
            }
            None => (),
        }
    }

    /// Whether nothing runs and the run waits for an event from outside.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.core.idle.load(Ordering::Acquire)
    }

    /// How many published events were dropped before [`Run::next`] came to them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.reader.as_ref().map_or_else(|| self.core.dropped(), |reader| reader.dropped())
    }

    /// The state as the run has left it, so that another run can go on with it.
    #[must_use]
    pub fn into_state(self) -> W::State {
        std::mem::take(&mut *self.core.state())
    }

    fn poll_published(&mut self, cx: &mut Context<'_>) -> Poll<Option<W::Event>> {
        let read = self.reader().try_next();
        if read.is_some() {
            return Poll::Ready(read);
        }
        // Over or not, the reader knows what there is.
        let _ = self.drive(cx);
        self.reader().poll(cx)
    }

    /// The run's own reader, which the run waits for from now on.
    fn reader(&mut self) -> &mut EventStream<W> {
        let reader = self.reader.get_or_insert_with(|| Box::new(EventStream::own(Arc::clone(&self.core))));
        reader.set_holds(true);
        reader
    }

    /// Polls the run once; ready when it is over.
    fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_done() {
            let result = ready!(self.poll_result(cx));
            self.phase = Phase::Over(Some(Box::new(result)));
        }
        Poll::Ready(())
    }

    /// Polls the run once; ready with its result when that is known. The result stays where the driver has put it:
    /// it is not taken apart on its way to the caller.
    ///
    /// # Panics
    ///
    /// When the result was given before.
    fn poll_result(&mut self, cx: &mut Context<'_>) -> Poll<Result<W::Output, RunError>> {
        if let Phase::Ready { .. } = self.phase {
            self.begin();
        }
        let Phase::Driving(driving) = &mut self.phase else {
            return Poll::Ready(self.kept_result());
        };
        let result = ready!(driving.as_mut().poll(cx));
        self.phase = Phase::Over(None);
        #[cfg(feature = "tracing")]
        if let Some(watch) = self.core.watch() {
            watch.over(result.as_ref().err().map(|error| &**error));
        }
        Core::close_for_its_owner(&self.core);
        Poll::Ready(result.map_err(|error| *error))
    }

    #[cold]
    fn kept_result(&mut self) -> Result<W::Output, RunError> {
        match &mut self.phase {
            Phase::Over(result) => *result.take().expect("a run gives its result once"),
            Phase::Ready { .. } | Phase::Driving(_) => unreachable!("a run that has no driver is over"),
        }
    }

    fn begin(&mut self) {
        let Phase::Ready { flow, input, options } = &mut self.phase else {
            return;
        };
        let (flow, core) = (*flow, Arc::clone(&self.core));
        let begun = match (input.take(), options.take()) {
            (Some(input), None) => begin(flow, core, input),
            (input, options) => {
                let Options { event, limit, special, journaled } = *options.unwrap_or_default();
                begin_with(flow, core, Opening::of(input, event), limit, special, journaled)
            }
        };
        let phase = match begun {
            Ok(driving) => Phase::Driving(driving),
            Err(error) => {
                self.core.refuse(&error);
                Phase::Over(Some(Box::new(Err(error))))
            }
        };
        // All was taken: there is nothing to drop, and the compiler need not look.
        std::mem::forget(std::mem::replace(&mut self.phase, phase));
    }
}

impl<W: Workflow> Unpin for Run<'_, W> {}

impl<W: Workflow> Future for Run<'_, W> {
    type Output = Result<W::Output, RunError>;

    /// # Panics
    ///
    /// When it is polled again after it gave its result.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Who awaits the result reads nothing meanwhile, so the run must not wait for that.
        if let Some(reader) = &mut self.reader {
            reader.set_holds(false);
        }
        self.go_on_alone();
        self.poll_result(cx)
    }
}

impl<W: Workflow> futures_core::Stream for Run<'_, W> {
    type Item = W::Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<W::Event>> {
        self.special(|special| special.resumable = true);
        self.go_on_alone();
        self.poll_published(cx)
    }
}

impl<W: Workflow> Drop for Run<'_, W> {
    fn drop(&mut self) {
        if !matches!(self.phase, Phase::Over(_)) {
            self.core.cancelled.store(true, Ordering::Release);
            #[cfg(feature = "tracing")]
            if let Some(watch) = self.core.watch() {
                watch.over(Some(&RunError::Cancelled));
            }
            self.core.close();
        }
    }
}

impl<W: Workflow> std::fmt::Debug for Run<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let phase = match self.phase {
            Phase::Ready { .. } => "ready",
            Phase::Driving(_) => "driving",
            Phase::Over(_) => "over",
        };
        f.debug_struct("Run").field("workflow", &W::NAME).field("phase", &phase).finish_non_exhaustive()
    }
}
