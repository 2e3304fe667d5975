//! Broken: a schedule under which a claim does not hold, as a person reads it and as a line to play it again.

use std::fmt;

use crate::{Drawing, Recording};

/// The shortest schedule that was found under which a claim does not hold: of those that leave the ordinary order least
/// often the one that has done so first.
///
/// It prints as a report: the claim, the moves, the timeline, and the line to play it again.
#[derive(Clone, Debug)]
pub struct Broken {
    pub(super) workflow: &'static str,
    pub(super) claim: Claim,
    pub(super) line: String,
    pub(super) sentences: Vec<String>,
    pub(super) recordings: Vec<Recording>,
    pub(super) schedules: u64,
    pub(super) seed: Option<u64>,
    pub(super) is_shortest: bool,
    pub(super) picture: Option<std::path::PathBuf>,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// The run ended in a way that was not expected; this is how.
    Expect(String),
    /// The state was not as it always should be.
    Always,
    /// Two orders give two outcomes: that of the first schedule, and this one's.
    #[non_exhaustive]
    Deterministic {
        /// The outcome of the first schedule, and that schedule.
        first: (String, String),
        /// The outcome of this one.
        other: String,
    },
    /// The run can never finish; this is what waits.
    Stalls(String),
    /// The run goes on for more than so many moves.
    Endless(usize),
    /// A step panicked, and that failed the run.
    Panics(String),
    /// Something was delivered twice.
    DeliversTwice(String),
    /// The run could not be written down, or not be resumed.
    Resumes(String),
    /// When the same was chosen, the flow did not do the same: it looks at a clock, draws a number, or keeps
    /// something from one run to the next.
    Repeats,
}

impl Broken {
    /// What does not hold.
    #[must_use]
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The schedule, for [`replay`](super::replay).
    #[must_use]
    pub fn schedule(&self) -> &str {
        &self.line
    }

    /// How many schedules were played until one broke the claim.
    #[must_use]
    pub fn schedules(&self) -> u64 {
        self.schedules
    }

    /// What the run did, in each life of its process.
    #[must_use]
    pub fn recordings(&self) -> &[Recording] {
        &self.recordings
    }

    /// The picture of the last life of the process; none of a run that could not begin.
    #[must_use]
    pub fn draw(&self) -> Option<Drawing> {
        self.recordings.last().map(Recording::draw)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expect(outcome) => write!(f, "the outcome is not what was expected: {outcome}"),
            Self::Always => f.write_str("the state is not as it always should be"),
            Self::Deterministic { first: (first, line), other } => {
                write!(f, "two orders give two outcomes: {other}, but {first} under \"{line}\"")
            }
            Self::Stalls(why) => write!(f, "the run can never finish: {why}"),
            Self::Endless(moves) => write!(f, "the run goes on and on: it has not ended after {moves} moves"),
            Self::Panics(why) => write!(f, "a step panicked: {why}"),
            Self::DeliversTwice(what) => f.write_str(what),
            Self::Resumes(why) => write!(f, "the run does not survive a crash: {why}"),
            Self::Repeats => f.write_str(
                "the same choices did not lead to the same run: something in it looks at a clock, draws a random \
                 number, or outlives the run in a static",
            ),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "`{}`: {}", self.workflow, self.claim)?;
        let shortest = if self.is_shortest { "the shortest schedule" } else { "a short schedule" };
        write!(f, "\n{shortest} that does this, after {} were tried", self.schedules)?;
        match self.seed {
            Some(seed) => writeln!(f, " (seed {seed}):")?,
            None => writeln!(f, ":")?,
        }
        if self.sentences.is_empty() {
            writeln!(f, "      the ordinary one: what can go on first goes on first")?;
        }
        for (number, sentence) in (1..).zip(&self.sentences) {
            writeln!(f, "{number:>4}. {sentence}")?;
        }
        for (life, recording) in self.recordings.iter().enumerate() {
            let title = if life == 0 { "what happened" } else { "after the crash" };
            writeln!(f, "\n{title}:\n{}", recording.to_string().trim_end())?;
        }
        if let Some(picture) = &self.picture {
            writeln!(f, "\nthe picture: {}", picture.display())?;
        }
        write!(
            f,
            "\nto play it again, write this in the place of `testing::check_all_orders(flow, input)`:\n    \
             testing::replay(flow, input, {:?})",
            self.line
        )
    }
}

impl std::error::Error for Broken {}
