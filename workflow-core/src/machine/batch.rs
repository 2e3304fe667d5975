//! Batches: opened by a `Vec`, closed when nothing that they set off is left, gathered by joins.
//!
//! A batch counts what is live in it; it closes when that is nothing. An event that waits in a join keeps
//! it open, until nothing else in the whole run can go on: then the oldest such batch closes all the same.

use super::plan::Taker;
use super::run::Machine;
use super::state::{Batch, BatchId, Gathering, Line};
use super::{Given, Outcome, Token};
use crate::Members;
use crate::graph::Takes;

impl<E: Token> Machine<E> {
    pub(super) fn open_batch(
        &mut self,
        events: Vec<E>,
        members: &Members,
        parent: Option<BatchId>,
        line: &Line,
    ) {
        let Some(batch) = self.new_batch(members, parent, line) else {
            // Nobody waits for the batch to close, so it need not be told apart from the one around it.
            let parent = self.open_ancestor(parent);
            return self.deliver_members(events.into_iter(), parent, line);
        };
        self.make_room(&events);
        self.deliver_members(events.into_iter(), Some(batch), line);
        self.release(Some(batch)); // The one that stood for the opening itself.
    }

    /// Opens a batch in which one thing is live, the opening itself; `None` where nobody waits for it to close.
    pub(super) fn new_batch(
        &mut self,
        members: &Members,
        parent: Option<BatchId>,
        line: &Line,
    ) -> Option<BatchId> {
        let plan = self.plan;
        let mut gathering: Vec<Gathering<E>> = Vec::new();
        for member in &members.0 {
            for step in &plan.gatherers[*member as usize] {
                if gathering.iter().all(|known| known.step != *step) {
                    let line = line.clone();
                    gathering.push(Gathering { step: *step, arrived: Vec::new(), line, fired: false });
                }
            }
        }
        if gathering.is_empty() {
            return None;
        }
        gathering.sort_by_key(|gathering| gathering.step);
        let parent = self.open_ancestor(parent);
        let depth = parent.map_or(0, |parent| self.state.batches[parent.slot].depth + 1);
        let number = self.state.next_batch;
        self.state.next_batch += 1;
        self.keep(parent);
        self.pin(parent);
        let batch =
            Batch { number, parent, depth, open: true, live: 1, held: Vec::new(), pins: 0, gathering };
        Some(BatchId { number, slot: self.state.batches.insert(batch) })
    }

    /// Makes room for what the members start, as far as that can be seen by the first one.
    fn make_room(&mut self, events: &[E]) {
        let first = events.first().and_then(|first| self.plan.routes[first.kind() as usize]);
        if let Some(Taker::Start(step)) = first {
            let free = self.free_workers(step).min(events.len());
            self.state.running.reserve(free);
            self.state.orders.reserve(free);
            self.state.steps[step as usize].queue.reserve(events.len() - free);
        }
    }

    /// Hands events to their steps, until one of them ends the run.
    pub(super) fn deliver_members(
        &mut self,
        events: std::vec::IntoIter<E>,
        batch: Option<BatchId>,
        line: &Line,
    ) {
        for event in events {
            if self.state.over {
                return;
            }
            self.deliver(event, batch, line);
        }
    }

    /// Notes an arrival at a join of its batch.
    pub(super) fn gather(&mut self, step: u16, event: E, batch: Option<BatchId>, line: &Line) {
        let Some(id) = self.open_ancestor(batch) else {
            let event = event.kind();
            return self.finish(Outcome::OutsideBatch { step, event });
        };
        let Takes::Batch { first, .. } = self.plan.graph.steps[step as usize].takes else {
            return;
        };
        let batch = &mut self.state.batches[id.slot];
        let parent = batch.parent;
        let Some(gathering) = batch.gathering.iter_mut().find(|gathering| gathering.step == step) else {
            let event = event.kind();
            return self.finish(Outcome::OutsideBatch { step, event });
        };
        if gathering.fired {
            return;
        }
        gathering.arrived.push(event);
        gathering.line.join(line);
        if first.is_some_and(|first| gathering.arrived.len() == first as usize) {
            gathering.fired = true;
            let arrived = std::mem::take(&mut gathering.arrived);
            let line = std::mem::take(&mut gathering.line);
            self.keep(parent);
            self.begin(step, Given::Several(arrived), parent, line);
        }
    }

    /// Notes the arrivals at a join of a batch that has had none, in order.
    pub(super) fn gather_all(&mut self, step: u16, arrived: Vec<E>, id: BatchId, line: &Line) {
        let gatherings = &mut self.state.batches[id.slot].gathering;
        if let Some(gathering) = gatherings.iter_mut().find(|gathering| gathering.step == step) {
            gathering.arrived = arrived;
            gathering.line.join(line);
        }
    }

    /// One more thing is live in the batch.
    #[inline]
    pub(super) fn keep(&mut self, batch: Option<BatchId>) {
        if let Some(id) = self.open_ancestor(batch) {
            self.state.batches[id.slot].live += 1;
            self.unsettle(id);
        }
    }

