//! Pen: takes down what happens in a run, page by page.
//!
//! One page is with the journal at a time; what happens meanwhile goes onto the next. An order waits until the page
//! of the fact that it follows from is kept.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::notes::Note;
use crate::graph::Fingerprint;
use crate::journal::{Answer, Checkpoint, End, Held, JournalError, Page, Record, Version};
use crate::machine::Input;

/// After how many records a checkpoint is due at the earliest.
const RECORDS: u64 = 1_000;

/// Writes for one run.
pub(in crate::driver) struct Pen {
    id: String,
    held: Box<dyn Held>,
    page: Page,
    /// The page that is with the journal, and the number of the record after it.
    sent: Option<(u64, Answer<()>)>,
    /// The number of the record that comes next.
    next: u64,
    /// The number of the first record that is not kept yet.
    kept: u64,
    /// What went wrong on the way.
    failed: Option<JournalError>,
    /// What the driver has to do first; nothing once that is done.
    pub(in crate::driver) begins: Option<Begins>,
    since_checkpoint: Size,
    checkpoint: usize,
    /// Who waits until the records before a number are kept; where none is said, those that are taken down by now.
    asked: Vec<(Option<u64>, oneshot::Sender<()>)>,
}

/// How a run with a journal begins in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::driver) enum Begins {
    /// The machine has been told what opens it.
    Anew,
    /// It was there already, and goes on.
    Again,
}

#[derive(Default)]
struct Size {
    records: u64,
    bytes: usize,
}

impl Pen {
    pub(super) fn new(id: &str, held: Box<dyn Held>, next: u64) -> Self {
        Self {
            id: id.to_owned(),
            held,
            page: Page::default(),
            sent: None,
            next,
            kept: next,
            failed: None,
            begins: Some(Begins::Again),
            since_checkpoint: Size::default(),
            checkpoint: 0,
            asked: Vec::new(),
        }
    }

    /// The run begins.
    pub(super) fn open(&mut self, limit: Option<Duration>, state: Value) {
        let body = json!({ "limit": limit, "state": state }).to_string();
        self.write(Duration::ZERO, "opened", None, None, Ok(body));
    }

    /// The run goes on.
    pub(in crate::driver) fn resume(&mut self, at: Duration, deadline: Option<Duration>) {
        self.write(at, "resumed", None, None, Ok(json!({ "deadline": deadline }).to_string()));
    }

    /// What steps did to what they share, before the fact that comes next.
    pub(in crate::driver) fn note(&mut self, at: Duration, notes: Vec<Note>) {
        for Note { kind, invocation, body } in notes {
            self.write(at, kind, None, Some(invocation), body);
        }
    }

    /// A fact.
    pub(in crate::driver) fn fact<E: Serialize>(
        &mut self,
        at: Duration,
        step: Option<&str>,
        fact: &Input<E>,
    ) {
        let invocation = fact.invocation().map(|invocation| invocation.number);
        self.write(at, kind_of(fact), step, invocation, serde_json::to_string(fact));
    }

