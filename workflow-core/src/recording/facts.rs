//! Facts: all that a page says of a run and of an execution in it, as names and values.

use std::time::Duration;

use super::words::{count, length};
use super::{Ended, Execution, How, Outcome, Passed, Recorded, WaitEnded, Waited};

impl Outcome {
    /// How the run ended, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Open => "goes on",
            Self::Stopped(_) => "ended",
            Self::Failed { .. } => "failed",
            Self::Stalled { .. } => "stalled",
            Self::TimedOut { .. } => "timed out",
            Self::Cancelled => "cancelled",
            Self::Refused { .. } => "refused",
        }
    }
}

impl Recorded {
    /// What was left out, if anything was.
    pub(crate) fn gap_words(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("{} executions were not kept", count(self.left_out)))
    }
}

impl Execution {
    /// All that is known of it: name and value. `offset` is what is added to its times.
    pub(crate) fn facts(&self, offset: Duration) -> Vec<(&'static str, String)> {
        let mut facts = vec![("began", format!("at {}", length(self.began.saturating_add(offset))))];
        let took = match self.ended {
            Ended::Running => format!("{} so far", length(self.lasted)),
            _ => length(self.lasted),
        };
        facts.push(("took", took));
        match &self.ended {
            Ended::Failed { error, again: None } => facts.push(("failed", error.clone())),
            Ended::Failed { error, again: Some(wait) } => {
                facts.push(("failed", error.clone()));
                facts.push(("tried again", format!("after {}", length(*wait))));
            }
            Ended::Dropped => facts.push(("dropped", "when the run ended".to_owned())),
            Ended::Running | Ended::Returned => (),
        }
        passed(&mut facts, "input", self.took(), self.took.more);
        passed(&mut facts, "output", self.gave(), self.gave.more);
        facts.extend(self.waits().iter().map(|wait| ("wait", wait.told())));
        if self.waits.more > 0 {
            facts.push(("wait", format!("{} more", count(self.waits.more))));
        }
        if !self.follows.is_empty() {
            let numbers = self.follows().iter().map(|from| format!("#{from}")).collect::<Vec<_>>().join(", ");
            let more = if self.follows.more > 0 {
                format!(" and {} more", count(self.follows.more))
            } else {
                String::new()
            };
            facts.push(("follows", numbers + &more));
        }
        if let Some(opener) = self.batch {
            facts.push(("batch of", format!("#{opener}")));
        }
        facts.extend(
            self.called
                .iter()
                .map(|run| ("called", format!("{}, which {}", run.flow.name(), run.outcome.words()))),
        );
        if self.calls_left_out > 0 {
            facts.push(("called", format!("{} runs more, not kept", count(self.calls_left_out))));
        }
        facts
    }
}

impl Waited {
    /// The same with what came.
    fn told(&self) -> String {
        match &self.ended {
            WaitEnded::Got(event) => format!("{}: {}", self.words(), event.words()),
            _ => self.words(),
        }
    }
}

impl How {
    /// In a word; nothing where it goes without saying.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Taken | Self::Returned => "",
            Self::Member => "in a batch",
            Self::Sent => "sent",
            Self::Published => "published",
            Self::Awaited => "waited for",
        }
    }
}

fn passed(facts: &mut Vec<(&'static str, String)>, what: &'static str, events: &[Passed], more: u64) {
    for event in events {
        let how = match event.how {
            How::Taken | How::Returned => String::new(),
            how => format!("{}: ", how.word()),
        };
        facts.push((what, how + &event.words()));
    }
    if more > 0 {
        facts.push((what, format!("{} events more", count(more))));
    }
}
