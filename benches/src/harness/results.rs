//! Results: what was measured of each entry, over all rounds.

use serde::{Deserialize, Serialize};

use super::HarnessError;
use crate::{Entry, Work};

/// One measurement, per unit of the work.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    /// Processor time; wall time where cores are measured.
    pub(super) nanoseconds: f64,
    pub(super) allocations: Option<f64>,
    /// The most that was held at once.
    pub(super) bytes: Option<f64>,
}

/// What was measured of one entry.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) entry: Entry,
    pub(super) rounds: Vec<Measured>,
    /// Why there is no result.
    pub(super) failure: Option<String>,
}

impl Row {
    /// What the work is about: nanoseconds, or bytes of a suspended run.
    pub(super) fn value(&self) -> Option<f64> {
        match self.entry.work {
            Work::Suspended => self.median(|measured| measured.bytes),
            // Wall times: whatever is above the shortest is other work on the machine.
            Work::Cores => self.rounds.iter().map(|measured| measured.nanoseconds).min_by(f64::total_cmp),
            _ => self.median(|measured| Some(measured.nanoseconds)),
        }
    }

    pub(super) fn allocations(&self) -> Option<f64> {
        self.median(|measured| measured.allocations)
    }

    fn median(&self, of: impl Fn(&Measured) -> Option<f64>) -> Option<f64> {
        if self.failure.is_some() {
            return None;
        }
        let mut values: Vec<f64> = self.rounds.iter().filter_map(of).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }
}

/// All rows, in the order of the entries.
#[derive(Debug)]
pub(super) struct Results(pub(super) Vec<Row>);

impl Results {
    /// The rows of a work, the smallest value first.
    pub(super) fn of(&self, work: Work) -> Vec<&Row> {
        let mut rows: Vec<_> = self.0.iter().filter(|row| row.entry.work == work).collect();
        rows.sort_by(|a, b| {
            let [a, b] = [a, b].map(|row| row.value().unwrap_or(f64::INFINITY));
            a.total_cmp(&b)
        });
        rows
    }

    pub(super) fn row(&self, work: Work, name: &str) -> Option<&Row> {
        self.0.iter().find(|row| row.entry.work == work && row.entry.name == name)
    }

    pub(super) fn value(&self, work: Work, name: &str) -> Option<f64> {
        self.row(work, name)?.value()
    }

    /// # Errors
    ///
    /// When any entry gave no result.
    pub(super) fn failures(&self) -> Result<(), HarnessError> {
        let reasons: Vec<String> = self
            .0
            .iter()
            .filter_map(|row| {
                let reason = row.failure.as_ref()?;
                Some(format!("{} {}: {reason}", row.entry.work.name(), row.entry.name))
            })
            .collect();
        if reasons.is_empty() {
            return Ok(());
        }
        Err(HarnessError::Failed { failed: reasons.len(), all: self.0.len(), reasons: reasons.join("\n") })
    }
}
