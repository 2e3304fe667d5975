//! Chance: schedules drawn at random where there are too many to go through them all.
//!
//! PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding
//! Bugs", ASPLOS 2010. Each process has a priority, the highest goes on, and at a few points the one that would go on
//! is given the lowest. A crash, which is no process, comes at a point of its own.

use crate::driver::play::{Choice, Director};
use crate::machine::Touch;

/// How many orderings a mistake may depend on to be found with the probability that the paper proves.
const DEPTH: u64 = 3;

/// Draws one schedule after the other.
pub(super) struct Chance {
    seed: u64,
    drawn: u64,
    /// How long the longest schedule was.
    longest: u64,
    numbers: Numbers,
    at: u64,
    priorities: Vec<(Choice, u64)>,
    changes: Vec<u64>,
    crashes: Vec<u64>,
}

/// SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}

impl Chance {
    pub(super) fn new(seed: u64, longest: u64) -> Self {
        let numbers = Numbers(seed);
        let (priorities, changes, crashes) = (Vec::new(), Vec::new(), Vec::new());
        Self { seed, drawn: 0, longest, numbers, at: 0, priorities, changes, crashes }
    }

    /// Turns to the next schedule.
    pub(super) fn advance(&mut self, crashes: u32) {
        self.longest = self.longest.max(self.at);
        self.numbers = Numbers(self.seed ^ self.drawn.wrapping_mul(0xa076_1d64_78bd_642f));
        self.drawn += 1;
        self.at = 0;
        self.priorities.clear();
        let longest = self.longest + 1;
        self.changes = (1..DEPTH).map(|_| self.numbers.below(longest)).collect();
        self.crashes = (0..crashes).map(|_| self.numbers.below(longest)).collect();
    }

    fn highest(&mut self, choices: &[Choice]) -> Option<Choice> {
        for choice in choices {
            if self.priorities.iter().all(|(known, _)| known != choice) {
                let priority = DEPTH + self.numbers.next() / 2;
                self.priorities.push((*choice, priority));
            }
        }
        let known = self.priorities.iter().filter(|(known, _)| choices.contains(known));
        known.max_by_key(|(_, priority)| *priority).map(|(choice, _)| *choice)
    }
}

fn is_crash(choice: &Choice) -> bool {
    matches!(choice, Choice::Crash | Choice::CrashIn(_))
}

impl Director for Chance {
    fn choose(&mut self, choices: &[Choice], _: Option<u128>) -> Option<Choice> {
        let at = self.at;
        self.at += 1;
        let (crashes, others): (Vec<Choice>, Vec<Choice>) = choices.iter().copied().partition(is_crash);
        if self.crashes.contains(&at) && !crashes.is_empty() {
            let place = self.numbers.below(crashes.len() as u64);
            return crashes.get(place as usize).copied();
        }
        let mut chosen = self.highest(&others)?;
        for place in 0..self.changes.len() {
            if self.changes[place] == at {
                let lowered = self.priorities.iter_mut().find(|(known, _)| *known == chosen);
                lowered.into_iter().for_each(|(_, priority)| *priority = place as u64);
                chosen = self.highest(&others)?;
            }
        }
        Some(chosen)
    }

    fn moved(&mut self, _: &[Touch]) {}

    fn wants_key(&self) -> bool {
        false
    }
}
