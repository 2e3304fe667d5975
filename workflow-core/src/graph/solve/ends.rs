//! Ends: which step can start which or let it go on, and from which of them an end can follow.
//!
//! An end is a stop, or an event that goes to the caller.

use super::super::{Role, Shape, Takes};
use super::table::{Solver, bit};

impl Solver<'_> {
    /// Which step can start which, and which a batch.
    pub(super) const fn feeds(&mut self) {
        let (width, mut from) = (self.at.place_words, 0);
        while from < self.graph.steps.len() {
            let (outputs, feeds) =
                (self.at.outputs + from * width, self.at.feeds + from * self.at.step_words);
            let mut next = self.next(outputs, width, 0);
            while let Some(place) = next {
                self.set(feeds, self.owner(place));
                next = self.next(outputs, width, place + 1);
            }
            if bit(self.words, self.at.openers, from) {
                self.add(self.at.fed, feeds, self.at.step_words);
            }
            from += 1;
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
            let mut ends = self.can_end(&node.emits, bit(self.words, self.at.inside, step));
            let mut sent = 0;
            while sent < node.sends.len() {
                ends |= self.can_end(&Shape::Event(node.sends[sent]), false);
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

    const fn leads_to_an_end(&self, step: usize) -> bool {
        let (feeds, wakes) = (self.at.feeds, self.at.wakes);
        let (width, ends) = (self.at.step_words, self.at.ends);
        self.next_of_both(feeds + step * width, ends, width, 0).is_some()
            || bit(self.words, self.at.closes, step)
            || (self.at.waits && self.next_of_both(wakes + step * width, ends, width, 0).is_some())
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

    /// Whether the shape can give a stop or an event to the caller, before anything else ends the run.
    const fn can_end(&self, shape: &Shape, inside: bool) -> bool {
        match shape {
            Shape::Nothing => false,
            Shape::Event(event) => {
                let node = &self.graph.events[*event as usize];
                node.published || matches!(node.role, Role::Stop)
            }
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
