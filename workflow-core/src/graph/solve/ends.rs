//! Ends: which step can start which or let it go on, and from which of them an end can follow.
//!
//! An end is a stop, or an event that goes to the caller.

use super::super::{Role, Shape, Takes};
use super::table::{Solver, bit};

impl Solver<'_> {
    /// Which step can start which, and which a batch.
    pub(super) const fn feeds(&mut self) {
        let (steps, width, step_words) = (self.graph.steps.len(), self.at.place_words, self.at.step_words);
        let (mut from, mut outputs, mut feeds) = (0, self.at.outputs, self.at.feeds);
        while from < steps {
            let mut word = 0;
            while word < width {
                let mut places = self.words[outputs + word];
                if self.at.one_each {
                    // A place has the number of its step.
                    self.words[feeds + word] = places;
                    places = 0;
                }
                while places != 0 {
                    self.set(feeds, self.owner(word * 64 + places.trailing_zeros() as usize));
                    places &= places - 1;
                }
                word += 1;
            }
            if self.at.batches && bit(self.words, self.at.openers, from) {
                self.add(self.at.fed, feeds, step_words);
            }
            from += 1;
            outputs += width;
            feeds += step_words;
        }
    }

    /// Which step emits what another waits for.
    pub(super) const fn wakes(&mut self) {
        if !self.at.waits {
            return;
        }
        let mut to = 0;
        while to < self.graph.steps.len() {
            let waits = self.graph.steps[to].waits;
            let mut waited = 0;
            while waited < waits.len() {
                let mut from = 0;
                while from < self.graph.steps.len() {
                    let lasting = self.at.lasting + from * self.at.event_words;
                    if bit(self.words, lasting, waits[waited] as usize) {
                        self.set(self.at.wakes + from * self.at.step_words, to);
                    }
                    from += 1;
                }
                waited += 1;
            }
            to += 1;
        }
    }

    /// From which steps a stop or an event to the caller can follow. A step that works on a batch's
    /// members leads to the joins of that batch, whatever it returns itself.
    pub(super) const fn ends(&mut self) {
        let steps = self.graph.steps.len();
        let mut step = 0;
        while step < steps {
            let node = &self.graph.steps[step];
            let mut ends = match &node.emits {
                Shape::Event(event) => self.is_end(*event),
                emits => self.can_end(emits, bit(self.words, self.at.inside, step)),
            };
            let mut sent = 0;
            while sent < node.sends.len() {
                ends |= self.is_end(node.sends[sent]);
                sent += 1;
            }
            if ends {
                self.set(self.at.ends, step);
            }
            step += 1;
        }
        let (mut changed, mut back) = (true, true);
        // Which batches lead to an end is asked for the steps alone.
        while changed && !self.has_all_steps(self.at.ends) {
            changed = self.at.batches && self.closings();
            let mut index = 0;
            while index < steps {
                // There and back, so that it does not matter in which order the steps stand.
                let step = if back { steps - 1 - index } else { index };
                index += 1;
                if self.at.batches && !bit(self.words, self.at.closes, step) && self.closes(step) {
                    changed |= self.set(self.at.closes, step);
                }
                if !bit(self.words, self.at.ends, step) && self.leads_to_an_end(step) {
                    changed |= self.set(self.at.ends, step);
                }
            }
            back = !back;
        }
    }

    /// Which steps need no second look: most of them, in a workflow that is in order.
    pub(super) const fn sound(&mut self) {
        let mut word = 0;
        while word < self.at.step_words {
            self.words[self.at.sound + word] = self.words[self.at.runs + word]
                & self.words[self.at.ends + word]
                & !self.words[self.at.special + word];
            word += 1;
        }
    }

    const fn leads_to_an_end(&self, step: usize) -> bool {
        let (width, ends) = (self.at.step_words, self.at.ends);
        self.meet(self.at.feeds + step * width, ends, width)
            || (self.at.batches && bit(self.words, self.at.closes, step))
            || (self.at.waits && self.meet(self.at.wakes + step * width, ends, width))
    }

    /// Which events are brought by a batch that leads to an end when it closes. A batch around the opener
    /// waits for the batch inside, and for the join of that one.
    const fn closings(&mut self) -> bool {
        let (width, mut changed) = (self.at.event_words, false);
        let mut next = self.next(self.at.openers, self.at.step_words, 0);
        while let Some(opener) = next {
            let brought = self.at.brought + opener * width;
            if bit(self.words, self.at.closes, opener) {
                changed |= self.add(self.at.beyond, brought, width);
            } else if self.opened_batch_ends(opener) {
                changed |= self.add(self.at.closing, brought, width);
            }
            next = self.next(self.at.openers, self.at.step_words, opener + 1);
        }
        changed
    }

    /// Whether the step can be the last thing that a batch waits for, whose closing leads to an end.
    const fn closes(&self, step: usize) -> bool {
        match &self.graph.steps[step].takes {
            Takes::Batch { event, .. } => bit(self.words, self.at.beyond, *event as usize),
            Takes::Any(taken) | Takes::Join(taken) => {
                let mut parameter = 0;
                while parameter < taken.len() {
                    let event = taken[parameter] as usize;
                    if bit(self.words, self.at.beyond, event) || bit(self.words, self.at.closing, event) {
                        return true;
                    }
                    parameter += 1;
                }
                false
            }
        }
    }

    /// Whether a join that gathers what `opener` opens leads to an end.
    const fn opened_batch_ends(&self, opener: usize) -> bool {
        let (width, openings) = (self.at.place_words, self.at.openings + opener * self.at.place_words);
        let mut next = self.next(openings, width, 0);
        while let Some(place) = next {
            if bit(self.words, self.at.ends, self.owner(place)) {
                return true;
            }
            next = self.next(openings, width, place + 1);
        }
        false
    }

    /// Whether the event is a stop, or goes to the caller.
    const fn is_end(&self, event: u16) -> bool {
        let node = &self.graph.events[event as usize];
        node.published || matches!(node.role, Role::Stop)
    }

    /// Whether the shape can give a stop or an event to the caller, before anything else ends the run.
    const fn can_end(&self, shape: &Shape, inside: bool) -> bool {
        match shape {
            Shape::Nothing => false,
            Shape::Event(event) => self.is_end(*event),
            Shape::Many(inner) => self.can_end(inner, true),
            Shape::OneOf(parts) => {
                let mut part = 0;
                while part < parts.len() && !self.can_end(&parts[part], inside) {
                    part += 1;
                }
                part < parts.len()
            }
            Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    if self.can_end(&parts[part], inside) {
                        return true;
                    }
                    if self.ends_run(&parts[part], inside) {
                        return false;
                    }
                    part += 1;
                }
                false
            }
        }
    }
}
