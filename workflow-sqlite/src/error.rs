//! SqliteError: what can be wrong with the file in which runs are kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::ErrorCode;
use workflow_core::journal::JournalError;

/// What is wrong with the file. It is the source of a [`JournalError::Store`].
///
/// A run that meets one ends with [`RunError::Journal`](workflow_core::RunError::Journal) before anything follows from
/// what was not kept; it goes on from there when the cause is gone.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// The file is something else; name the right one.
    #[error("`{}` is no SQLite database", path.display())]
    #[non_exhaustive]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The database is not one of runs; name another file, which need not be there yet.
    #[error("`{}` is a database of another program", path.display())]
    #[non_exhaustive]
    OtherProgram {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of this library has written the file; use that one.
    #[error("`{}` has schema version {found}, and this program knows versions up to {known}", path.display())]
    #[non_exhaustive]
    FromTheFuture {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// The file cannot be opened or made: look at its folder, and who may write there.
    #[error("`{}` cannot be opened", path.display())]
    #[non_exhaustive]
    NotOpened {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: Arc<rusqlite::Error>,
    },
    /// The file or its folder may only be read; change who may write there.
    #[error("`{}` or its folder is read-only", path.display())]
    #[non_exhaustive]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// There is no room for more; make some, by [`prune`](crate::SqliteJournal::prune) for one.
    #[error("there is no room left for `{}`", path.display())]
    #[non_exhaustive]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Another program keeps a lock on the file; end its transaction, or raise
    /// [`busy_timeout`](crate::SqliteOptions::busy_timeout).
    #[error("another program has locked `{}` for longer than {waited:?}", path.display())]
    #[non_exhaustive]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// What is in the file does not make sense; restore it, or take out what still reads by `sqlite3 FILE .recover`.
    #[error("`{}` is damaged", path.display())]
    #[non_exhaustive]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not make sense.
        source: Arc<rusqlite::Error>,
    },
    /// Anything else that SQLite says.
    #[error("SQLite failed on `{}`", path.display())]
    #[non_exhaustive]
    Failed {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: Arc<rusqlite::Error>,
    },
    /// The thread that works on the file could not begin, or has ended with a panic; open the journal again.
    #[error("nobody works on `{}` any more", path.display())]
    #[non_exhaustive]
    Closed {
        /// The file.
        path: PathBuf,
    },
}

/// The file that errors are about, and how long a lock on it is waited for.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) path: Arc<Path>,
    pub(crate) busy_timeout: Duration,
}

impl Place {
    /// What SQLite's error means for the file.
    pub(crate) fn failed(&self, error: rusqlite::Error) -> SqliteError {
        let path = self.path.to_path_buf();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => SqliteError::NotADatabase { path },
            Some(ErrorCode::ReadOnly) => SqliteError::ReadOnly { path },
            Some(ErrorCode::DiskFull) => SqliteError::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                SqliteError::Locked { path, waited: self.busy_timeout }
            }
            Some(ErrorCode::DatabaseCorrupt) => SqliteError::Damaged { path, source: Arc::new(error) },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                SqliteError::NotOpened { path, source: Arc::new(error) }
            }
            None if is_of_content(&error) => SqliteError::Damaged { path, source: Arc::new(error) },
            _ => SqliteError::Failed { path, source: Arc::new(error) },
        }
    }

    /// The same, as an error of the journal.
    pub(crate) fn unkept(&self, error: rusqlite::Error) -> JournalError {
        JournalError::store(self.failed(error))
    }

    pub(crate) fn closed(&self) -> JournalError {
        JournalError::store(SqliteError::Closed { path: self.path.to_path_buf() })
    }
}

/// Whether a value is not what the schema promises.
fn is_of_content(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    matches!(
        error,
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..)
    )
}
