//! Progress: a bar for a check that takes longer than one likes to look at nothing.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How long nothing is shown.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many plays there are between two looks at the clock, whether they were played to their end or left.
const TURN: u64 = 256;

pub(super) struct Progress {
    workflow: &'static str,
    began: Instant,
    plays: u64,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new(workflow: &'static str) -> Self {
        Self { workflow, began: Instant::now(), plays: 0, bar: None }
    }

    /// Shows, after one more play, how many schedules were played to their end. It draws to a terminal only.
    pub(super) fn show(&mut self, schedules: u64) {
        self.plays += 1;
        if !self.plays.is_multiple_of(TURN) || self.began.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style =
                ProgressStyle::with_template("{spinner} {msg}: {pos} schedules, {per_sec}, {elapsed}");
            let bar = ProgressBar::new_spinner().with_message(self.workflow);
            match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        bar.set_position(schedules);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
