//! Order: what the writer is asked to do to the file.
//!
//! An order that may not be carried out is refused before it changes anything.

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;
use workflow_core::graph::Fingerprint;
use workflow_core::journal::{Checkpoint, Claim, End, JournalError, Kept, Page, Record, Version};

use crate::options::{between, milliseconds};
use crate::writer::{Ticket, Writing};

/// What the writer is asked to do, and where its answer goes.
pub(crate) enum Order {
    Claim(Claim, oneshot::Sender<Result<Taken, JournalError>>),
    Append(Lease, Page, oneshot::Sender<Result<(), JournalError>>),
    Release(Lease),
    /// Only an answer, when all that was asked before has been tried.
    Settle(oneshot::Sender<Result<(), JournalError>>),
    /// Some of the runs that ended before this time of day, with all that they called; how many.
    Prune(i64, oneshot::Sender<Result<usize, JournalError>>),
    /// Everything before this is to be done, and nothing after it.
    Close,
}

/// A run in somebody's hands: nobody who has taken it before, with a lower token, writes to it.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) run: String,
    pub(crate) token: i64,
}

/// A run that was claimed.
pub(crate) struct Taken {
    /// What holds it; `None` when it has ended.
    pub(crate) ticket: Option<Ticket>,
    /// All of it, when it is new.
    pub(crate) kept: Option<Kept>,
}

/// What has come of an order.
pub(crate) enum Done {
    Claimed { token: Option<i64>, is_new: bool },
    Appended,
    Released,
    Settled,
    Pruned(usize),
}

/// Why an order was not carried out.
pub(crate) enum Refused {
    /// It may not be; the file is in order.
    Asked(JournalError),
    /// The file does not work.
    Broken(rusqlite::Error),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

impl Order {
    /// Whether nothing is done after it.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Self::Close)
    }

    /// Does it, within a transaction.
    pub(crate) fn apply(&self, file: &Connection, writing: &Writing) -> Result<Done, Refused> {
        match self {
            // Nobody would let go of the run again.
            Self::Claim(claim, reply) if reply.is_closed() => {
                Err(Refused::Asked(JournalError::unknown(&claim.id)))
            }
            Self::Claim(claim, _) => take(file, writing, claim),
            Self::Append(lease, page, _) => append(file, writing, lease, page).map(|()| Done::Appended),
            Self::Release(lease) => release(file, writing, lease).map(|()| Done::Released),
            Self::Prune(before, _) => prune(file, *before).map(Done::Pruned),
            Self::Settle(_) | Self::Close => Ok(Done::Settled),
        }
    }
}

/// A run as the one who wants it finds it.
struct Found {
    status: String,
    token: i64,
    holder: Option<i64>,
    until: Option<i64>,
}

fn take(file: &Connection, writing: &Writing, claim: &Claim) -> Result<Done, Refused> {
    let now = writing.now;
    let mut find = file.prepare_cached(
        "SELECT status, token, holder, (SELECT until_ms FROM holders WHERE holders.id = holder)
         FROM runs WHERE id = ?1",
    )?;
    let found = find.query_row([&claim.id], |row| {
        Ok(Found { status: row.get(0)?, token: row.get(1)?, holder: row.get(2)?, until: row.get(3)? })
    });
    let Some(found) = found.optional()? else {
        insert(file, writing, claim)?;
        return Ok(Done::Claimed { token: Some(1), is_new: true });
    };
    if found.status != "open" {
        return Ok(Done::Claimed { token: None, is_new: false });
    }
    let until = found.until.unwrap_or(i64::MIN);
    // What this journal holds is held until it lets go, however late it is.
    let is_own = found.holder == Some(writing.holder);
    if found.holder.is_some() && (is_own || until > now) {
        return Err(Refused::Asked(JournalError::busy(&claim.id, between(now, until))));
    }
    let token = found.token + 1;
    let mut taking = file.prepare_cached("UPDATE runs SET holder = ?2, token = ?3 WHERE id = ?1")?;
    taking.execute(params![claim.id, writing.holder, token])?;
    Ok(Done::Claimed { token: Some(token), is_new: false })
}

fn insert(file: &Connection, writing: &Writing, claim: &Claim) -> Result<(), Refused> {
    let opening = claim.opening.as_ref();
    let opening = opening.ok_or_else(|| Refused::Asked(JournalError::unknown(&claim.id)))?;
    let fingerprint = written(&opening.fingerprint)?;
    let definition = opening.definition.as_ref().map(|definition| define(file, definition)).transpose()?;
    let mut adding = file.prepare_cached(
        "INSERT INTO runs (id, workflow, parent, started_ms, input, fingerprint, definition, holder, token)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)",
    )?;
    let started = writing.now.saturating_sub(milliseconds(opening.past.age));
    let (input, parent, holder) = (&opening.input, &opening.parent, writing.holder);
    let (id, workflow) = (&claim.id, &claim.workflow);
    adding.execute(params![id, workflow, parent, started, input, fingerprint, definition, holder])?;
    add(file, id, &opening.past.records)?;
    match &opening.past.checkpoint {
        Some(checkpoint) => note(file, writing.history, id, checkpoint),
        None => Ok(()),
    }
}

