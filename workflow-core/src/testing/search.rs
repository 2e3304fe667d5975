//! Search: goes through the schedules of a run depth first, and leaves out those that only swap what commutes.
//!
//! The reduction is source-DPOR with sleep sets: Abdulla, Aronis, Jonsson, Sagonas, "Optimal Dynamic Partial Order
//! Reduction", POPL 2014, algorithm 1. A process there is a step's execution, an event from outside, or the clock.

use std::collections::HashSet;

use crate::driver::play::{Choice, Director};
use crate::machine::{Part, Touch};

/// A search that is somewhere in its tree: the path of the play that is under way, or was last.
pub(super) struct Search {
    nodes: Vec<Node>,
    /// How far the play that is under way has come.
    at: usize,
    way: Way,
    /// The flow did not do the same twice.
    diverged: bool,
    /// How many plays were left before their end: the rest was known.
    left: u64,
}

/// Which schedules are gone through.
pub(super) enum Way {
    /// One of each class of those that only swap what commutes.
    Reduced,
    /// Each, but for what goes on from a point that was there before.
    Pruned(HashSet<u128>),
    /// Each.
    Whole,
    /// Those that leave the ordinary way so many times at most.
    Detours(u32),
}

/// A point at which something was chosen.
struct Node {
    choices: Vec<Choice>,
    /// Those to go through, with those that were.
    wanted: Vec<Choice>,
    /// Those that need not be gone through, with what they touch: they were, here or before.
    asleep: Vec<(Choice, Vec<Touch>)>,
    chosen: Choice,
    touches: Vec<Touch>,
    /// The moves that the chosen one follows from, by their places.
    before: Past,
    /// Whether it was not played yet.
    is_new: bool,
    /// How often the ordinary way was left up to here.
    detours: u32,
}

/// A set of moves, by their places.
#[derive(Clone, Default)]
struct Past(Vec<u64>);

impl Past {
    fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    fn add(&mut self, place: usize) {
        if self.0.len() <= place / 64 {
            self.0.resize(place / 64 + 1, 0);
        }
        self.0[place / 64] |= 1 << (place % 64);
    }

    fn add_all(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }
}

fn conflict(one: &[Touch], other: &[Touch]) -> bool {
    one.iter().any(|mine| other.iter().any(|theirs| mine.conflicts(*theirs)))
}

/// What goes on where nothing else is wanted: the step that went on last, else the oldest.
pub(super) fn ordinary(choices: &[Choice], last: Option<Choice>) -> Choice {
    let goes_on = last.filter(|last| matches!(last, Choice::Step(_)) && choices.contains(last));
    goes_on.or_else(|| choices.first().copied()).unwrap_or(Choice::Time)
}

impl Search {
    pub(super) fn new(way: Way) -> Self {
        Self { nodes: Vec::new(), at: 0, way, diverged: false, left: 0 }
    }

    /// Whether the flow did something else when the same was chosen.
    pub(super) fn has_diverged(&self) -> bool {
        self.diverged
    }

    /// How many plays were left before their end.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Turns to the next schedule; false when there is none.
    pub(super) fn advance(&mut self) -> bool {
        self.at = 0;
        while let Some(node) = self.nodes.last_mut() {
            let touches = std::mem::take(&mut node.touches);
            node.asleep.push((node.chosen, touches));
            let is_asleep = |choice: &Choice| node.asleep.iter().any(|(asleep, _)| asleep == choice);
            if let Some(next) = node.wanted.iter().copied().find(|choice| !is_asleep(choice)) {
                node.chosen = next;
                node.is_new = true;
                return true;
            }
            self.nodes.pop();
        }
        false
    }

    /// The point that comes next, of a play that goes where none has gone before.
    fn arrive(&mut self, choices: &[Choice], key: Option<u128>) -> Option<Choice> {
        if let (Way::Reduced, Some(parent)) = (&self.way, self.nodes.last_mut()) {
            // What the move has made impossible will not be seen to race with it, so it is tried before.
            for lost in &parent.choices {
                let is_lost = *lost != parent.chosen && !choices.contains(lost);
                if is_lost && !parent.wanted.contains(lost) {
                    parent.wanted.push(*lost);
                }
            }
        }
        let parent = self.nodes.last();
        let asleep: Vec<(Choice, Vec<Touch>)> = match (&self.way, parent) {
            (Way::Reduced, Some(parent)) => {
                let still = parent.asleep.iter().filter(|(choice, touches)| {
                    *choice != parent.chosen && !conflict(touches, &parent.touches)
                });
                still.cloned().collect()
            }
            _ => Vec::new(),
        };
        let last = parent.map(|parent| parent.chosen);
        let usual = ordinary(choices, last);
        let detours = parent.map_or(0, |parent| parent.detours_with(&self.nodes));
        let is_asleep = |choice: &Choice| asleep.iter().any(|(asleep, _)| asleep == choice);
        let wanted: Vec<Choice> = match &mut self.way {
            Way::Reduced => {
                let mut awake = choices.iter().copied().filter(|choice| !is_asleep(choice));
                let first = if is_asleep(&usual) { awake.next() } else { Some(usual) };
                first.into_iter().collect()
            }
            Way::Pruned(known) => match key {
                Some(key) if !known.insert(key) => Vec::new(),
                _ => usual_first(choices, usual),
            },
            Way::Whole => usual_first(choices, usual),
            Way::Detours(most) if detours < *most => usual_first(choices, usual),
            Way::Detours(_) => vec![usual],
        };
        let chosen = *wanted.first()?;
        self.nodes.push(Node {
            choices: choices.to_vec(),
            wanted,
            asleep,
            chosen,
            touches: Vec::new(),
            before: Past::default(),
            is_new: true,
            detours,
        });
        Some(chosen)
    }

