//! Explored: what a check has gone through, in a sentence.

use std::fmt;
use std::time::Duration;

/// What a check has gone through without finding anything that breaks a claim. Prints as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explored {
    /// The workflow's name.
    pub workflow: &'static str,
    /// How many schedules were played to their end.
    pub schedules: u64,
    /// How many of them had a crash in it.
    pub crashed: u64,
    /// How many more were left before their end, because what was to come was known.
    pub left: u64,
    /// How many moves the longest had.
    pub longest: usize,
    /// Whether that is every order: none was beyond the budget.
    pub is_complete: bool,
    /// How many of them were drawn at random, and from which seed.
    pub random: Option<(u64, u64)>,
    /// How often a step went on by a timer, thread or socket of its own, so that its order was not chosen.
    pub unordered: u64,
    /// How many different outcomes there were.
    pub outcomes: usize,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workflow, schedules, crashed, longest, .. } = self;
        let crashes = match crashed {
            0 => String::new(),
            crashed => format!(", {crashed} of them with a crash"),
        };
        let plural = if *schedules == 1 { "" } else { "s" };
        let moves = format!("{schedules} schedule{plural} of up to {longest} moves{crashes}");
        match self.random {
            None if self.is_complete => write!(f, "`{workflow}` holds under every order: {moves}")?,
            None => write!(f, "`{workflow}` holds in {moves}; that is not all orders")?,
            Some((random, seed)) => {
                write!(
                    f,
                    "`{workflow}` holds in {moves}, {random} of them random from seed {seed}; that is not all orders"
                )?;
            }
        }
        if self.unordered > 0 {
            write!(
                f,
                "; {} times a step went on by a timer, thread or socket of its own, whose order was not chosen",
                self.unordered
            )?;
        }
        Ok(())
    }
}