/// The number of what a workflow looks like.
fn define(file: &Connection, definition: &str) -> rusqlite::Result<i64> {
    let mut finding = file.prepare_cached("SELECT id FROM definitions WHERE body = ?1")?;
    if let Some(id) = finding.query_row([definition], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let mut adding = file.prepare_cached("INSERT INTO definitions (body) VALUES (?1) RETURNING id")?;
    adding.query_row([definition], |row| row.get(0))
}

fn append(file: &Connection, writing: &Writing, lease: &Lease, page: &Page) -> Result<(), Refused> {
    let Lease { run, token } = lease;
    let mut asking = file.prepare_cached("SELECT token FROM runs WHERE id = ?1 AND status = 'open'")?;
    let newest: Option<i64> = asking.query_row([run], |row| row.get(0)).optional()?;
    if newest != Some(*token) {
        return Err(Refused::Asked(JournalError::lost(run)));
    }
    add(file, run, &page.records)?;
    if let Some(version) = &page.version {
        renew(file, run, version)?;
    }
    if let Some(checkpoint) = &page.checkpoint {
        // What is of another version of the workflow goes, all of it.
        let history = if page.version.is_some() { 0 } else { writing.history };
        note(file, history, run, checkpoint)?;
    }
    match &page.end {
        Some(end) => close(file, writing, run, end),
        None => Ok(()),
    }
}

fn add(file: &Connection, run: &str, records: &[Record]) -> rusqlite::Result<()> {
    let mut adding = file.prepare_cached(
        "INSERT INTO facts (run, number, at_ns, kind, step, invocation, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for Record { number, at, kind, step, invocation, body, .. } in records {
        let at = i64::try_from(at.as_nanos()).unwrap_or(i64::MAX);
        let invocation = invocation.map(count);
        adding.execute(params![run, count(*number), at, kind, step, invocation, body])?;
    }
    Ok(())
}

/// The run is one of another version of its workflow from now on.
fn renew(file: &Connection, run: &str, version: &Version) -> Result<(), Refused> {
    let (fingerprint, definition) = (written(&version.fingerprint)?, define(file, &version.definition)?);
    let mut renewing =
        file.prepare_cached("UPDATE runs SET input = ?2, fingerprint = ?3, definition = ?4 WHERE id = ?1")?;
    renewing.execute(params![run, version.input, fingerprint, definition])?;
    Ok(())
}

fn written(fingerprint: &Fingerprint) -> Result<String, Refused> {
    serde_json::to_string(fingerprint).map_err(|error| Refused::Asked(JournalError::store(error)))
}

/// Writes a checkpoint down, and drops facts that nobody needs any more.
fn note(file: &Connection, history: u64, run: &str, checkpoint: &Checkpoint) -> Result<(), Refused> {
    let Checkpoint { before, body, .. } = checkpoint;
    let mut noting =
        file.prepare_cached("INSERT OR REPLACE INTO checkpoints (run, before, body) VALUES (?1, ?2, ?3)")?;
    noting.execute(params![run, count(*before), body])?;
    let mut dropping = file.prepare_cached("DELETE FROM facts WHERE run = ?1 AND number < ?2")?;
    dropping.execute(params![run, count(before.saturating_sub(history))])?;
    Ok(())
}

/// The run is over, and with it what it has called and not awaited.
fn close(file: &Connection, writing: &Writing, run: &str, end: &End) -> Result<(), Refused> {
    let (status, result, error) = match end {
        End::Completed(event) => ("completed", Some(event), None),
        End::Failed(error) => ("failed", None, Some(error)),
        _ => ("cancelled", None, None),
    };
    let mut ending = file.prepare_cached(
        "UPDATE runs SET status = ?2, result = ?3, error = ?4, ended_ms = ?5, holder = NULL WHERE id = ?1",
    )?;
    ending.execute(params![run, status, result, error, writing.now])?;
    let mut called = file.prepare_cached(
        "WITH RECURSIVE called (id) AS (
             SELECT id FROM runs WHERE parent = ?1
             UNION SELECT runs.id FROM runs JOIN called ON runs.parent = called.id
         )
         UPDATE runs SET status = 'cancelled', ended_ms = ?2, holder = NULL, token = token + 1
         WHERE status = 'open' AND id IN called",
    )?;
    called.execute(params![run, writing.now])?;
    Ok(())
}

fn release(file: &Connection, writing: &Writing, lease: &Lease) -> Result<(), Refused> {
    let mut releasing =
        file.prepare_cached("UPDATE runs SET holder = NULL WHERE id = ?1 AND token = ?2 AND holder = ?3")?;
    releasing.execute(params![lease.run, lease.token, writing.holder])?;
    Ok(())
}

/// How many trees of runs go at once, so that others who write need not wait long.
const TREES: i64 = 100;

fn prune(file: &Connection, before: i64) -> Result<usize, Refused> {
    let mut finding = file.prepare_cached(
        "WITH RECURSIVE gone (id) AS (
             SELECT * FROM (
                 SELECT id FROM runs
                 WHERE ended_ms <= ?1
                     AND NOT EXISTS (SELECT 1 FROM runs AS callers WHERE callers.id = runs.parent)
                 LIMIT ?2
             )
             UNION SELECT runs.id FROM runs JOIN gone ON runs.parent = gone.id
         )
         SELECT id FROM gone",
    )?;
    let gone = finding.query_map(params![before, TREES], |row| row.get(0))?;
    let gone: Vec<String> = gone.collect::<Result<_, _>>()?;
    for table in ["facts WHERE run", "checkpoints WHERE run", "runs WHERE id"] {
        let mut dropping = file.prepare_cached(&format!("DELETE FROM {table} = ?1"))?;
        for run in &gone {
            dropping.execute([run])?;
        }
    }
    Ok(gone.len())
}

/// A number as SQLite has it: what counts from 0 does not come near its limit.
fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
