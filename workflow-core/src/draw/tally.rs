//! Tally: what a recorded run has done at one node of the picture, in a few characters.

/// How often, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How often it began, without later tries; of an event, how often there was one.
    pub(super) times: u64,
    /// How many tries failed.
    pub(super) failed: u64,
    /// How many tries came after one that failed.
    pub(super) again: u64,
    /// How many tries have not ended.
    pub(super) running: u64,
    /// The last that is known of it is a failure, of which nothing came.
    pub(super) gave_up: bool,
}

impl Tally {
    /// `✓`, `×3`, `✗`, `…`: a mark for a name.
    pub(super) fn short(&self) -> String {
        let mark = if self.gave_up {
            "✗"
        } else if self.running > 0 {
            "…"
        } else {
            "✓"
        };
        match self.times {
            0 | 1 => mark.to_owned(),
            times => format!("{mark}×{times}"),
        }
    }

    /// The same with what failed and was tried again, for where there is room for words.
    pub(super) fn long(&self) -> String {
        let mut words = vec![self.short()];
        if self.gave_up && self.times == 1 {
            words = vec![format!("✗ {} failed", self.failed)];
        } else if self.failed > 0 {
            words.push(format!("{} failed", self.failed));
        }
        if self.again > 0 {
            words.push(format!("{} tried again", self.again));
        }
        if self.running > 0 {
            words.push(format!("{} not ended", self.running));
        }
        words.join(" · ")
    }
}