    /// Something goes on in the batch again.
    #[inline]
    fn unsettle(&mut self, id: BatchId) {
        if !self.state.settled.is_empty() {
            self.state.settled.remove(&id);
        }
    }

    /// One thing less is live in the batch; the last one closes it.
    #[inline]
    pub(super) fn release(&mut self, batch: Option<BatchId>) {
        if self.state.over {
            return;
        }
        if let Some(id) = self.open_ancestor(batch) {
            let batch = &mut self.state.batches[id.slot];
            batch.live -= 1;
            if batch.live == 0 {
                self.look_at(id);
            }
        }
    }

    /// Notes that an event of the batch waits in a join.
    pub(super) fn note_held(&mut self, step: u16, batch: Option<BatchId>) {
        let Some(id) = batch else {
            return;
        };
        self.pin(batch);
        let held = &mut self.state.batches[id.slot].held;
        match held.iter_mut().find(|(join, _)| *join == step) {
            Some((_, count)) => *count += 1,
            None => held.push((step, 1)),
        }
    }

    /// An event that waited in a join has left it.
    pub(super) fn let_go(&mut self, step: u16, batch: Option<BatchId>) {
        let Some(id) = batch else {
            return;
        };
        let held = &mut self.state.batches[id.slot].held;
        if let Some(entry) = held.iter_mut().find(|(join, _)| *join == step) {
            entry.1 -= 1;
        }
        held.retain(|(_, count)| *count > 0);
        if self.state.batches[id.slot].open {
            self.look_at(id);
        }
        self.unpin(batch);
    }

    /// The batch itself while it is open, else the nearest one around it that is.
    #[inline]
    pub(super) fn open_ancestor(&self, batch: Option<BatchId>) -> Option<BatchId> {
        let mut at = batch;
        while let Some(id) = at {
            let batch = &self.state.batches[id.slot];
            if batch.open {
                break;
            }
            at = batch.parent;
        }
        at
    }

    /// Of several batches the innermost, the first of those that are as deep.
    pub(super) fn deepest(&self, batches: &[Option<BatchId>]) -> Option<BatchId> {
        let mut found: Option<(u32, BatchId)> = None;
        for id in batches.iter().filter_map(|batch| self.open_ancestor(*batch)) {
            let depth = self.state.batches[id.slot].depth;
            if found.is_none_or(|(deepest, _)| depth > deepest) {
                found = Some((depth, id));
            }
        }
        found.map(|(_, id)| id)
    }

    /// Closes the oldest batch in which only events in joins are left; whether there was one.
    pub(super) fn settle_oldest(&mut self) -> bool {
        let oldest = self.state.settled.iter().copied().find(|id| !self.may_hear(*id));
        match oldest {
            Some(id) => {
                let parent = self.close(id);
                self.release(parent);
                true
            }
            None => false,
        }
    }

    /// Whether something from outside could still complete a join that holds members of the batch.
    fn may_hear(&self, id: BatchId) -> bool {
        let batch = &self.state.batches[id.slot];
        batch.held.iter().any(|(step, _)| {
            let slots = &self.plan.slots[*step as usize];
            let held = &self.state.steps[*step as usize].held;
            let mut lacking = slots.iter().zip(held).filter(|(slot, held)| held.len() < slot.needs);
            lacking.all(|(slot, _)| self.plan.from_outside[slot.event as usize])
        })
    }

    /// Closes the batch if nothing is left in it, and then perhaps the one around it, and so on outwards.
    fn look_at(&mut self, id: BatchId) {
        let mut at = Some(id);
        while let Some(id) = at {
            let batch = &self.state.batches[id.slot];
            if batch.live > 0 {
                return self.unsettle(id);
            }
            if !batch.held.is_empty() {
                self.state.settled.insert(id);
                return;
            }
            at = self.close(id);
            if let Some(parent) = at {
                self.state.batches[parent.slot].live -= 1;
            }
        }
    }

    /// Fires the joins that have not fired; what they give belongs to the batch around, which is
    /// returned and has one thing less to wait for.
    fn close(&mut self, id: BatchId) -> Option<BatchId> {
        self.unsettle(id);
        let batch = &mut self.state.batches[id.slot];
        batch.open = false;
        let parent = batch.parent;
        self.pin(Some(id));
        for gathering in std::mem::take(&mut self.state.batches[id.slot].gathering) {
            if !gathering.fired {
                self.keep(parent);
                self.begin(gathering.step, Given::Several(gathering.arrived), parent, gathering.line);
            }
        }
        self.unpin(Some(id));
        parent
    }

    fn pin(&mut self, batch: Option<BatchId>) {
        if let Some(id) = batch {
            self.state.batches[id.slot].pins += 1;
        }
    }

    /// Lets go of a record; the last hold on a closed batch removes it, and then its hold on its parent.
    fn unpin(&mut self, batch: Option<BatchId>) {
        let mut at = batch;
        while let Some(id) = at {
            let batch = &mut self.state.batches[id.slot];
            batch.pins -= 1;
            if batch.open || batch.pins > 0 {
                return;
            }
            at = batch.parent;
            self.state.batches.remove(id.slot);
        }
    }
}