    /// What the newest move follows from, and which of the moves before it could have come after it.
    fn relate(&mut self, place: usize) {
        let (past, rest) = self.nodes.split_at_mut(place);
        let node = &mut rest[0];
        if node.touches.iter().any(|touch| touch.part == Part::All) {
            // It may have ended the run, or waited for all others: whoever could go on may have to come before.
            for choice in &node.choices {
                if !node.wanted.contains(choice) {
                    node.wanted.push(*choice);
                }
            }
        }
        // The move that made this one possible. Time could pass for many reasons, of which this one was only the first.
        let is_time = node.chosen == Choice::Time;
        let cause = past.iter().rposition(|earlier| !is_time && !earlier.choices.contains(&node.chosen));
        let mut before = Past::default();
        let mut races = Vec::new();
        for (at, earlier) in past.iter().enumerate().rev() {
            if before.has(at) {
                continue;
            }
            let is_own = earlier.chosen == node.chosen || cause == Some(at);
            if is_own || conflict(&earlier.touches, &node.touches) {
                if !is_own {
                    races.push(at);
                }
                before.add(at);
                before.add_all(&earlier.before);
            }
        }
        let chosen = node.chosen;
        node.before = before;
        for race in races {
            self.reverse(race, place, chosen);
        }
    }

    /// Sees to it that the move at `later` is also tried before the one at `earlier`.
    fn reverse(&mut self, earlier: usize, later: usize, chosen: Choice) {
        let between: Vec<usize> =
            (earlier + 1..later).filter(|at| !self.nodes[*at].before.has(earlier)).chain([later]).collect();
        let is_first = |at: usize| {
            let before = &self.nodes[at].before;
            between.iter().take_while(|other| **other < at).all(|other| !before.has(*other))
        };
        let firsts: Vec<Choice> =
            between.iter().copied().filter(|at| is_first(*at)).map(|at| self.nodes[at].chosen).collect();
        let node = &mut self.nodes[earlier];
        if firsts.iter().any(|first| node.wanted.contains(first)) {
            return;
        }
        let can = |choice: &Choice| node.choices.contains(choice);
        let first = Some(chosen).filter(|chosen| firsts.contains(chosen) && can(chosen));
        if let Some(first) = first.or_else(|| firsts.iter().copied().find(can)) {
            node.wanted.push(first);
        }
    }
}

impl Node {
    /// How often the ordinary way was left, with this move.
    fn detours_with(&self, nodes: &[Self]) -> u32 {
        let last = nodes.len().checked_sub(2).map(|before| nodes[before].chosen);
        self.detours + u32::from(self.chosen != ordinary(&self.choices, last))
    }
}

fn usual_first(choices: &[Choice], usual: Choice) -> Vec<Choice> {
    let others = choices.iter().copied().filter(|choice| *choice != usual);
    std::iter::once(usual).chain(others).collect()
}

impl Director for Search {
    fn choose(&mut self, choices: &[Choice], key: Option<u128>) -> Option<Choice> {
        if let Some(node) = self.nodes.get(self.at) {
            if node.choices != choices {
                self.diverged = true;
                return None;
            }
            return Some(node.chosen);
        }
        let chosen = self.arrive(choices, key);
        if chosen.is_none() {
            self.left += 1;
        }
        chosen
    }

    fn moved(&mut self, touches: &[Touch]) {
        let place = self.at;
        self.at += 1;
        let Some(node) = self.nodes.get_mut(place).filter(|node| node.is_new) else {
            return;
        };
        node.is_new = false;
        if let Way::Reduced = self.way {
            node.touches.clear();
            node.touches.extend_from_slice(touches);
            self.relate(place);
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.way, Way::Pruned(_)) && self.at >= self.nodes.len()
    }
}
