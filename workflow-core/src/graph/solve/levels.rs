//! Levels: what each step emits and takes, and which events can share a batch.
//!
//! Whether any of it can happen is not asked here.

use super::super::{Shape, Takes};
use super::table::{Solver, bit};

impl Solver<'_> {
    /// Which events each step emits, which places each event goes to, and whose a place is. A batch place is
    /// fed by the opening of a batch, not by the events that arrive there.
    pub(super) const fn emissions(&mut self) {
        let (mut step, mut place) = (0, 0);
        while step < self.graph.steps.len() {
            let node = &self.graph.steps[step];
            let row = self.at.emits + step * self.at.event_words;
            if let Shape::Event(event) = node.emits {
                self.set(row, event as usize);
            } else {
                self.collect(&node.emits, row, true);
                if node.emits.opens_batch() {
                    self.set(self.at.openers, step);
                    if node.emits.nests_batches() {
                        self.set(self.at.special, step);
                    }
                }
            }
            let mut sent = 0;
            while sent < node.sends.len() {
                self.set(row, node.sends[sent] as usize);
                sent += 1;
            }
            if node.catches.is_some() || !node.waits.is_empty() {
                self.set(self.at.special, step);
            }
            self.words[self.at.firsts + step] = place as u64;
            match &node.takes {
                Takes::Any([event]) => {
                    self.words[self.at.owners + place] = step as u64;
                    self.words[self.at.stands + place] = place as u64;
                    self.set(self.at.takers + *event as usize * self.at.place_words, place);
                    place += 1;
                }
                Takes::Batch { event, .. } => {
                    self.words[self.at.owners + place] = step as u64;
                    self.words[self.at.stands + place] = place as u64;
                    self.set(self.at.gathered, *event as usize);
                    self.set(self.at.gathering + *event as usize * self.at.place_words, place);
                    place += 1;
                }
                Takes::Any(taken) | Takes::Join(taken) => {
                    let mut parameter = 0;
                    while parameter < taken.len() {
                        let first = first_alike(taken, parameter);
                        self.words[self.at.owners + place + parameter] = step as u64;
                        self.words[self.at.stands + place + parameter] = (place + first) as u64;
                        if first == parameter {
                            let takers = self.at.takers + taken[parameter] as usize * self.at.place_words;
                            self.set(takers, place + parameter);
                        }
                        parameter += 1;
                    }
                    place += taken.len();
                }
            }
            step += 1;
        }
    }

    /// The events of a shape into a row; with `batches`, the members of a `Vec` too.
    pub(super) const fn collect(&mut self, shape: &Shape, row: usize, batches: bool) {
        match shape {
            Shape::Nothing => (),
            Shape::Event(event) => {
                self.set(row, *event as usize);
            }
            Shape::Many(inner) => {
                if batches {
                    self.collect(inner, row, batches);
                }
            }
            Shape::OneOf(parts) | Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    self.collect(&parts[part], row, batches);
                    part += 1;
                }
            }
        }
    }

    /// Which events can share a batch. What a step returns stays in the batch of what it took; what the
    /// join of an inner batch returns belongs to the outer one.
    pub(super) const fn levels(&mut self) {
        let (width, steps) = (self.at.event_words, self.graph.steps.len());
        let mut event = 0;
        while event < self.graph.events.len() {
            self.words[self.at.level + event * width + event / 64] |= 1 << (event % 64);
            event += 1;
        }
        if !self.at.batches {
            return;
        }
        let mut step = 0;
        while step < steps {
            self.collect(&self.graph.steps[step].emits, self.at.flat + step * width, false);
            if bit(self.words, self.at.openers, step) {
                self.collect_members(&self.graph.steps[step].emits, self.at.brought + step * width);
            }
            step += 1;
        }
        let (mut changed, mut back) = (true, true);
        while changed {
            changed = false;
            self.clear(self.at.followed, width);
            self.clear(self.at.gone_on, self.at.step_words);
            let mut index = 0;
            while index < steps {
                // There and back, so that it does not matter in which order the steps stand.
                let step = if back { steps - 1 - index } else { index };
                changed |= self.follow(step);
                index += 1;
            }
            back = !back;
        }
    }

    /// The members of each batch that the shape opens, into a row.
    const fn collect_members(&mut self, shape: &Shape, row: usize) {
        match shape {
            Shape::Nothing | Shape::Event(_) => (),
            Shape::Many(inner) => self.collect(inner, row, true),
            Shape::OneOf(parts) | Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    self.collect_members(&parts[part], row);
                    part += 1;
                }
            }
        }
    }

    /// Notes what follows by this step, in the batch of what it takes and in those that it opens. Whether
    /// that is more than what a step before it in this pass has gone by, itself included.
    const fn follow(&mut self, step: usize) -> bool {
        let (width, flat) = (self.at.event_words, self.at.flat + step * self.at.event_words);
        let mut changed = false;
        if bit(self.words, self.at.openers, step) {
            let brought = self.at.brought + step * width;
            let mut member = self.next(brought, width, 0);
            while let Some(event) = member {
                self.add(brought, self.at.level + event * width, width);
                member = self.next(brought, width, event + 1);
            }
            self.add(self.at.followed, brought, width);
            let mut arrival = self.next_of_both(brought, self.at.gathered, width, 0);
            while let Some(event) = arrival {
                let gathering = self.at.gathering + event * self.at.place_words;
                let mut next = self.next(gathering, self.at.place_words, 0);
                while let Some(place) = next {
                    let join = self.owner(place);
                    self.set(self.at.gone_on, join);
                    if self.add(flat, self.at.flat + join * width, width) {
                        changed |= bit(self.words, self.at.gone_on, step);
                    }
                    next = self.next(gathering, self.at.place_words, place + 1);
                }
                arrival = self.next_of_both(brought, self.at.gathered, width, event + 1);
            }
        }
        if let Takes::Any(taken) | Takes::Join(taken) = &self.graph.steps[step].takes {
            self.add(self.at.followed, flat, width);
            let mut given = self.next(flat, width, 0);
            while let Some(event) = given {
                let mut parameter = 0;
                while parameter < taken.len() {
                    let own = taken[parameter] as usize;
                    let level = self.at.level + own * width;
                    if self.add(level, self.at.level + event * width, width) {
                        changed |= bit(self.words, self.at.followed, own);
                    }
                    parameter += 1;
                }
                given = self.next(flat, width, event + 1);
            }
        }
        changed
    }

    /// Adds to the row `to` the places that gather a batch with these members.
    pub(super) const fn gather(&mut self, members: usize, to: usize) {
        let (events, places) = (self.at.event_words, self.at.place_words);
        let mut next = self.next(members, events, 0);
        while let Some(member) = next {
            let level = self.at.level + member * events;
            let mut arrival = self.next_of_both(level, self.at.gathered, events, 0);
            while let Some(event) = arrival {
                self.add(to, self.at.gathering + event * places, places);
                arrival = self.next_of_both(level, self.at.gathered, events, event + 1);
            }
            next = self.next(members, events, member + 1);
        }
    }
}

const fn first_alike(events: &[u16], parameter: usize) -> usize {
    let mut first = 0;
    while events[first] != events[parameter] {
        first += 1;
    }
    first
}
