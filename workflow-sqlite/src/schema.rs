//! Schema: what the file looks like, and how one of an older version becomes one of this.
//!
//! SQLite keeps two numbers in the head of the file: whose it is (`application_id`), and the version of its schema
//! (`user_version`).

use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::error::{Place, SqliteError};

/// "wflw".
const APPLICATION: i64 = 0x7766_6c77;

/// What takes the file from each version to the next; version 0 is an empty file.
const MIGRATIONS: &[&str] = &[include_str!("schema/1_runs.sql"), include_str!("schema/2_definitions.sql")];

/// Opens the file to write to it; makes it, or brings it to this version.
///
/// # Errors
///
/// When the file is no database of runs that this version can write to. It is left as it is then.
pub(crate) fn open(place: &Place) -> Result<Connection, SqliteError> {
    let mut connection = connect(place)?;
    let failed = |error| place.failed(error);
    let version = version(&connection, place, MIGRATIONS.len() as i64)?;
    if connection.is_readonly("main").map_err(failed)? {
        return Err(SqliteError::ReadOnly { path: place.path.to_path_buf() });
    }
    if version == 0 {
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(failed)?;
    }
    write_ahead(&connection, place)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&mut connection, place, MIGRATIONS)?;
    Ok(connection)
}

/// Lets the file become so large, in bytes, and no larger.
///
/// # Errors
///
/// When it cannot be asked how large its pages are.
pub(crate) fn limit(file: &Connection, place: &Place, bytes: u64) -> Result<(), SqliteError> {
    let failed = |error| place.failed(error);
    let page: i64 = file.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(failed)?;
    let pages = (bytes / page.unsigned_abs().max(1)).clamp(1, u64::from(u32::MAX - 1));
    // It answers with what holds now: never less than there is.
    file.query_row(&format!("PRAGMA max_page_count = {pages}"), (), |_| Ok(())).map_err(failed)
}

/// Opens the file once more, to read from it.
///
/// # Errors
///
/// When the file has gone meanwhile.
pub(crate) fn open_to_read(place: &Place) -> Result<Connection, SqliteError> {
    let connection = connect(place)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| place.failed(error))?;
    Ok(connection)
}

fn connect(place: &Place) -> Result<Connection, SqliteError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&place.path, flags);
    let connection = connection.map_err(|error| place.failed(error))?;
    connection.busy_timeout(place.busy_timeout).map_err(|error| place.failed(error))?;
    Ok(connection)
}

/// The version of the schema; 0 when the file is empty.
fn version(connection: &Connection, place: &Place, known: i64) -> Result<i64, SqliteError> {
    let (application, version, tables) = head(connection).map_err(|error| place.failed(error))?;
    let path = || place.path.to_path_buf();
    match application {
        APPLICATION if version > known => {
            Err(SqliteError::FromTheFuture { path: path(), found: version, known })
        }
        APPLICATION => Ok(version),
        0 if version == 0 && tables == 0 => Ok(0),
        _ => Err(SqliteError::OtherProgram { path: path() }),
    }
}

/// Whose the file is, its version, and how much is in it.
fn head(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let read = || {
        let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
        let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
        Ok((number("application_id")?, number("user_version")?, tables))
    };
    if !connection.is_autocommit() {
        return read();
    }
    // All of it at one moment, while another process may be making the file.
    let transaction = connection.unchecked_transaction()?;
    let head = read();
    drop(transaction);
    head
}

/// Lets readers read while somebody writes. SQLite itself does not wait when two do this at once.
fn write_ahead(connection: &Connection, place: &Place) -> Result<(), SqliteError> {
    let began = Instant::now();
    loop {
        let changed = connection.pragma_update(None, "journal_mode", "WAL");
        match changed {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && began.elapsed() < place.busy_timeout =>
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            changed => return changed.map_err(|error| place.failed(error)),
        }
    }
}

/// Brings the file to the newest version, all of it or nothing.
fn migrate(connection: &mut Connection, place: &Place, migrations: &[&str]) -> Result<(), SqliteError> {
    let failed = |error| place.failed(error);
    let known = migrations.len() as i64;
    if version(connection, place, known)? == known {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have done it meanwhile.
    let version = version(&transaction, place, known)?;
    for migration in migrations.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
    transaction.pragma_update(None, "user_version", known).map_err(failed)?;
    transaction.commit().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = "ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT 'none'";

    fn place(folder: &tempfile::TempDir) -> Place {
        Place { path: folder.path().join("runs.db").into(), busy_timeout: Duration::from_secs(5) }
    }

    fn a_run_of_version_1(place: &Place) -> Connection {
        let mut file = connect(place).unwrap();
        migrate(&mut file, place, &MIGRATIONS[..1]).unwrap();
        let run = "INSERT INTO runs (id, workflow, started_ms, input, fingerprint, token) VALUES ('a', 'A', 0, '1', '{}', 1)";
        file.execute(run, ()).unwrap();
        file
    }

    #[test]
    fn a_file_of_the_first_version_is_brought_to_this_with_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder);
        drop(a_run_of_version_1(&place));
        let file = open(&place).unwrap();
        assert_eq!(version(&file, &place, 2).unwrap(), 2);
        let found: (String, Option<i64>) = file
            .query_row("SELECT workflow, definition FROM runs WHERE id = 'a'", (), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!(found, ("A".to_owned(), None));
        drop(file);
        open(&place).unwrap();
    }

    #[test]
    fn a_file_from_the_future_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder);
        let mut file = open(&place).unwrap();
        migrate(&mut file, &place, &[MIGRATIONS, &[NEXT]].concat()).unwrap();
        let refused = open(&place).unwrap_err();
        let known = MIGRATIONS.len() as i64;
        assert!(
            matches!(refused, SqliteError::FromTheFuture { found, known: ours, .. } if (found, ours) == (known + 1, known)),
            "{refused:?}"
        );
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder);
        let mut file = a_run_of_version_1(&place);
        migrate(&mut file, &place, &[MIGRATIONS[0], NEXT, "no SQL"]).unwrap_err();
        assert_eq!(version(&file, &place, 1).unwrap(), 1);
        file.query_row("SELECT note FROM runs", (), |_| Ok(())).unwrap_err();
    }
}
