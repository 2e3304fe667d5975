//! Schedule: what came next at each point of a run, as one short line that a test can hold.
//!
//! `write` is a step that goes on, `write#2` its second execution, `write*3` three times in a row; `+Approval` an event
//! from outside; `~` time that passes until something is due; `!` a crash, `!write` one after the step has gone on and
//! before anybody has taken note of that.

use std::fmt::Write;

use crate::driver::play::{Choice, Director, Name};
use crate::graph::Graph;
use crate::machine::Touch;
use crate::testing::search::ordinary;

/// The names that a line is written and read with.
pub(super) struct Names {
    pub(super) graph: &'static Graph,
    /// The events that come from outside, by their places in the graph.
    pub(super) events: Vec<u16>,
}

impl Names {
    /// The line of these choices.
    pub(super) fn line(&self, path: &[Choice]) -> String {
        let mut line = String::new();
        for same in path.chunk_by(|one, other| one == other) {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&self.word(same[0]));
            if same.len() > 1 {
                let _ = write!(line, "*{}", same.len());
            }
        }
        line
    }

    fn word(&self, choice: Choice) -> String {
        match choice {
            Choice::Step(name) => self.step(name),
            Choice::Event(place) => format!("+{}", self.event(place)),
            Choice::Time => "~".to_owned(),
            Choice::Crash => "!".to_owned(),
            Choice::CrashIn(name) => format!("!{}", self.step(name)),
        }
    }

    fn step(&self, name: Name) -> String {
        numbered(self.graph.steps[usize::from(name.step)].name, name.index)
    }

    fn event(&self, place: u16) -> String {
        let kind = self.events[usize::from(place)];
        let before = &self.events[..usize::from(place)];
        let index = before.iter().filter(|other| **other == kind).count();
        numbered(&self.graph.event_name(kind).replace(' ', ""), index as u32)
    }

    /// What a choice is, as a sentence.
    pub(super) fn sentence(&self, choice: Choice) -> String {
        match choice {
            Choice::Step(name) => format!("`{}` goes on", self.step(name)),
            Choice::Event(place) => format!("`{}` comes in from outside", self.event(place)),
            Choice::Time => "time passes until something is due".to_owned(),
            Choice::Crash => "the process dies, and the run is resumed".to_owned(),
            Choice::CrashIn(name) => format!(
                "`{}` goes on, and the process dies before that is written down; the run is resumed",
                self.step(name)
            ),
        }
    }

    /// The choices of a line.
    ///
    /// # Errors
    ///
    /// A sentence about the word that names nothing of this workflow.
    pub(super) fn read(&self, line: &str) -> Result<Vec<Choice>, String> {
        let mut path = Vec::new();
        for word in line.split_whitespace() {
            let (one, times) = match word.rsplit_once('*') {
                Some((one, times)) => (one, times.parse().map_err(|_| self.unknown(word))?),
                None => (word, 1),
            };
            let choice = self.choice(one).ok_or_else(|| self.unknown(word))?;
            path.extend(std::iter::repeat_n(choice, times));
        }
        Ok(path)
    }

    fn choice(&self, word: &str) -> Option<Choice> {
        match word {
            "~" => return Some(Choice::Time),
            "!" => return Some(Choice::Crash),
            _ => (),
        }
        if let Some(event) = word.strip_prefix('+') {
            return (0..self.events.len() as u16)
                .find(|place| self.event(*place) == event)
                .map(Choice::Event);
        }
        match word.strip_prefix('!') {
            Some(step) => self.name(step).map(Choice::CrashIn),
            None => self.name(word).map(Choice::Step),
        }
    }

    fn name(&self, word: &str) -> Option<Name> {
        let (step, number) = match word.rsplit_once('#') {
            Some((step, number)) => (step, number.parse::<u32>().ok()?),
            None => (word, 1),
        };
        let step = self.graph.steps.iter().position(|known| known.name == step)?;
        Some(Name { step: step as u16, index: number.checked_sub(1)? })
    }

    fn unknown(&self, word: &str) -> String {
        format!(
            "the schedule says `{word}`, which is no step of `{}` and no event that comes in",
            self.graph.name
        )
    }
}

fn numbered(name: &str, index: u32) -> String {
    if index == 0 { name.to_owned() } else { format!("{name}#{}", index + 1) }
}

/// Chooses as a schedule says, and what is ordinary after its end.
pub(super) struct Scripted<'p> {
    path: &'p [Choice],
    at: usize,
    last: Option<Choice>,
    /// Whether it goes over what cannot be chosen.
    is_lenient: bool,
    /// What could not be chosen, and what there was.
    pub(super) misfit: Option<(Choice, Vec<Choice>)>,
}

impl<'p> Scripted<'p> {
    pub(super) fn new(path: &'p [Choice], is_lenient: bool) -> Self {
        Self { path, at: 0, last: None, is_lenient, misfit: None }
    }
}

impl Director for Scripted<'_> {
    fn choose(&mut self, choices: &[Choice], _: Option<u128>) -> Option<Choice> {
        while let Some(wanted) = self.path.get(self.at) {
            self.at += 1;
            if choices.contains(wanted) {
                self.last = Some(*wanted);
                return self.last;
            }
            if !self.is_lenient {
                self.misfit = Some((*wanted, choices.to_vec()));
                return None;
            }
        }
        self.last = Some(ordinary(choices, self.last));
        self.last
    }

    fn moved(&mut self, _: &[Touch]) {}

    fn wants_key(&self) -> bool {
        false
    }
}

/// What was chosen in a play.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    pub(super) choices: Vec<Choice>,
    /// Where the ordinary way was left.
    detours: Vec<usize>,
}

impl Path {
    /// How often the ordinary way is left, and how long it is.
    pub(super) fn cost(&self) -> (usize, usize) {
        (self.detours.len(), self.choices.len())
    }

    /// How often the ordinary way is left, and when for the last time.
    pub(super) fn trimmed_cost(&self) -> (usize, usize) {
        (self.detours.len(), self.trimmed().len())
    }

    /// The choices without what is ordinary at the end.
    pub(super) fn trimmed(&self) -> &[Choice] {
        let end = self.detours.last().map_or(0, |last| last + 1);
        &self.choices[..end]
    }
}

/// Notes what another chooses.
pub(super) struct Noted<'d> {
    pub(super) director: &'d mut dyn Director,
    pub(super) path: &'d mut Path,
}

impl Director for Noted<'_> {
    fn choose(&mut self, choices: &[Choice], key: Option<u128>) -> Option<Choice> {
        let chosen = self.director.choose(choices, key)?;
        let Path { choices: path, detours } = &mut *self.path;
        if chosen != ordinary(choices, path.last().copied()) {
            detours.push(path.len());
        }
        path.push(chosen);
        Some(chosen)
    }

    fn moved(&mut self, touches: &[Touch]) {
        self.director.moved(touches);
    }

    fn wants_key(&self) -> bool {
        self.director.wants_key()
    }
}
