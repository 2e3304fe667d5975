//! Table: where the answers lie in the memory, and how rows of bits are read and written.
//!
//! A row is a number of words, one bit an event, step or place; rows are named by the word at which they
//! begin. Rows are walked by the bits that are set: the constant evaluator pays for each statement.

use super::super::{Graph, Takes};

/// Where in the memory each table begins, in words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) event_words: usize,
    pub(super) step_words: usize,
    pub(super) place_words: usize,
    /// Whether any step joins; the relation of places is left out otherwise.
    pub(super) joins: bool,
    /// Whether any step gathers a batch.
    pub(super) batches: bool,
    /// Whether each step has one place, which then has its number.
    pub(super) one_each: bool,
    /// Whether any step waits for an event; who wakes whom is left out otherwise.
    pub(super) waits: bool,
    /// Row of places: an event can stand there.
    pub(super) live: usize,
    /// Row of places: the caller can send what goes there.
    pub(super) outside: usize,
    /// Row of steps: some run executes it.
    pub(super) runs: usize,
    /// Row of steps: a stop, or an event to the caller, can follow.
    pub(super) ends: usize,
    /// Row of steps: something of it has to be looked at by itself, such as a catch or a wait.
    pub(super) special: usize,
    /// Row of steps: it is not special, it runs, and an end follows.
    pub(super) sound: usize,
    /// By step: its first place, as a number.
    pub(super) firsts: usize,
    /// By place: its step, as a number.
    pub(super) owners: usize,
    /// By parameter: its place, as a number; a join's second of one event shares the place of the first.
    pub(super) stands: usize,
    /// Row of steps: it opens a batch.
    pub(super) openers: usize,
    /// By event: row of the places that an arrival marks.
    pub(super) takers: usize,
    /// By event: row of the places that gather it.
    pub(super) gathering: usize,
    /// By step: row of all events that it gives.
    pub(super) emits: usize,
    /// By step: row of the events that it gives in the batch of what it took.
    pub(super) flat: usize,
    /// By event: row of the events that follow from it in its batch.
    pub(super) level: usize,
    /// By step: row of the events that its batches bring.
    pub(super) brought: usize,
    /// By step: row of the places that it can mark.
    pub(super) outputs: usize,
    /// By step: row of those that it marks by opening a batch.
    pub(super) openings: usize,
    /// By step: row of the steps that it can start.
    pub(super) feeds: usize,
    /// Row of steps: one that opens a batch can start them.
    pub(super) fed: usize,
    /// By step: row of the steps that can go on with what it emits.
    pub(super) wakes: usize,
    /// Row of events: a step gathers them.
    pub(super) gathered: usize,
    /// Row of steps: it can run inside a batch.
    pub(super) inside: usize,
    /// Row of events: they can be given inside a batch.
    pub(super) members: usize,
    /// By step: row of the events that it gives such that the run goes on.
    pub(super) lasting: usize,
    /// Row of steps: it can be the last that a batch waits for, which leads to an end.
    pub(super) closes: usize,
    /// Row of events: a batch brings them that leads to an end.
    pub(super) closing: usize,
    /// Row of events: a batch brings them around which another leads to an end.
    pub(super) beyond: usize,
    /// Row of events: what follows them has been gone by in this pass.
    pub(super) followed: usize,
    /// Row of steps: what they give has been gone by in this pass.
    pub(super) gone_on: usize,
    /// Row of events, for the moment.
    pub(super) listed: usize,
    /// Two rows of places, for the moment.
    pub(super) scratch: usize,
    /// By place: row of the places that one run can mark beside it.
    pub(super) together: usize,
    /// By step: row of the places that stood beside it when it was last run.
    pub(super) paired: usize,
    pub(super) total: usize,
}

