//! SqliteOptions: what can be said of a journal before it is opened.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{SqliteError, SqliteJournal};

/// How a journal is to be opened; the defaults are those of [`SqliteJournal::open`].
///
/// ```no_run
/// use std::time::Duration;
/// use workflow_sqlite::SqliteJournal;
///
/// let journal = SqliteJournal::options().lease(Duration::from_secs(30)).history(0).open("orders.db")?;
/// # Ok::<(), workflow_sqlite::SqliteError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    pub(crate) lease: Duration,
    pub(crate) patience: Duration,
    pub(crate) history: u64,
    pub(crate) record_limit: usize,
    pub(crate) size_limit: Option<u64>,
    pub(crate) busy_timeout: Duration,
    pub(crate) clock: WallClock,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(10),
            patience: Duration::ZERO,
            history: 10_000,
            record_limit: 16 << 20,
            size_limit: None,
            busy_timeout: Duration::from_secs(5),
            clock: WallClock(Arc::new(SystemTime::now)),
        }
    }
}

impl SqliteOptions {
    /// How long the runs of a process are kept from others after it was last heard of; 10 seconds without this. It is
    /// put off each time that a third of it has passed. After a crash, nobody goes on with them for that long.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// How long a run waits for another process that holds it, before it fails with
    /// [`JournalError::Busy`](workflow_core::journal::JournalError::Busy); not at all without this. After a crash, a
    /// bit more than the lease is enough to go on at once.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How many of a run's facts are kept for those who look, although a checkpoint holds what they add up to; the
    /// newest 10,000 without this.
    #[must_use]
    pub fn history(self, facts: u64) -> Self {
        Self { history: facts, ..self }
    }

    /// How many bytes a fact, an input or a result may have, as JSON; 16 MiB without this. More is
    /// [`JournalError::TooLarge`](workflow_core::journal::JournalError::TooLarge), before anything of it is written.
    #[must_use]
    pub fn record_limit(self, bytes: usize) -> Self {
        Self { record_limit: bytes, ..self }
    }

    /// How many bytes the file may have, beside its `-wal`; as many as there are without this. Runs that need more end
    /// with [`SqliteError::Full`], as on a full disk, and go on when they may.
    #[must_use]
    pub fn size_limit(self, bytes: u64) -> Self {
        Self { size_limit: Some(bytes), ..self }
    }

    /// How long it waits for another program that has locked the file; 5 seconds without this. A run waits so long
    /// with whatever it has to write down.
    #[must_use]
    pub fn busy_timeout(self, timeout: Duration) -> Self {
        Self { busy_timeout: timeout, ..self }
    }

    /// What tells the time of day, by which leases end and runs are old; the system without this.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: WallClock(Arc::new(now)), ..self }
    }

    /// Opens the journal; the file is made when it is not there. It blocks the thread for some milliseconds.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, which is left as it is then.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteJournal, SqliteError> {
        SqliteJournal::with(self, path.as_ref())
    }
}

/// Tells the time of day.
#[derive(Clone)]
pub(crate) struct WallClock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl WallClock {
    /// Milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        (self.0)().duration_since(UNIX_EPOCH).map_or(0, milliseconds)
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WallClock")
    }
}

/// A length of time as the file has it.
pub(crate) fn milliseconds(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// The time from one time of day to another; nothing when the clock was set back.
pub(crate) fn between(from: i64, to: i64) -> Duration {
    Duration::from_millis(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
}
