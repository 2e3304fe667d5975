//! Reader: the thread that reads from the file, beside the one that writes, and what it is asked.

use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use workflow_core::journal::{Checkpoint, End, Filter, JournalError, Kept, Opening, Record, RunInfo, Status};

use crate::error::{Place, SqliteError};
use crate::options::{between, milliseconds};

/// Something to read.
pub(crate) type Question = Box<dyn FnOnce(&mut Connection, &Place) + Send>;

/// The thread, to those who ask it.
pub(crate) struct Desk {
    questions: Option<Sender<Question>>,
    thread: Option<JoinHandle<()>>,
}

impl Desk {
    pub(crate) fn ask(&self, question: Question) {
        // When nobody takes it, the reply goes with it.
        let _ = self.questions.as_ref().map(|questions| questions.send(question));
    }

    /// Waits until all was answered and the file is closed.
    pub(crate) fn close(&mut self) {
        self.questions = None;
        // A panic of the thread was the answer to whoever waited for it.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Starts the thread. It ends when nobody can ask any more.
///
/// # Errors
///
/// When the system has no thread left.
pub(crate) fn start(mut file: Connection, place: &Place) -> Result<Desk, SqliteError> {
    let (sender, questions) = std::sync::mpsc::channel::<Question>();
    let thread = std::thread::Builder::new().name("workflow-sqlite reader".to_owned());
    let own = place.clone();
    let thread = thread.spawn(move || questions.into_iter().for_each(|question| question(&mut file, &own)));
    let thread = thread.map_err(|_| SqliteError::Closed { path: place.path.to_path_buf() })?;
    Ok(Desk { questions: Some(sender), thread: Some(thread) })
}

/// Which of a run's facts are wanted.
#[derive(Clone, Copy)]
pub(crate) enum Facts {
    /// All that are kept.
    All,
    /// Those that no checkpoint holds.
    SinceCheckpoint,
}

/// A run as it is kept at one moment; `now` is the time of day.
pub(crate) fn load(
    file: &mut Connection,
    place: &Place,
    id: &str,
    facts: Facts,
    now: i64,
) -> Result<Option<Kept>, JournalError> {
    let unkept = |error| place.unkept(error);
    let moment = file.transaction().map_err(unkept)?;
    let mut finding = moment
        .prepare_cached(
            "SELECT workflow, input, fingerprint, parent, status, result, error, started_ms,
                 (SELECT body FROM definitions WHERE definitions.id = definition)
             FROM runs WHERE id = ?1",
        )
        .map_err(unkept)?;
    let Some(mut kept) = finding.query_row([id], |row| read_run(row, now)).optional().map_err(unkept)? else {
        return Ok(None);
    };
    let mut finding =
        moment.prepare_cached("SELECT before, body FROM checkpoints WHERE run = ?1").map_err(unkept)?;
    let checkpoint = finding.query_row([id], |row| {
        let (before, body) = (number(row, 0)?, row.get::<_, String>(1)?);
        Ok(Checkpoint::new(before, body))
    });
    kept.checkpoint = checkpoint.optional().map_err(unkept)?;
    let from = match (facts, &kept.checkpoint) {
        (Facts::SinceCheckpoint, Some(checkpoint)) => i64::try_from(checkpoint.before).unwrap_or(i64::MAX),
        _ => 0,
    };
    let mut finding = moment
        .prepare_cached(
            "SELECT number, at_ns, kind, step, invocation, body FROM facts
             WHERE run = ?1 AND number >= ?2 ORDER BY number",
        )
        .map_err(unkept)?;
    let records = finding.query_map((id, from), read_fact).map_err(unkept)?;
    kept.records = records.collect::<Result<_, _>>().map_err(unkept)?;
    Ok(Some(kept))
}

fn read_run(row: &Row<'_>, now: i64) -> rusqlite::Result<Kept> {
    let fingerprint: String = row.get(2)?;
    let fingerprint = serde_json::from_str(&fingerprint).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(error))
    })?;
    let opening = Opening::new(row.get::<_, String>(1)?, fingerprint).of_parent(row.get(3)?);
    let definition: Option<String> = row.get(8)?;
    let opening = opening.of_definition(definition.map(Into::into));
    let mut kept = Kept::new(row.get::<_, String>(0)?, opening);
    kept.age = between(row.get(7)?, now);
    kept.end = match status(&row.get::<_, String>(4)?) {
        Status::Completed => Some(End::Completed(row.get(5)?)),
        Status::Failed => Some(End::Failed(row.get(6)?)),
        Status::Cancelled => Some(End::Cancelled),
        _ => None,
    };
    Ok(kept)
}

