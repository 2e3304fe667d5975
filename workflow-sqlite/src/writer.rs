//! Writer: the one thread that writes to the file, and what it writes together.
//!
//! All that waits goes into one transaction, so that many runs share one flush of the disk. When that fails, each
//! order is tried in a transaction of its own, so that one that cannot be kept leaves the others as they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use workflow_core::journal::{JournalError, Kept};

use crate::SqliteOptions;
use crate::error::{Place, SqliteError};
use crate::options::milliseconds;
use crate::order::{Done, Lease, Order, Refused, Taken};

/// The most orders that go into one transaction.
const TOGETHER: usize = 1_000;

/// What orders are carried out with.
pub(crate) struct Writing {
    /// The time of day.
    pub(crate) now: i64,
    /// Who writes.
    pub(crate) holder: i64,
    /// How many facts before a checkpoint stay.
    pub(crate) history: u64,
}

/// Lets go of a run when it is dropped.
pub(crate) struct Ticket {
    pub(crate) lease: Lease,
    orders: Sender<Order>,
    releases: Arc<AtomicUsize>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.releases.fetch_add(1, Ordering::Relaxed);
        // Nobody takes it when the journal is closed, and then nobody holds the run.
        let _ = self.orders.send(Order::Release(self.lease.clone()));
    }
}

/// What the thread has.
pub(crate) struct Writer {
    file: Connection,
    place: Place,
    options: SqliteOptions,
    /// Where tickets send to.
    orders: Sender<Order>,
    /// This journal's row, once it has one.
    holder: Option<i64>,
    /// When its lease was put off last.
    renewed: i64,
    /// How many runs it holds.
    held: usize,
    /// Runs that it could not let go of.
    unreleased: Vec<Order>,
    /// How many runs were let go of that are still held in the file.
    releases: Arc<AtomicUsize>,
    last: Last,
}

/// What was written last.
#[derive(Clone, Copy, Default)]
struct Last {
    orders: usize,
    /// How long the end of the transaction took.
    flush: Duration,
}

impl Writer {
    /// Writes until the journal is closed.
    pub(crate) fn work(mut self, orders: &Receiver<Order>) {
        let mut is_open = true;
        while is_open {
            let mut waiting = std::mem::take(&mut self.unreleased);
            match self.wait(orders, !waiting.is_empty()) {
                Ok(order) => waiting.push(order),
                Err(RecvTimeoutError::Timeout) => (),
                Err(RecvTimeoutError::Disconnected) => waiting.push(Order::Close),
            }
            self.gather(orders, &mut waiting);
            if let Some(end) = waiting.iter().position(Order::is_last) {
                waiting.truncate(end);
                is_open = false;
            }
            self.last.orders = waiting.len();
            self.write(waiting);
        }
        self.leave();
    }

    /// Takes what has come meanwhile, and waits a moment for those who were answered together the last time: they are
    /// about to ask again, and would else take turns. The moment is short beside the flush of the disk that it may save,
    /// as with `commit_delay` and `commit_siblings` of PostgreSQL.
    fn gather(&self, orders: &Receiver<Order>, waiting: &mut Vec<Order>) {
        let until = Instant::now() + self.last.flush / 4;
        loop {
            waiting.extend(orders.try_iter().take(TOGETHER.saturating_sub(waiting.len())));
            let is_enough =
                waiting.len() >= self.last.orders.min(TOGETHER) || waiting.iter().any(Order::is_last);
            let left = until.saturating_duration_since(Instant::now());
            if is_enough || left.is_zero() {
                return;
            }
            match orders.recv_timeout(left) {
                Ok(order) => waiting.push(order),
                Err(_) => return,
            }
        }
    }

    /// Waits for the next order; not longer than the lease may be left alone.
    fn wait(&self, orders: &Receiver<Order>, is_behind: bool) -> Result<Order, RecvTimeoutError> {
        if self.held > 0 || is_behind {
            orders.recv_timeout(self.options.lease / 3)
        } else {
            orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
        }
    }

    fn write(&mut self, orders: Vec<Order>) {
        match self.commit(&orders) {
            Ok(done) => self.answer_all(orders, done),
            // Whose fault it is shows when each is alone. Behind a lock all of them would wait, and none be written.
            Err(error) if orders.len() > 1 && !is_locked(&error) => {
                for order in orders {
                    let done = self.commit(std::slice::from_ref(&order));
                    self.answer_all(
                        vec![order],
                        done.unwrap_or_else(|error| vec![Err(self.place.unkept(error))]),
                    );
                }
            }
            Err(error) => {
                let error = self.place.failed(error);
                let done = orders.iter().map(|_| Err(JournalError::store(error.clone()))).collect();
                self.answer_all(orders, done);
            }
        }
    }

    /// Carries orders out in one transaction.
    ///
    /// # Errors
    ///
    /// When nothing of it was kept.
    fn commit(&mut self, orders: &[Order]) -> rusqlite::Result<Vec<Result<Done, JournalError>>> {
        let now = self.options.clock.now();
        let is_due = self.held > 0 && !(0..self.lease() / 3).contains(&(now - self.renewed));
        let claims = orders.iter().any(|order| matches!(order, Order::Claim(..)));
        if orders.is_empty() && !is_due {
            return Ok(Vec::new());
        }
        let lease = self.lease();
        let transaction = self.file.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let holder = match self.holder {
            Some(holder) if !is_due && !claims => holder,
            // Who has claimed nothing holds nothing.
            None if !claims => 0,
            holder => renew(&transaction, holder, now, now.saturating_add(lease))?,
        };
        let writing = Writing { now, holder, history: self.options.history };
        let mut done = Vec::with_capacity(orders.len());
        for order in orders {
            match order.apply(&transaction, &writing) {
                Ok(it) => done.push(Ok(it)),
                // It was refused before it had changed anything.
                Err(Refused::Asked(error)) => done.push(Err(error)),
                Err(Refused::Broken(error)) => return Err(error),
            }
        }
        let ends = Instant::now();
        transaction.commit()?;
        self.last.flush = ends.elapsed();
        if is_due || claims {
            (self.holder, self.renewed) = (Some(holder), now);
        }
        Ok(done)
    }

