//! SqliteJournal: runs in one file, as core wants to write and read them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;
use workflow_core::journal::{Answer, Claim, Claimed, Filter, Held, Journal, JournalError, Kept, RunInfo};
use workflow_core::{Run, RunTask, Workflow};

use crate::error::{Place, SqliteError};
use crate::hold::{Hold, weigh_one};
use crate::options::milliseconds;
use crate::order::{Order, Taken};
use crate::reader::{self, Facts};
use crate::{SqliteOptions, schema, writer};

/// Runs in one SQLite file. Cloning is cheap: clones are the same journal.
///
/// Any number of journals may be open on one file, in one process or in several. A run is in the hands of one of them:
/// it is held by a lease, which is put off while the journal is open, and which passes after a crash. Whoever comes
/// back from a long sleep and finds its run taken over writes nothing more to it.
///
/// When the last clone is dropped, what was to be written is written first; that blocks the thread for some
/// milliseconds.
#[derive(Clone)]
pub struct SqliteJournal {
    inner: Arc<Inner>,
}

/// The threads that work on the file, and how to ask them.
pub(crate) struct Inner {
    pub(crate) options: SqliteOptions,
    place: Place,
    writer: writer::Desk,
    reader: reader::Desk,
}

impl SqliteJournal {
    /// Opens the journal; the file is made when it is not there. It blocks the thread for some milliseconds.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, which is left as it is then.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SqliteError> {
        Self::options().open(path)
    }

    /// What can be said of a journal before it is opened.
    #[must_use]
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    pub(crate) fn with(options: SqliteOptions, path: &Path) -> Result<Self, SqliteError> {
        let place = Place { path: path.into(), busy_timeout: options.busy_timeout };
        let file = schema::open(&place)?;
        if let Some(bytes) = options.size_limit {
            schema::limit(&file, &place, bytes)?;
        }
        let reader = reader::start(schema::open_to_read(&place)?, &place)?;
        let writer = writer::start(file, &place, options.clone())?;
        Ok(Self { inner: Arc::new(Inner { options, place, writer, reader }) })
    }

    /// The runs that are kept, the newest first. [`Journal::list`] takes a filter.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the file.
    pub async fn runs(&self) -> Result<Vec<RunInfo>, JournalError> {
        self.list(Filter::default()).await
    }

    /// Goes on with every run of this workflow that has not ended and that nobody works on, each on a tokio task of
    /// its own. Runs that were called by others go on with those.
    ///
    /// Right after a crash, the runs of the process that is no more are still held by its lease. This waits until that
    /// has passed and takes them up too, which takes as long as a lease at most; what is free goes on at once. Runs
    /// that another process works on stay with that one.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the file. What is wrong with one run, its task says.
    pub async fn resume_all<W: Workflow + 'static>(
        &self,
        flow: &Arc<W>,
    ) -> Result<Vec<(String, RunTask<W>)>, JournalError> {
        self.resume_all_with(flow, |run| run).await
    }

    /// The same, of runs that are set up first: `journal.resume_all_with(&flow, |run| run.migrate(..))`.
    ///
    /// # Errors
    ///
    /// Those of [`SqliteJournal::resume_all`].
    pub async fn resume_all_with<W: Workflow + 'static>(
        &self,
        flow: &Arc<W>,
        set_up: impl for<'r> Fn(Run<'r, W>) -> Run<'r, W>,
    ) -> Result<Vec<(String, RunTask<W>)>, JournalError> {
        let mut resumed: Vec<(String, RunTask<W>)> = Vec::new();
        let mut patience = Duration::ZERO;
        for wait in [true, false] {
            tokio::time::sleep(patience).await;
            for run in self.unfinished(W::NAME).await? {
                if resumed.iter().any(|(id, _)| *id == run.id) {
                    continue;
                }
                if run.left.is_zero() {
                    let task = flow.start_recovered_with(self, run.id.clone(), &set_up);
                    resumed.push((run.id, task));
                } else {
                    patience = patience.max(run.left);
                }
            }
            if !wait || patience.is_zero() {
                break;
            }
        }
        Ok(resumed)
    }

    async fn unfinished(&self, workflow: &'static str) -> Result<Vec<reader::Unfinished>, JournalError> {
        self.inner.settle().await;
        let now = self.inner.options.clock.now();
        self.inner
            .question(move |file, place| {
                reader::unfinished(file, workflow, now).map_err(|error| place.unkept(error))
            })
            .await
    }

    /// Drops the runs that ended at least so long ago, with all that they had called; gives how many that were. The
    /// room that they took is given back to the system.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the file.
    pub async fn prune(&self, older_than: Duration) -> Result<usize, JournalError> {
        let before = self.inner.options.clock.now().saturating_sub(milliseconds(older_than));
        let mut pruned = 0;
        loop {
            match self.inner.order(|reply| Order::Prune(before, reply)).await? {
                0 => return Ok(pruned),
                some => pruned += some,
            }
        }
    }
}

