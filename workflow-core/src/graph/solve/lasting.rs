//! Lasting: what a step can emit such that the run goes on, and which places that marks.
//!
//! The run is over with what is emitted beside a stop, or outside a batch to a step that gathers one.

use super::super::{Role, Shape, Takes};
use super::table::{Solver, bit};

impl Solver<'_> {
    /// Which places a step can mark, and which of them by opening a batch.
    pub(super) const fn outputs(&mut self, step: usize) {
        let (events, width) = (self.at.event_words, self.at.place_words);
        let (row, lasting) = (self.at.outputs + step * width, self.at.lasting + step * events);
        let node = &self.graph.steps[step];
        if let Shape::Event(event) = node.emits
            && node.sends.is_empty()
        {
            // The plainest of steps, and the most frequent.
            let inside = !self.at.batches || bit(self.words, self.at.inside, step);
            if !self.is_last(event, inside) {
                let event = event as usize;
                self.set(lasting, event);
                self.add(row, self.at.takers + event * width, width);
            }
            return;
        }
        self.lasting(step);
        let mut next = self.next(lasting, events, 0);
        while let Some(event) = next {
            self.add(row, self.at.takers + event * width, width);
            next = self.next(lasting, events, event + 1);
        }
        if self.at.batches && bit(self.words, self.at.openers, step) {
            let openings = self.at.openings + step * width;
            let inside = bit(self.words, self.at.inside, step);
            self.clear(self.at.listed, events);
            self.collect_opened(&self.graph.steps[step].emits, self.at.listed, inside);
            self.gather(self.at.listed, openings);
            self.add(row, openings, width);
        }
    }

    /// Which of the steps that run can do so inside a batch; whether there are more than were known. What
    /// these give is worked out anew, since inside a batch more of it lasts.
    pub(super) const fn insides(&mut self) -> bool {
        if !self.at.batches {
            return false;
        }
        // What is neither inside a batch nor opens one gives nothing inside.
        let (mut word, runs) = (0, self.at.runs);
        while word < self.at.step_words {
            let gives = self.words[self.at.inside + word] | self.words[self.at.openers + word];
            let mut steps = self.words[runs + word] & gives;
            while steps != 0 {
                let step = word * 64 + steps.trailing_zeros() as usize;
                let inside = bit(self.words, self.at.inside, step);
                self.collect_inside(&self.graph.steps[step].emits, inside);
                steps &= steps - 1;
            }
            word += 1;
        }
        let (mut more, mut back) = (false, false);
        let all_run = self.has_all_steps(runs);
        while self.insides_along(back, all_run) {
            more = true;
            back = !back;
        }
        more
    }

    /// One look at all steps, in one order or the other, for those inside a batch.
    const fn insides_along(&mut self, back: bool, all_run: bool) -> bool {
        let (steps, mut more, mut index) = (self.graph.steps.len(), false, 0);
        while index < steps {
            let step = if back { steps - 1 - index } else { index };
            index += 1;
            if bit(self.words, self.at.inside, step) || !self.is_inside(step) {
                continue;
            }
            more = true;
            self.set(self.at.inside, step);
            self.outputs(step);
            if bit(self.words, self.at.runs, step) {
                // It will run again, so what it gives can be followed at once.
                self.collect_inside(&self.graph.steps[step].emits, true);
                if !all_run {
                    self.words[self.at.runs + step / 64] &= !(1 << (step % 64));
                }
            }
        }
        more
    }

    const fn is_inside(&self, step: usize) -> bool {
        match &self.graph.steps[step].takes {
            Takes::Batch { .. } => self.is_opened_inside(self.first_place(step)),
            Takes::Any(taken) | Takes::Join(taken) => {
                let mut parameter = 0;
                while parameter < taken.len() {
                    if bit(self.words, self.at.members, taken[parameter] as usize) {
                        return true;
                    }
                    parameter += 1;
                }
                false
            }
        }
    }

    /// Notes the events that the shape, when the run goes on after it, gives inside a batch.
    const fn collect_inside(&mut self, shape: &Shape, inside: bool) {
        if self.ends_run(shape, inside) {
            return;
        }
        match shape {
            Shape::Nothing => (),
            Shape::Event(event) => {
                if inside {
                    self.set(self.at.members, *event as usize);
                }
            }
            Shape::Many(inner) => self.collect_inside(inner, true),
            Shape::OneOf(parts) | Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    self.collect_inside(&parts[part], inside);
                    part += 1;
                }
            }
        }
    }

    /// Whether a step that runs inside a batch opens one that the join at `place` gathers.
    const fn is_opened_inside(&self, place: usize) -> bool {
        let mut next = self.next_of_both(self.at.inside, self.at.runs, self.at.step_words, 0);
        while let Some(opener) = next {
            if bit(self.words, self.at.openings + opener * self.at.place_words, place) {
                return true;
            }
            next = self.next_of_both(self.at.inside, self.at.runs, self.at.step_words, opener + 1);
        }
        false
    }

    /// Which events a step can emit such that the run goes on: not beside a stop, and not outside a
    /// batch to a step that gathers one.
    const fn lasting(&mut self, step: usize) {
        let node = &self.graph.steps[step];
        let row = self.at.lasting + step * self.at.event_words;
        self.collect_lasting(&node.emits, row, bit(self.words, self.at.inside, step));
        let mut sent = 0;
        while sent < node.sends.len() {
            if !self.is_last(node.sends[sent], false) {
                self.set(row, node.sends[sent] as usize);
            }
            sent += 1;
        }
    }

    const fn collect_lasting(&mut self, shape: &Shape, row: usize, inside: bool) {
        if self.ends_run(shape, inside) {
            return;
        }
        match shape {
            Shape::Nothing => (),
            Shape::Event(event) => {
                self.set(row, *event as usize);
            }
            Shape::Many(inner) => self.collect_lasting(inner, row, true),
            Shape::OneOf(parts) | Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    self.collect_lasting(&parts[part], row, inside);
                    part += 1;
                }
            }
        }
    }

    /// The members of each batch that the shape opens when the run goes on after it, into a row.
    const fn collect_opened(&mut self, shape: &Shape, row: usize, inside: bool) {
        if self.ends_run(shape, inside) {
            return;
        }
        match shape {
            Shape::Nothing | Shape::Event(_) => (),
            Shape::Many(inner) => self.collect(inner, row, true),
            Shape::OneOf(parts) | Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    self.collect_opened(&parts[part], row, inside);
                    part += 1;
                }
            }
        }
    }

    /// Whether the run is over, one way or the other, when the event is emitted.
    pub(super) const fn is_last(&self, event: u16, inside: bool) -> bool {
        matches!(self.graph.events[event as usize].role, Role::Stop)
            || (!inside && bit(self.words, self.at.gathered, event as usize))
    }

    /// Whether the run is over whatever of the shape is emitted.
    pub(super) const fn ends_run(&self, shape: &Shape, inside: bool) -> bool {
        match shape {
            Shape::Nothing | Shape::Many(_) => false,
            Shape::Event(event) => self.is_last(*event, inside),
            Shape::OneOf(parts) => {
                let mut part = 0;
                while part < parts.len() && self.ends_run(&parts[part], inside) {
                    part += 1;
                }
                part == parts.len()
            }
            Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() && !self.ends_run(&parts[part], inside) {
                    part += 1;
                }
                part < parts.len()
            }
        }
    }
}
