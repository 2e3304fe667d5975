//! Rows: the executions of a run and of those that it called, in the order in which they are shown.

use std::time::Duration;

use super::{Execution, Recorded};

/// One execution, seen from the run that is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) execution: &'a Execution,
    /// The workflows and steps inside of which it is, and its own: `[("Shop", "charge"), ("Bank", "ask")]`.
    pub(crate) path: Vec<(&'a str, &'a str)>,
    /// What is added to its times, which are counted from the start of its own run.
    pub(crate) offset: Duration,
    /// Executions that were not kept stand before it.
    pub(crate) left_out_before: u64,
}

impl Row<'_> {
    pub(crate) fn began(&self) -> Duration {
        self.execution.began.saturating_add(self.offset)
    }

    pub(crate) fn ended(&self) -> Duration {
        self.began().saturating_add(self.execution.lasted)
    }

    /// How many runs it is inside of.
    pub(crate) fn depth(&self) -> usize {
        self.path.len() - 1
    }
}

impl Recorded {
    /// All executions, each followed by those of the runs that it called.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::new();
        self.add_rows(&[], Duration::ZERO, &mut rows);
        rows
    }

    fn add_rows<'a>(&'a self, path: &[(&'a str, &'a str)], offset: Duration, rows: &mut Vec<Row<'a>>) {
        for (place, execution) in self.executions.iter().enumerate() {
            let mut path = path.to_vec();
            path.push((self.flow.name(), execution.step()));
            let left_out_before = if place == self.gap { self.left_out } else { 0 };
            rows.push(Row { execution, path: path.clone(), offset, left_out_before });
            for called in &execution.called {
                called.add_rows(&path, offset.saturating_add(called.called_at), rows);
            }
        }
    }
}

/// Of so many things which are shown when there is room for `room`: the first and the last.
pub(crate) fn is_shown(place: usize, of: usize, room: usize) -> bool {
    of <= room || place < room.div_ceil(2) || place >= of - room / 2
}