fn read_fact(row: &Row<'_>) -> rusqlite::Result<Record> {
    let at = Duration::from_nanos(number(row, 1)?);
    let invocation: Option<i64> = row.get(4)?;
    let record = Record::new(number(row, 0)?, at, row.get::<_, String>(2)?, row.get::<_, String>(5)?);
    Ok(record.about(row.get(3)?, invocation.map(i64::cast_unsigned)))
}

/// What is counted from 0.
fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// The runs that pass the filter, the newest first; `now` is the time of day.
pub(crate) fn list(file: &Connection, filter: &Filter, now: i64) -> rusqlite::Result<Vec<RunInfo>> {
    let mut finding = file.prepare_cached(
        "SELECT id, workflow, parent, standing, started_ms,
             coalesce((SELECT max(number) + 1 FROM facts WHERE run = found.id),
                      (SELECT before FROM checkpoints WHERE run = found.id), 0)
         FROM (
             SELECT *, rowid AS place, CASE
                 WHEN status <> 'open' THEN status
                 WHEN (SELECT until_ms FROM holders WHERE holders.id = holder) > :now THEN 'running'
                 ELSE 'left'
             END AS standing
             FROM runs
             WHERE (:workflow IS NULL OR workflow = :workflow)
                 AND (:parent IS NULL OR parent = :parent) AND started_ms <= :until
         ) AS found
         WHERE :status IS NULL OR standing = :status
         ORDER BY started_ms DESC, place DESC",
    )?;
    let until = filter.older_than.map_or(i64::MAX, |age| now.saturating_sub(milliseconds(age)));
    let wanted = named_params! {
        ":now": now,
        ":workflow": filter.workflow,
        ":parent": filter.parent,
        ":until": until,
        ":status": filter.status.map(Status::word),
    };
    let runs = finding.query_map(wanted, |row| {
        let standing: String = row.get(3)?;
        let (id, workflow): (String, String) = (row.get(0)?, row.get(1)?);
        let mut run = RunInfo::new(id, workflow, status(&standing), between(row.get(4)?, now));
        run.parent = row.get(2)?;
        run.records = number(row, 5)?;
        Ok(run)
    })?;
    runs.collect()
}

/// A run that has not ended and that nobody has called.
pub(crate) struct Unfinished {
    pub(crate) id: String,
    /// How long somebody still holds it, unless that is put off.
    pub(crate) left: Duration,
}

/// The runs of a workflow that have not ended and that nobody has called, the oldest first.
pub(crate) fn unfinished(file: &Connection, workflow: &str, now: i64) -> rusqlite::Result<Vec<Unfinished>> {
    let mut finding = file.prepare_cached(
        "SELECT id, coalesce((SELECT until_ms FROM holders WHERE holders.id = holder), 0) FROM runs
         WHERE workflow = ?1 AND status = 'open' AND parent IS NULL ORDER BY started_ms, rowid",
    )?;
    let runs = finding
        .query_map((workflow,), |row| Ok(Unfinished { id: row.get(0)?, left: between(now, row.get(1)?) }))?;
    runs.collect()
}

/// How a run stands, from the word for it.
fn status(word: &str) -> Status {
    match word {
        "running" => Status::Running,
        "completed" => Status::Completed,
        "failed" => Status::Failed,
        "cancelled" => Status::Cancelled,
        _ => Status::Left,
    }
}
