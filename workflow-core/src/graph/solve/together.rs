//! Together: which steps can run, and which places one run can mark together.
//!
//! Without a join nothing is paired: a step runs as soon as one of its places can be marked.

use super::super::{Role, Shape, Takes};
use super::table::{Solver, bit};

impl Solver<'_> {
    /// Which places are marked from outside.
    pub(super) const fn doors(&mut self) {
        let width = self.at.place_words;
        let mut event = 0;
        while event < self.graph.events.len() {
            let node = &self.graph.events[event];
            let takers = self.at.takers + event * width;
            if (node.received || matches!(node.role, Role::Start)) && !self.is_last(event as u16, false) {
                if node.received {
                    self.add(self.at.outside, takers, width);
                }
                self.add(self.at.live, takers, width);
            }
            event += 1;
        }
        if self.at.joins {
            let mut event = 0;
            while event < self.graph.events.len() {
                if matches!(self.graph.events[event].role, Role::Start) {
                    self.pair_distinct(self.at.takers + event * width);
                }
                event += 1;
            }
            self.pair_rows(self.at.outside, self.at.live);
        }
    }

    /// Which steps can run, where none joins: those with a place that can be marked.
    const fn runs_alone(&mut self) {
        let (steps, width) = (self.graph.steps.len(), self.at.place_words);
        let (mut changed, mut back) = (true, false);
        while changed && !self.has_all_steps(self.at.runs) {
            changed = false;
            let mut index = 0;
            while index < steps {
                // There and back, so that it does not matter in which order the steps stand.
                let step = if back { steps - 1 - index } else { index };
                index += 1;
                let mask = 1 << (step % 64);
                if self.words[self.at.runs + step / 64] & mask == 0 && self.is_live(step) {
                    self.words[self.at.runs + step / 64] |= mask;
                    self.add(self.at.live, self.at.outputs + step * width, width);
                    changed = true;
                }
            }
            back = !back;
        }
    }

    /// Whether one of the step's places can be marked.
    const fn is_live(&self, step: usize) -> bool {
        let mut place = self.first_place(step);
        let end = place + self.graph.steps[step].takes.events().len();
        while place < end {
            if bit(self.words, self.at.live, place) {
                return true;
            }
            place += 1;
        }
        false
    }

    /// Which steps can run, and which places one run can mark together.
    pub(super) const fn runs(&mut self) {
        if !self.at.joins {
            return self.runs_alone();
        }
        let steps = self.graph.steps.len();
        let (mut changed, mut back) = (true, false);
        // When all steps run, no place that is marked in addition makes a difference.
        while changed && !self.has_all_steps(self.at.runs) {
            changed = false;
            let mut index = 0;
            while index < steps {
                // There and back, so that it does not matter in which order the steps stand.
                let step = if back { steps - 1 - index } else { index };
                index += 1;
                if !self.at.joins && bit(self.words, self.at.runs, step) {
                    continue;
                }
                let place = self.first_place(step);
                match &self.graph.steps[step].takes {
                    Takes::Join(taken) => {
                        if self.join_is_enabled(place, taken.len()) {
                            changed |= self.fire(step, place, taken.len());
                        }
                    }
                    takes => {
                        let end = place + takes.events().len();
                        let mut place = place;
                        while place < end {
                            if bit(self.words, self.at.live, place) {
                                changed |= self.fire(step, place, 1);
                            }
                            place += 1;
                        }
                    }
                }
            }
            if self.at.joins {
                changed |= self.pair_rows(self.at.outside, self.at.live);
            }
            back = !back;
        }
    }

    /// Whether one run can mark all these places; `count` of them from `place` on.
    const fn join_is_enabled(&self, place: usize, count: usize) -> bool {
        let mut first = place;
        while first < place + count {
            let a = self.words[self.at.stands + first] as usize;
            if !bit(self.words, self.at.live, a) {
                return false;
            }
            let row = self.at.together + a * self.at.place_words;
            let mut second = first + 1;
            while second < place + count {
                if !bit(self.words, row, self.words[self.at.stands + second] as usize) {
                    return false;
                }
                second += 1;
            }
            first += 1;
        }
        true
    }

    /// Runs a step from one place, or a join from all its places: its outputs become live, each together
    /// with all that was together with every input.
    const fn fire(&mut self, step: usize, place: usize, count: usize) -> bool {
        let (width, outputs) = (self.at.place_words, self.at.outputs + step * self.at.place_words);
        let mut changed = self.set(self.at.runs, step);
        if changed {
            self.add(self.at.live, outputs, width);
        }
        if !self.at.joins {
            return changed;
        }
        let paired = self.at.paired + step * width;
        if changed {
            self.clear(paired, width);
            self.pair_step(step, outputs);
        }
        let first = self.at.together + self.words[self.at.stands + place] as usize * width;
        let mut word = 0;
        while word < width {
            let mut beside = self.words[first + word] & !self.words[paired + word];
            let mut parameter = 1;
            while beside != 0 && parameter < count {
                let other = self.words[self.at.stands + place + parameter] as usize;
                beside &= self.words[self.at.together + other * width + word];
                parameter += 1;
            }
            if beside != 0 {
                self.words[paired + word] |= beside;
                while beside != 0 {
                    changed |= self.pair_place(word * 64 + beside.trailing_zeros() as usize, outputs);
                    beside &= beside - 1;
                }
            }
            word += 1;
        }
        changed
    }

    /// Marks as together what one execution of the step gives.
    const fn pair_step(&mut self, step: usize, outputs: usize) {
        let node = &self.graph.steps[step];
        self.pair_shape(&node.emits, bit(self.words, self.at.inside, step));
        let mut sent = 0;
        while sent < node.sends.len() {
            if !self.is_last(node.sends[sent], false) {
                self.pair_rows(self.at.takers + node.sends[sent] as usize * self.at.place_words, outputs);
            }
            sent += 1;
        }
    }

    /// Marks a place as together with all of a row, both ways.
    const fn pair_place(&mut self, place: usize, row: usize) -> bool {
        let width = self.at.place_words;
        let (own, column, mask) =
            (self.at.together + place * width, self.at.together + place / 64, 1 << (place % 64));
        let (mut changed, mut word) = (false, 0);
        while word < width {
            let mut new = self.words[row + word];
            if new != 0 {
                new &= !self.words[own + word];
                changed |= new != 0;
                self.words[own + word] |= new;
                while new != 0 {
                    let other = word * 64 + new.trailing_zeros() as usize;
                    self.words[column + other * width] |= mask;
                    new &= new - 1;
                }
            }
            word += 1;
        }
        changed
    }

    /// Marks all of one row as together with all of another, a place with itself too.
    const fn pair_rows(&mut self, one: usize, other: usize) -> bool {
        let (width, mut changed) = (self.at.place_words, false);
        let mut next = self.next(one, width, 0);
        while let Some(place) = next {
            changed |= self.pair_place(place, other);
            next = self.next(one, width, place + 1);
        }
        changed
    }

    /// What one return value can hold at once, when the run goes on after it.
    const fn pair_shape(&mut self, shape: &Shape, inside: bool) {
        if self.ends_run(shape, inside) {
            return;
        }
        let width = self.at.place_words;
        let (one, other) = (self.at.scratch, self.at.scratch + width);
        match shape {
            Shape::Nothing => (),
            Shape::Event(event) => {
                self.pair_distinct(self.at.takers + *event as usize * width);
            }
            Shape::Many(inner) => {
                self.clear(one, width);
                self.mark(inner, one, true);
                self.pair_rows(one, one);
                self.clear(other, width);
                self.mark_openings(inner, other);
                self.pair_distinct(other);
                self.pair_rows(one, other);
            }
            Shape::OneOf(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    self.pair_shape(&parts[part], inside);
                    part += 1;
                }
            }
            Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    self.pair_shape(&parts[part], inside);
                    part += 1;
                }
                self.clear(one, width);
                part = 0;
                while part < parts.len() {
                    self.clear(other, width);
                    self.mark(&parts[part], other, inside);
                    self.pair_rows(one, other);
                    self.add(one, other, width);
                    part += 1;
                }
            }
        }
    }

    /// Adds to a row all places that the shape can mark, when the run goes on after it.
    const fn mark(&mut self, shape: &Shape, row: usize, inside: bool) {
        if self.ends_run(shape, inside) {
            return;
        }
        match shape {
            Shape::Nothing => (),
            Shape::Event(event) => {
                let width = self.at.place_words;
                self.add(row, self.at.takers + *event as usize * width, width);
            }
            Shape::Many(inner) => {
                self.mark(inner, row, true);
                self.mark_openings(inner, row);
            }
            Shape::OneOf(parts) | Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    self.mark(&parts[part], row, inside);
                    part += 1;
                }
            }
        }
    }

    /// Adds to a row the joins that a batch of this shape fires, each once.
    const fn mark_openings(&mut self, inner: &Shape, row: usize) {
        if self.at.batches {
            self.clear(self.at.listed, self.at.event_words);
            self.collect(inner, self.at.listed, true);
            self.gather(self.at.listed, row);
        }
    }

    /// Marks the places of a row as together, but none with itself: one token went to each.
    const fn pair_distinct(&mut self, row: usize) {
        let (width, mut word, mut seen) = (self.at.place_words, 0, 0);
        while word < width {
            seen += self.words[row + word].count_ones();
            word += 1;
        }
        if seen < 2 {
            return;
        }
        let mut next = self.next(row, width, 0);
        while let Some(place) = next {
            next = self.next(row, width, place + 1);
            let mut beside = next;
            while let Some(other) = beside {
                self.set(self.at.together + place * width, other);
                self.set(self.at.together + other * width, place);
                beside = self.next(row, width, other + 1);
            }
        }
    }
}
