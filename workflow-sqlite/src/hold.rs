//! Hold: a run of the file in the hands of the one who writes to it.

use std::sync::Arc;

use workflow_core::journal::{Answer, End, Held, JournalError, Page, Record};

use crate::journal::Inner;
use crate::order::Order;
use crate::writer::Ticket;

/// Writes to one run; the ticket lets go of it.
pub(crate) struct Hold {
    ticket: Ticket,
    // After the ticket, which is still heard when the journal goes with this.
    journal: Arc<Inner>,
}

impl Hold {
    pub(crate) fn new(ticket: Ticket, journal: Arc<Inner>) -> Self {
        Self { ticket, journal }
    }
}

impl Held for Hold {
    fn append(&mut self, page: Page) -> Answer<()> {
        let lease = self.ticket.lease.clone();
        if let Err(error) = weigh(&lease.run, &page, self.journal.options.record_limit) {
            return Box::pin(async { Err(error) });
        }
        self.journal.order(|reply| Order::Append(lease, page, reply))
    }
}

/// Whether nothing of the page is too large. A checkpoint may be: nobody has made it so.
fn weigh(run: &str, page: &Page, limit: usize) -> Result<(), JournalError> {
    let is_too_large = |record: &&Record| record.body.len() > limit;
    if let Some(record) = page.records.iter().find(is_too_large) {
        return Err(JournalError::too_large(run, record, limit));
    }
    match &page.end {
        Some(End::Completed(result)) => weigh_one(run, "result", result, limit),
        _ => Ok(()),
    }
}

/// Whether one thing is not too large.
pub(crate) fn weigh_one(run: &str, kind: &str, body: &str, limit: usize) -> Result<(), JournalError> {
    if body.len() <= limit {
        return Ok(());
    }
    let record = Record::new(0, std::time::Duration::ZERO, kind, body);
    Err(JournalError::too_large(run, &record, limit))
}