impl Journal for SqliteJournal {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            if let Some(opening) = &claim.opening {
                weigh_one(&claim.id, "input", &opening.input, inner.options.record_limit)?;
            }
            let id = claim.id.clone();
            let Taken { ticket, kept } = inner.take(claim).await?;
            let held =
                ticket.map(|ticket| -> Box<dyn Held> { Box::new(Hold::new(ticket, Arc::clone(&inner))) });
            let kept = match kept {
                Some(kept) => kept,
                None => {
                    let kept = inner.load(&id, Facts::SinceCheckpoint).await?;
                    kept.ok_or_else(|| JournalError::unknown(id))?
                }
            };
            Ok(Claimed::new(kept, held))
        })
    }

    fn list(&self, filter: Filter) -> Answer<Vec<RunInfo>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            inner.settle().await;
            let now = inner.options.clock.now();
            let list = move |file: &mut Connection, place: &Place| {
                reader::list(file, &filter, now).map_err(|error| place.unkept(error))
            };
            inner.question(list).await
        })
    }

    fn load(&self, id: &str) -> Answer<Option<Kept>> {
        self.inner.load(id, Facts::All)
    }
}

/// The shortest and the longest time after which a run that somebody holds is looked at again.
const LOOKS: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

impl Inner {
    /// Takes hold of a run, as soon as nobody else holds it or patience is at its end.
    async fn take(&self, claim: Claim) -> Result<Taken, JournalError> {
        let is_called = claim.opening.as_ref().is_some_and(|opening| opening.parent.is_some());
        // Its caller is in our hands, so whoever still holds it is about to let go.
        let patience = if is_called { self.options.lease } else { Duration::ZERO };
        let patience = patience.max(self.options.patience);
        let began = Instant::now();
        let mut look = LOOKS.0;
        loop {
            let again = claim.clone();
            let taken = self.order(|reply| Order::Claim(again, reply)).await;
            match taken {
                Err(JournalError::Busy { left, .. }) if began.elapsed() < patience => {
                    tokio::time::sleep(look.min(left.max(LOOKS.0))).await;
                    look = (2 * look).min(LOOKS.1);
                }
                taken => return taken,
            }
        }
    }

    /// Waits until the file says of all runs that were let go of that they are free.
    async fn settle(&self) {
        if !self.writer.is_settled() {
            // A file that cannot be written to says that they are held, and that they are.
            let _ = self.order(Order::Settle).await;
        }
    }

    fn load(&self, id: &str, facts: Facts) -> Answer<Option<Kept>> {
        let (id, now) = (id.to_owned(), self.options.clock.now());
        self.question(move |file, place| reader::load(file, place, &id, facts, now))
    }

    /// Asks the writer, at once; the answer comes later.
    pub(crate) fn order<T: Send + 'static>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T, JournalError>>) -> Order,
    ) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        self.writer.ask(order(reply));
        self.answered(answer)
    }

    /// Asks the reader, at once; the answer comes later.
    fn question<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection, &Place) -> Result<T, JournalError> + Send + 'static,
    ) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        self.reader.ask(Box::new(|file, place| drop(reply.send(question(file, place)))));
        self.answered(answer)
    }

    fn answered<T: Send + 'static>(&self, answer: oneshot::Receiver<Result<T, JournalError>>) -> Answer<T> {
        let place = self.place.clone();
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(place.closed())) })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.reader.close();
        self.writer.close();
    }
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal").field("path", &self.inner.place.path).finish_non_exhaustive()
    }
}