impl Layout {
    pub(super) const fn of(graph: &Graph) -> Self {
        let (events, steps) = (graph.events.len(), graph.steps.len());
        let (mut places, mut joins, mut batches, mut waits) = (0, false, false, false);
        let (mut one_each, mut step) = (true, 0);
        while step < steps {
            waits |= !graph.steps[step].waits.is_empty();
            match &graph.steps[step].takes {
                Takes::Any(taken) => {
                    places += taken.len();
                    one_each &= taken.len() == 1;
                }
                Takes::Join(taken) => {
                    places += taken.len();
                    one_each &= taken.len() == 1;
                    joins = true;
                }
                Takes::Batch { .. } => {
                    places += 1;
                    batches = true;
                }
            }
            step += 1;
        }
        let (event_words, step_words, place_words) =
            (events.div_ceil(64), steps.div_ceil(64), places.div_ceil(64));
        let live = 0;
        let outside = live + place_words;
        let runs = outside + place_words;
        let ends = runs + step_words;
        let special = ends + step_words;
        let sound = special + step_words;
        let firsts = sound + step_words;
        let owners = firsts + steps;
        let stands = owners + places;
        let openers = stands + places;
        let takers = openers + step_words;
        let gathering = takers + events * place_words;
        let emits = gathering + events * place_words;
        let flat = emits + steps * event_words;
        let level = flat + steps * event_words;
        let brought = level + events * event_words;
        let outputs = brought + steps * event_words;
        let openings = outputs + steps * place_words;
        let feeds = openings + steps * place_words;
        let fed = feeds + steps * step_words;
        let wakes = fed + step_words;
        let gathered = wakes + if waits { steps * step_words } else { 0 };
        let inside = gathered + event_words;
        let members = inside + step_words;
        let lasting = members + event_words;
        let closes = lasting + steps * event_words;
        let closing = closes + step_words;
        let beyond = closing + event_words;
        let followed = beyond + event_words;
        let gone_on = followed + event_words;
        let listed = gone_on + step_words;
        let scratch = listed + event_words;
        let together = scratch + 2 * place_words;
        let paired = together + if joins { places * place_words } else { 0 };
        let total = paired + if joins { steps * place_words } else { 0 };
        Self {
            event_words,
            step_words,
            place_words,
            joins,
            batches,
            one_each,
            waits,
            live,
            outside,
            runs,
            ends,
            special,
            sound,
            firsts,
            owners,
            stands,
            openers,
            takers,
            gathering,
            emits,
            flat,
            level,
            brought,
            outputs,
            openings,
            feeds,
            fed,
            wakes,
            gathered,
            inside,
            members,
            lasting,
            closes,
            closing,
            beyond,
            followed,
            gone_on,
            listed,
            scratch,
            together,
            paired,
            total,
        }
    }
}

pub(super) const fn bit(words: &[u64], row: usize, index: usize) -> bool {
    words[row + index / 64] >> (index % 64) & 1 == 1
}

/// What works out the answers: the graph, and the memory that they go to.
pub(super) struct Solver<'a> {
    pub(super) graph: &'a Graph,
    pub(super) at: Layout,
    pub(super) words: &'a mut [u64],
}

impl Solver<'_> {
    pub(super) const fn set(&mut self, row: usize, index: usize) -> bool {
        let word = row + index / 64;
        let mask = 1 << (index % 64);
        if self.words[word] & mask != 0 {
            return false;
        }
        self.words[word] |= mask;
        true
    }

    /// Adds the row `from` to the row `to`, both `length` words; whether that changed it.
    pub(super) const fn add(&mut self, to: usize, from: usize, length: usize) -> bool {
        let (mut changed, mut word) = (false, 0);
        while word < length {
            let more = self.words[from + word];
            if more != 0 && more & !self.words[to + word] != 0 {
                self.words[to + word] |= more;
                changed = true;
            }
            word += 1;
        }
        changed
    }

    pub(super) const fn clear(&mut self, row: usize, length: usize) {
        let mut word = row;
        while word < row + length {
            self.words[word] = 0;
            word += 1;
        }
    }

    /// Whether every step is in the row.
    pub(super) const fn has_all_steps(&self, row: usize) -> bool {
        let (steps, mut word) = (self.graph.steps.len(), 0);
        while word < steps / 64 {
            if self.words[row + word] != !0 {
                return false;
            }
            word += 1;
        }
        steps.is_multiple_of(64) || self.words[row + word] == !(!0 << (steps % 64))
    }

    /// Whether any index is in both rows.
    pub(super) const fn meet(&self, one: usize, other: usize, length: usize) -> bool {
        let mut word = 0;
        while word < length {
            if self.words[one + word] & self.words[other + word] != 0 {
                return true;
            }
            word += 1;
        }
        false
    }

    /// The lowest index in the row that is not below `from`.
    pub(super) const fn next(&self, row: usize, length: usize, from: usize) -> Option<usize> {
        let mut word = from / 64;
        if word >= length {
            return None;
        }
        let mut bits = self.words[row + word] & (!0 << (from % 64));
        while bits == 0 {
            word += 1;
            if word == length {
                return None;
            }
            bits = self.words[row + word];
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }

    /// The lowest index that is in both rows and not below `from`.
    pub(super) const fn next_of_both(
        &self,
        one: usize,
        other: usize,
        length: usize,
        from: usize,
    ) -> Option<usize> {
        let mut word = from / 64;
        let mut above = !0 << (from % 64);
        while word < length {
            let bits = self.words[one + word] & self.words[other + word] & above;
            if bits != 0 {
                return Some(word * 64 + bits.trailing_zeros() as usize);
            }
            above = !0;
            word += 1;
        }
        None
    }

    /// The first place of a step; the others follow it.
    pub(super) const fn first_place(&self, step: usize) -> usize {
        self.words[self.at.firsts + step] as usize
    }

    /// The step whose place this is.
    pub(super) const fn owner(&self, place: usize) -> usize {
        self.words[self.at.owners + place] as usize
    }
}