    fn answer_all(&mut self, orders: Vec<Order>, done: Vec<Result<Done, JournalError>>) {
        let mut has_pruned = false;
        for (order, done) in orders.into_iter().zip(done) {
            has_pruned |= matches!(done, Ok(Done::Pruned(_)));
            self.answer(order, done);
        }
        if has_pruned {
            // What stays behind is used again, so it does no harm when this fails.
            let _ = give_back(&self.file);
        }
    }

    /// Says what has come of an order. Whoever does not listen any more has it all the same.
    fn answer(&mut self, order: Order, done: Result<Done, JournalError>) {
        match (order, done) {
            (Order::Claim(claim, reply), Ok(Done::Claimed { token, is_new })) => {
                let ticket = token.map(|token| {
                    self.held += 1;
                    let lease = Lease { run: claim.id, token };
                    Ticket { lease, orders: self.orders.clone(), releases: Arc::clone(&self.releases) }
                });
                let opening = claim.opening.filter(|_| is_new);
                let kept = opening.map(|opening| Kept::new(claim.workflow, opening));
                let _ = reply.send(Ok(Taken { ticket, kept }));
            }
            (Order::Append(_, _, reply), Ok(Done::Appended)) => drop(reply.send(Ok(()))),
            (Order::Prune(_, reply), Ok(Done::Pruned(runs))) => drop(reply.send(Ok(runs))),
            (Order::Release(_), Ok(_)) => {
                self.held = self.held.saturating_sub(1);
                self.releases.fetch_sub(1, Ordering::Relaxed);
            }
            (Order::Settle(reply), done) => drop(reply.send(done.map(drop))),
            (Order::Claim(_, reply), Err(error)) => drop(reply.send(Err(error))),
            (Order::Append(_, _, reply), Err(error)) => drop(reply.send(Err(error))),
            (Order::Prune(_, reply), Err(error)) => drop(reply.send(Err(error))),
            (order @ Order::Release(_), Err(_)) => self.unreleased.push(order),
            _ => unreachable!("each order has an answer of its own kind"),
        }
    }

    /// The journal is closed. What it holds is free when this fails too, when its lease has passed.
    fn leave(self) {
        if let Some(holder) = self.holder {
            let _ = self.file.execute("DELETE FROM holders WHERE id = ?1", [holder]);
        }
    }

    fn lease(&self) -> i64 {
        milliseconds(self.options.lease)
    }
}

/// Puts the end of a holder's lease off; one that has no row gets one, and rows that nobody needs go.
fn renew(file: &Connection, holder: Option<i64>, now: i64, until: i64) -> rusqlite::Result<i64> {
    let mut renewing = file.prepare_cached("UPDATE holders SET until_ms = ?2 WHERE id = ?1 RETURNING id")?;
    let renewed = renewing.query_row(params![holder, until], |row| row.get(0)).optional()?;
    if let Some(holder) = renewed {
        return Ok(holder);
    }
    file.execute(
        "DELETE FROM holders WHERE until_ms <= ?1 AND NOT EXISTS (SELECT 1 FROM runs WHERE holder = holders.id)",
        [now],
    )?;
    // A number is never given twice, so a row that has gone meanwhile comes back as it was.
    file.query_row(
        "INSERT INTO holders (id, process, until_ms) VALUES (?1, ?2, ?3) RETURNING id",
        params![holder, std::process::id(), until],
        |row| row.get(0),
    )
}

/// Gives room that nothing takes any more back to the system.
fn give_back(file: &Connection) -> rusqlite::Result<()> {
    let mut giving = file.prepare_cached("PRAGMA incremental_vacuum")?;
    let mut steps = giving.query(())?;
    while steps.next()?.is_some() {}
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
}

fn is_locked(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked))
}

/// The thread, to those who ask it.
pub(crate) struct Desk {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
    /// How many runs were let go of that are still held in the file.
    releases: Arc<AtomicUsize>,
}

impl Desk {
    pub(crate) fn ask(&self, order: Order) {
        // When nobody takes it, the reply goes with it.
        let _ = self.orders.send(order);
    }

    /// Whether the file says of all runs that were let go of that they are free.
    pub(crate) fn is_settled(&self) -> bool {
        self.releases.load(Ordering::Relaxed) == 0
    }

    /// Waits until all was written and the file is closed.
    pub(crate) fn close(&mut self) {
        self.ask(Order::Close);
        // A panic of the thread was the answer to whoever waited for it.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Starts the thread.
///
/// # Errors
///
/// When the system has no thread left.
pub(crate) fn start(file: Connection, place: &Place, options: SqliteOptions) -> Result<Desk, SqliteError> {
    let (sender, orders) = std::sync::mpsc::channel();
    let releases = Arc::new(AtomicUsize::new(0));
    let writer = Writer {
        file,
        place: place.clone(),
        options,
        orders: sender.clone(),
        holder: None,
        renewed: 0,
        held: 0,
        unreleased: Vec::new(),
        releases: Arc::clone(&releases),
        last: Last::default(),
    };
    let thread = std::thread::Builder::new().name("workflow-sqlite writer".to_owned());
    let thread = thread.spawn(move || writer.work(&orders));
    let thread = thread.map_err(|_| SqliteError::Closed { path: place.path.to_path_buf() })?;
    Ok(Desk { orders: sender, thread: Some(thread), releases })
}
