//! MemoryJournal: runs kept in this process, for tests and to learn by.
//!
//! It survives the end of a run's driver, not that of the process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{
    Answer, Claim, Claimed, Filter, Held, Journal, JournalError, Kept, Page, RunInfo, Status, Version,
};

/// A journal in memory. Cloning is cheap: clones are the same journal.
///
/// Time is tokio's, so that a paused clock holds here too.
#[derive(Clone, Default)]
pub struct MemoryJournal {
    runs: Arc<Mutex<BTreeMap<String, Run>>>,
}

struct Run {
    kept: Kept,
    /// When it was put here, and that its age was then what is kept.
    since: Instant,
    written: u64,
    is_held: bool,
}

impl Run {
    fn age(&self) -> Duration {
        self.kept.age + self.since.elapsed()
    }

    fn now(&self) -> Kept {
        Kept { age: self.age(), ..self.kept.clone() }
    }
}

impl MemoryJournal {
    /// A journal without runs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<String, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_hold(&self, claim: Claim) -> Result<Claimed, JournalError> {
        let Claim { id, workflow, opening } = claim;
        let mut runs = self.runs();
        if !runs.contains_key(&id) {
            let opening = opening.ok_or_else(|| JournalError::unknown(&id))?;
            let kept = Kept::new(workflow, opening);
            let written = kept.records.len() as u64;
            runs.insert(id.clone(), Run { kept, since: Instant::now(), written, is_held: false });
        }
        let Some(run) = runs.get_mut(&id) else {
            return Err(JournalError::unknown(&id));
        };
        let kept = run.now();
        if kept.end.is_some() {
            return Ok(Claimed::new(kept, None));
        }
        if std::mem::replace(&mut run.is_held, true) {
            return Err(JournalError::busy(&id, Duration::MAX));
        }
        drop(runs);
        Ok(Claimed::new(kept, Some(Box::new(Hold { journal: self.clone(), id }))))
    }
}

impl Journal for MemoryJournal {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        let claimed = self.take_hold(claim);
        Box::pin(async { claimed })
    }

    fn list(&self, filter: Filter) -> Answer<Vec<RunInfo>> {
        let runs = self.runs();
        let mut listed: Vec<RunInfo> = runs
            .iter()
            .map(|(id, run)| {
                let of_rest = if run.is_held { Status::Running } else { Status::Left };
                let status = run.kept.end.as_ref().map_or(of_rest, super::End::status);
                let info = RunInfo::new(id, &run.kept.workflow, status, run.age());
                RunInfo { parent: run.kept.parent.clone(), records: run.written, ..info }
            })
            .filter(|run| filter.workflow.as_ref().is_none_or(|workflow| *workflow == run.workflow))
            .filter(|run| filter.status.is_none_or(|status| status == run.status))
            .filter(|run| filter.parent.is_none() || filter.parent == run.parent)
            .filter(|run| filter.older_than.is_none_or(|age| run.age >= age))
            .collect();
        listed.sort_by_key(|run| run.age);
        Box::pin(async { Ok(listed) })
    }

    fn load(&self, id: &str) -> Answer<Option<Kept>> {
        let kept = self.runs().get(id).map(Run::now);
        Box::pin(async { Ok(kept) })
    }
}

/// A run in the hands of the one who writes to it.
struct Hold {
    journal: MemoryJournal,
    id: String,
}

impl Held for Hold {
    fn append(&mut self, page: Page) -> Answer<()> {
        if let Some(run) = self.journal.runs().get_mut(&self.id) {
            run.written += page.records.len() as u64;
            run.kept.records.extend(page.records);
            if let Some(checkpoint) = page.checkpoint {
                run.kept.records.retain(|record| record.number >= checkpoint.before);
                run.kept.checkpoint = Some(checkpoint);
            }
            if let Some(Version { input, fingerprint, definition }) = page.version {
                run.kept.input = input;
                run.kept.fingerprint = fingerprint;
                run.kept.definition = Some(definition);
            }
            run.kept.end = page.end.or(run.kept.end.take());
        }
        Box::pin(async { Ok(()) })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(run) = self.journal.runs().get_mut(&self.id) {
            run.is_held = false;
        }
    }
}
