//! Handle: a run from outside, while somebody else drives it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Core, EventStream};
use crate::attached::{event_name, may_receive};
use crate::{Carries, Receives, Recording, SendError, Workflow};

/// A handle on a run: sends it events, cancels it, reads what it publishes, tells its id. It does not drive the run, nor keep it alive.
pub struct RunHandle<W: Workflow> {
    core: Arc<Core<W>>,
}

impl<W: Workflow> RunHandle<W> {
    pub(super) fn new(core: Arc<Core<W>>) -> Self {
        Self { core }
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
        may_receive::<W::Event, E>()?;
        self.core.receive_from_caller(Carries::wrap(event), event_name::<W::Event, E>())
    }

    /// Waits until all that was sent to the run is kept in its [journal](crate::Run::journal), so that a crash does not
    /// lose it: to be awaited before somebody is told that their answer has arrived. Of a run without a journal there
    /// is nothing to wait for. A run is written down only while somebody drives it.
    ///
    /// # Errors
    ///
    /// [`SendError::NotKept`] when the run has ended, or was left, before that.
    pub async fn kept(&self) -> Result<(), SendError> {
        let id = || self.core.id().to_owned();
        if self.core.kept().await { Ok(()) } else { Err(SendError::NotKept { id: id() }) }
    }

    /// Ends the run with [`RunError::Cancelled`](crate::RunError::Cancelled) as soon as its running steps
    /// come to an await; without effect when it is over.
    pub fn cancel(&self) {
        self.core.cancel();
    }

    /// A reader of what the run publishes, from the beginning as far as the buffer reaches.
    pub fn events(&self) -> EventStream<W> {
        EventStream::new(Arc::clone(&self.core))
    }

    /// The run's id: as given, else made up when first asked for.
    #[must_use]
    pub fn id(&self) -> &str {
        self.core.id()
    }

    /// What a run that was begun with [`Run::record`](crate::Run::record) has done so far, or until its end;
    /// `None` of another run, and before it begins.
    #[must_use]
    pub fn recording(&self) -> Option<Recording> {
        self.core.recording()
    }

    /// Whether nothing runs and the run waits for an event from outside.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.core.idle.load(Ordering::Acquire)
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.core.over.load(Ordering::Acquire)
    }
}

impl<W: Workflow> Clone for RunHandle<W> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core) }
    }
}

impl<W: Workflow> std::fmt::Debug for RunHandle<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunHandle")
            .field("workflow", &W::NAME)
            .field("over", &self.is_done())
            .finish_non_exhaustive()
    }
}