    fn write(
        &mut self,
        at: Duration,
        kind: &str,
        step: Option<&str>,
        invocation: Option<u64>,
        body: serde_json::Result<String>,
    ) {
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                self.failed.get_or_insert_with(|| JournalError::unwritable(&self.id, kind, error));
                return;
            }
        };
        self.since_checkpoint.records += 1;
        self.since_checkpoint.bytes += body.len();
        let record = Record::new(self.next, at, kind, body).about(step.map(str::to_owned), invocation);
        self.page.records.push(record);
        self.next += 1;
    }

    /// The run goes on as one of this version of its workflow; a checkpoint comes with it.
    pub(super) fn version(&mut self, input: String, fingerprint: Fingerprint, definition: Arc<str>) {
        self.page.version = Some(Version { input, fingerprint, definition });
    }

    /// Somebody waits until what has come in is kept, of which the facts are taken down next.
    pub(in crate::driver) fn asked(&mut self, asked: Vec<oneshot::Sender<()>>) {
        self.asked.extend(asked.into_iter().map(|asked| (None, asked)));
    }

    fn answer(&mut self) {
        let kept = self.kept;
        for (_, asked) in self.asked.extract_if(.., |(before, _)| before.is_some_and(|before| before <= kept))
        {
            // Whoever does not wait any more need not hear it.
            let _ = asked.send(());
        }
    }

    /// Something was not written down elsewhere; the first such thing counts.
    pub(in crate::driver) fn fail(&mut self, error: JournalError) {
        self.failed.get_or_insert(error);
    }

    /// The run is over.
    pub(in crate::driver) fn end(&mut self, end: End) {
        self.page.end = Some(end);
    }

    /// Whether the records since the last checkpoint are worth one: many, and more than twice as long as it.
    pub(in crate::driver) fn wants_checkpoint(&self) -> bool {
        let Size { records, bytes } = self.since_checkpoint;
        if self.page.version.is_some() {
            return self.page.checkpoint.is_none();
        }
        records >= RECORDS && bytes >= 2 * self.checkpoint && self.page.end.is_none()
    }

    /// What all records so far add up to.
    pub(in crate::driver) fn checkpoint(&mut self, body: serde_json::Result<String>) {
        match body {
            Ok(body) => {
                self.checkpoint = body.len();
                self.since_checkpoint = Size::default();
                self.page.checkpoint = Some(Checkpoint::new(self.next, body));
            }
            Err(error) => {
                self.failed.get_or_insert_with(|| JournalError::unwritable(&self.id, "checkpoint", error));
            }
        }
    }

    /// The number of the record that comes next.
    pub(in crate::driver) fn next(&self) -> u64 {
        self.next
    }

    /// Whether all records before this number are kept.
    pub(in crate::driver) fn has_kept(&self, before: u64) -> bool {
        before <= self.kept
    }

    /// Whether something is to be sent that nothing else will bring up again.
    pub(in crate::driver) fn has_more(&self) -> bool {
        self.sent.is_none() && (self.failed.is_some() || self.next > self.kept)
    }

    /// Sends what is to be sent, as far as it goes.
    ///
    /// # Errors
    ///
    /// When something could not be written down, or not be kept: then nothing may follow from it.
    pub(in crate::driver) fn poll(&mut self, cx: &mut Context<'_>) -> Result<(), JournalError> {
        let next = self.next;
        self.asked.iter_mut().for_each(|(before, _)| *before = before.or(Some(next)));
        loop {
            if !self.asked.is_empty() {
                self.answer();
            }
            if let Some(failed) = self.failed.take() {
                return Err(failed);
            }
            if let Some((before, answer)) = &mut self.sent {
                match answer.as_mut().poll(cx) {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(Ok(())) => self.kept = *before,
                    Poll::Ready(Err(error)) => {
                        self.sent = None;
                        return Err(error);
                    }
                }
                self.sent = None;
            }
            if self.next == self.kept {
                return Ok(());
            }
            let page = std::mem::take(&mut self.page);
            self.sent = Some((self.next, self.held.append(page)));
        }
    }
}

/// The kind of a fact, as its record says it.
fn kind_of<E>(fact: &Input<E>) -> &'static str {
    match fact {
        Input::Started { .. } => "started",
        Input::StepReturned { .. } => "step_returned",
        Input::StepSent { .. } => "step_sent",
        Input::StepPublished { .. } => "step_published",
        Input::StepFailed { .. } => "step_failed",
        Input::StepWaits { .. } => "step_waits",
        Input::WaitDropped { .. } => "wait_dropped",
        Input::Matched { .. } => "matched",
        Input::MatchedKept { .. } => "matched_kept",
        Input::WaitsAreAll => "waits_are_all",
        Input::Received { .. } => "received",
        Input::TimePassed => "time_passed",
        Input::Cancelled => "cancelled",
    }
}
