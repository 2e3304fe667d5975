//! Solve: what a graph can do, worked out once, in a constant or at run time alike.
//!
//! Three questions, each a fixpoint over bit rows: which steps can run, from which the end can be
//! reached, and which events can share a batch. The graph is read as a Petri net: a *place* is a pair of
//! step and event it takes, a step is a transition. Which places one run can mark together is the
//! concurrency relation of A. V. Kovalyov, "Concurrency relations and the safety problem for Petri
//! nets" (1992); it errs towards "together", so a join that it rules out is dead. What is emitted beside
//! a stop, or outside a batch to a step that gathers one, marks nothing: the run is over with it.
//!
//! "No" is proven, for every graph. "Yes" is exact while joins are of two events and none waits for what
//! follows from another join or from a batch that is gathered. Beyond that the relation looks at pairs
//! where a run would have to count, and may take a join for possible that never has all its events: three
//! that come only two at a time, or two of what a join gives once. Of random graphs that it accepts about
//! one in a thousand is such.

use super::{Graph, Role, Shape, Takes};

/// The number of words that [`solve`] fills for `graph`.
#[must_use]
pub const fn memory(graph: &Graph) -> usize {
    Layout::of(graph).total
}

/// Works out what `graph` can do; `N` is [`memory`] of the same graph.
#[must_use]
pub const fn solve<const N: usize>(graph: &Graph) -> [u64; N] {
    let mut words = [0; N];
    solve_into(graph, &mut words);
    words
}

/// [`solve`] for a graph that is only known at run time, into [`memory`] words of zero.
pub const fn solve_into(graph: &Graph, words: &mut [u64]) {
    let mut solver = Solver { graph, at: Layout::of(graph), words };
    solver.emissions();
    solver.levels();
    solver.doors();
    let mut step = 0;
    while step < graph.steps.len() {
        solver.outputs(step);
        step += 1;
    }
    solver.runs();
    while solver.insides() {
        solver.runs();
    }
    solver.feeds();
    solver.ends();
}

/// The answers of [`solve`], ready to be asked.
#[derive(Clone, Copy, Debug)]
pub struct Solution<'a> {
    pub(super) graph: &'a Graph,
    words: &'a [u64],
    at: Layout,
}

impl<'a> Solution<'a> {
    /// Reads `words`, which [`solve`] filled for the same `graph`.
    #[must_use]
    pub const fn new(graph: &'a Graph, words: &'a [u64]) -> Self {
        Self { graph, words, at: Layout::of(graph) }
    }

    /// Whether some run executes the step.
    #[must_use]
    pub const fn runs(&self, step: usize) -> bool {
        bit(self.words, self.at.runs, step)
    }

    /// Whether a stop, or an event to the caller, can follow from the step.
    #[must_use]
    pub const fn ends(&self, step: usize) -> bool {
        bit(self.words, self.at.ends, step)
    }

    /// Whether something that `from` emits can start `to`.
    #[must_use]
    pub const fn feeds(&self, from: usize, to: usize) -> bool {
        bit(self.words, self.at.feeds + from * self.at.step_words, to)
    }

    /// Whether the step emits the event, at any place of its return type or by a send.
    #[must_use]
    pub const fn emits(&self, step: usize, event: u16) -> bool {
        bit(self.words, self.at.emits + step * self.at.event_words, event as usize)
    }

    /// Whether the step emits the event such that the run goes on: not always beside a stop, for one.
    #[must_use]
    pub const fn brings(&self, step: usize, event: u16) -> bool {
        bit(self.words, self.at.lasting + step * self.at.event_words, event as usize)
    }

    /// Whether an arrival of `later` can belong to the batch that a member `member` belongs to.
    #[must_use]
    pub const fn same_batch(&self, member: u16, later: u16) -> bool {
        bit(self.words, self.at.level + member as usize * self.at.event_words, later as usize)
    }

    /// Whether one run can hold an event at parameter `a` and another at parameter `b` of a join.
    #[must_use]
    pub(super) const fn meet(&self, join: usize, a: usize, b: usize) -> bool {
        let first = place_of(self.graph, join, a);
        let second = place_of(self.graph, join, b);
        bit(self.words, self.at.together + first * self.at.place_words, second)
    }

    /// Whether an event can ever stand at a parameter of a step.
    #[must_use]
    pub(super) const fn live(&self, step: usize, parameter: usize) -> bool {
        bit(self.words, self.at.live, place_of(self.graph, step, parameter))
    }
}

/// Where in the memory each table begins, in words.
#[derive(Clone, Copy, Debug)]
struct Layout {
    event_words: usize,
    step_words: usize,
    place_words: usize,
    places: usize,
    joins: bool,
    batches: bool,
    live: usize,
    outside: usize,
    runs: usize,
    ends: usize,
    takers: usize,
    emits: usize,
    flat: usize,
    level: usize,
    outputs: usize,
    openings: usize,
    feeds: usize,
    gathered: usize,
    inside: usize,
    members: usize,
    lasting: usize,
    closes: usize,
    scratch: usize,
    together: usize,
    paired: usize,
    total: usize,
}

impl Layout {
    const fn of(graph: &Graph) -> Self {
        let (events, steps) = (graph.events.len(), graph.steps.len());
        let (mut places, mut joins, mut batches, mut step) = (0, false, false, 0);
        while step < steps {
            places += graph.steps[step].takes.events().len();
            joins |= matches!(graph.steps[step].takes, Takes::Join(_));
            batches |= matches!(graph.steps[step].takes, Takes::Batch { .. });
            step += 1;
        }
        let (event_words, step_words, place_words) =
            (events.div_ceil(64), steps.div_ceil(64), places.div_ceil(64));
        let live = 0;
        let outside = live + place_words;
        let runs = outside + place_words;
        let ends = runs + step_words;
        let takers = ends + step_words;
        let emits = takers + events * place_words;
        let flat = emits + steps * event_words;
        let level = flat + steps * event_words;
        let outputs = level + events * event_words;
        let openings = outputs + steps * place_words;
        let feeds = openings + steps * place_words;
        let gathered = feeds + steps * step_words;
        let inside = gathered + event_words;
        let members = inside + step_words;
        let lasting = members + event_words;
        let closes = lasting + steps * event_words;
        let scratch = closes + step_words;
        let together = scratch + 2 * place_words;
        let paired = together + if joins { places * place_words } else { 0 };
        let total = paired + if joins { steps * place_words } else { 0 };
        Self {
            event_words,
            step_words,
            place_words,
            places,
            joins,
            batches,
            live,
            outside,
            runs,
            ends,
            takers,
            emits,
            flat,
            level,
            outputs,
            openings,
            feeds,
            gathered,
            inside,
            members,
            lasting,
            closes,
            scratch,
            together,
            paired,
            total,
        }
    }
}

const fn bit(words: &[u64], row: usize, index: usize) -> bool {
    words[row + index / 64] >> (index % 64) & 1 == 1
}

/// The place of a parameter; a join's second parameter of one event shares the place of the first.
const fn place_of(graph: &Graph, step: usize, parameter: usize) -> usize {
    let (mut place, mut before) = (0, 0);
    while before < step {
        place += graph.steps[before].takes.events().len();
        before += 1;
    }
    place + first_alike(graph.steps[step].takes.events(), parameter)
}

const fn first_alike(events: &[u16], parameter: usize) -> usize {
    let mut first = 0;
    while events[first] != events[parameter] {
        first += 1;
    }
    first
}

struct Solver<'a> {
    graph: &'a Graph,
    at: Layout,
    words: &'a mut [u64],
}

impl Solver<'_> {
    const fn set(&mut self, row: usize, index: usize) -> bool {
        let new = !bit(self.words, row, index);
        self.words[row + index / 64] |= 1 << (index % 64);
        new
    }

    /// Adds the row `from` to the row `to`, both `length` words; whether that changed it.
    const fn add(&mut self, to: usize, from: usize, length: usize) -> bool {
        let (mut changed, mut word) = (false, 0);
        while word < length {
            let sum = self.words[to + word] | self.words[from + word];
            changed |= sum != self.words[to + word];
            self.words[to + word] = sum;
            word += 1;
        }
        changed
    }

    /// Which events each step emits, and which places each event goes to. A batch place is fed by the
    /// opening of a batch, not by the events that arrive there.
    const fn emissions(&mut self) {
        let (mut step, mut place) = (0, 0);
        while step < self.graph.steps.len() {
            let node = &self.graph.steps[step];
            let row = self.at.emits + step * self.at.event_words;
            self.collect(&node.emits, row, true);
            let mut sent = 0;
            while sent < node.sends.len() {
                self.set(row, node.sends[sent] as usize);
                sent += 1;
            }
            if let Takes::Batch { event, .. } = node.takes {
                self.set(self.at.gathered, event as usize);
            }
            let (taken, mut parameter) = (node.takes.events(), 0);
            while parameter < taken.len() {
                if !matches!(node.takes, Takes::Batch { .. }) && first_alike(taken, parameter) == parameter {
                    let takers = self.at.takers + taken[parameter] as usize * self.at.place_words;
                    self.set(takers, place + parameter);
                }
                parameter += 1;
            }
            place += taken.len();
            step += 1;
        }
    }

    /// The events of a shape into a row; with `batches`, the members of a `Vec` too.
    const fn collect(&mut self, shape: &Shape, row: usize, batches: bool) {
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
    const fn levels(&mut self) {
        let width = self.at.event_words;
        let mut event = 0;
        while event < self.graph.events.len() {
            self.set(self.at.level + event * width, event);
            event += 1;
        }
        if !self.at.batches {
            return;
        }
        let mut step = 0;
        while step < self.graph.steps.len() {
            self.collect(&self.graph.steps[step].emits, self.at.flat + step * width, false);
            step += 1;
        }
        let mut changed = true;
        while changed {
            changed = false;
            let mut step = 0;
            while step < self.graph.steps.len() {
                let node = &self.graph.steps[step];
                let flat = self.at.flat + step * width;
                if node.emits.opens_batch() {
                    let mut join = 0;
                    while join < self.graph.steps.len() {
                        if let Takes::Batch { event, .. } = self.graph.steps[join].takes
                            && self.gathers(&node.emits, event, false)
                        {
                            changed |= self.add(flat, self.at.flat + join * width, width);
                        }
                        join += 1;
                    }
                }
                if !matches!(node.takes, Takes::Batch { .. }) {
                    let (taken, mut parameter) = (node.takes.events(), 0);
                    while parameter < taken.len() {
                        changed |= self.add(self.at.level + taken[parameter] as usize * width, flat, width);
                        parameter += 1;
                    }
                }
                step += 1;
            }
            changed |= self.close_levels();
        }
    }

    /// The transitive closure of the level rows, by S. Warshall, "A theorem on Boolean matrices" (1962).
    const fn close_levels(&mut self) -> bool {
        let width = self.at.event_words;
        let (mut changed, mut via) = (false, 0);
        while via < self.graph.events.len() {
            let mut event = 0;
            while event < self.graph.events.len() {
                let row = self.at.level + event * width;
                if bit(self.words, row, via) {
                    changed |= self.add(row, self.at.level + via * width, width);
                }
                event += 1;
            }
            via += 1;
        }
        changed
    }

    /// Whether a batch that the shape opens can bring arrivals of `event`.
    const fn gathers(&self, shape: &Shape, event: u16, in_batch: bool) -> bool {
        match shape {
            Shape::Nothing => false,
            Shape::Event(member) => {
                let row = self.at.level + *member as usize * self.at.event_words;
                in_batch && bit(self.words, row, event as usize)
            }
            Shape::Many(inner) => self.gathers(inner, event, true),
            Shape::OneOf(parts) | Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    if self.gathers(&parts[part], event, in_batch) {
                        return true;
                    }
                    part += 1;
                }
                false
            }
        }
    }

    /// Which of the steps that run can do so inside a batch; whether there are more than were known. What
    /// these give is worked out anew, since inside a batch more of it lasts.
    const fn insides(&mut self) -> bool {
        if !self.at.batches {
            return false;
        }
        let mut step = 0;
        while step < self.graph.steps.len() {
            if bit(self.words, self.at.runs, step) {
                let inside = bit(self.words, self.at.inside, step);
                self.collect_inside(&self.graph.steps[step].emits, inside);
            }
            step += 1;
        }
        let (mut more, mut place) = (false, 0);
        step = 0;
        while step < self.graph.steps.len() {
            let taken = self.graph.steps[step].takes.events();
            let is_inside = match self.graph.steps[step].takes {
                Takes::Batch { .. } => self.is_opened_inside(place),
                _ => {
                    let mut parameter = 0;
                    while parameter < taken.len()
                        && !bit(self.words, self.at.members, taken[parameter] as usize)
                    {
                        parameter += 1;
                    }
                    parameter < taken.len()
                }
            };
            if is_inside && self.set(self.at.inside, step) {
                more = true;
                self.outputs(step);
                self.words[self.at.runs + step / 64] &= !(1 << (step % 64));
            }
            place += taken.len();
            step += 1;
        }
        more
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
        let mut opener = 0;
        while opener < self.graph.steps.len() {
            if bit(self.words, self.at.inside, opener)
                && bit(self.words, self.at.runs, opener)
                && bit(self.words, self.at.openings + opener * self.at.place_words, place)
            {
                return true;
            }
            opener += 1;
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

    /// Whether the run is over, one way or the other, when the event is emitted.
    const fn is_last(&self, event: u16, inside: bool) -> bool {
        matches!(self.graph.events[event as usize].role, Role::Stop)
            || (!inside && bit(self.words, self.at.gathered, event as usize))
    }

    /// Whether the run is over whatever of the shape is emitted.
    const fn ends_run(&self, shape: &Shape, inside: bool) -> bool {
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

    /// Whether the shape, when the run goes on, can open a batch that brings arrivals of `event`.
    const fn opens(&self, shape: &Shape, event: u16, inside: bool) -> bool {
        if self.ends_run(shape, inside) {
            return false;
        }
        match shape {
            Shape::Nothing | Shape::Event(_) => false,
            Shape::Many(inner) => self.gathers(inner, event, true),
            Shape::OneOf(parts) | Shape::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    if self.opens(&parts[part], event, inside) {
                        return true;
                    }
                    part += 1;
                }
                false
            }
        }
    }

    /// Which places a step can mark, and which of them by opening a batch.
    const fn outputs(&mut self, step: usize) {
        self.lasting(step);
        let width = self.at.place_words;
        let row = self.at.outputs + step * width;
        let mut event = 0;
        while event < self.graph.events.len() {
            if bit(self.words, self.at.lasting + step * self.at.event_words, event) {
                self.add(row, self.at.takers + event * width, width);
            }
            event += 1;
        }
        let emits = &self.graph.steps[step].emits;
        if emits.opens_batch() {
            let openings = self.at.openings + step * width;
            let inside = bit(self.words, self.at.inside, step);
            let (mut join, mut place) = (0, 0);
            while join < self.graph.steps.len() {
                if let Takes::Batch { event, .. } = self.graph.steps[join].takes
                    && self.opens(emits, event, inside)
                {
                    self.set(openings, place);
                }
                place += self.graph.steps[join].takes.events().len();
                join += 1;
            }
            self.add(row, openings, width);
        }
    }

    /// Which places are marked from outside.
    const fn doors(&mut self) {
        let width = self.at.place_words;
        let mut event = 0;
        while event < self.graph.events.len() {
            let node = &self.graph.events[event];
            let takers = self.at.takers + event * width;
            if self.is_last(event as u16, false) {
                event += 1;
                continue;
            }
            if node.received {
                self.add(self.at.outside, takers, width);
            }
            if node.received || matches!(node.role, Role::Start) {
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

    /// Which steps can run, and which places one run can mark together.
    const fn runs(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            let (mut step, mut place) = (0, 0);
            while step < self.graph.steps.len() {
                let taken = self.graph.steps[step].takes.events();
                if let Takes::Join(_) = self.graph.steps[step].takes {
                    if self.join_is_enabled(taken, place) {
                        changed |= self.fire(step, place, taken);
                    }
                } else {
                    let mut parameter = 0;
                    while parameter < taken.len() {
                        if bit(self.words, self.at.live, place + parameter) {
                            changed |= self.fire(step, place + parameter, &[]);
                        }
                        parameter += 1;
                    }
                }
                place += taken.len();
                step += 1;
            }
            if self.at.joins {
                changed |= self.pair_rows(self.at.outside, self.at.live);
            }
        }
    }

    const fn join_is_enabled(&self, taken: &[u16], place: usize) -> bool {
        let mut first = 0;
        while first < taken.len() {
            let a = place + first_alike(taken, first);
            if !bit(self.words, self.at.live, a) {
                return false;
            }
            let mut second = first + 1;
            while second < taken.len() {
                let b = place + first_alike(taken, second);
                if !bit(self.words, self.at.together + a * self.at.place_words, b) {
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
    const fn fire(&mut self, step: usize, place: usize, join: &[u16]) -> bool {
        let (width, outputs) = (self.at.place_words, self.at.outputs + step * self.at.place_words);
        let first_time = self.set(self.at.runs, step);
        let mut changed = self.add(self.at.live, outputs, width) || first_time;
        if !self.at.joins {
            return changed;
        }
        if first_time {
            self.clear(self.at.paired + step * width);
            let inside = bit(self.words, self.at.inside, step);
            self.pair_shape(&self.graph.steps[step].emits, inside);
            let (sends, mut sent) = (self.graph.steps[step].sends, 0);
            while sent < sends.len() {
                if !self.is_last(sends[sent], false) {
                    self.pair_rows(self.at.takers + sends[sent] as usize * width, outputs);
                }
                sent += 1;
            }
        }
        let mut word = 0;
        while word < width {
            let mut beside = self.words[self.at.together + place * width + word];
            let mut parameter = 0;
            while parameter < join.len() {
                let other = place + first_alike(join, parameter);
                beside &= self.words[self.at.together + other * width + word];
                parameter += 1;
            }
            let paired = self.at.paired + step * width + word;
            beside &= !self.words[paired];
            self.words[paired] |= beside;
            while beside != 0 {
                let other = word * 64 + beside.trailing_zeros() as usize;
                changed |= self.pair_place(other, outputs);
                beside &= beside - 1;
            }
            word += 1;
        }
        changed
    }

    /// Marks a place as together with all of a row, both ways.
    const fn pair_place(&mut self, place: usize, row: usize) -> bool {
        let width = self.at.place_words;
        let mut changed = false;
        let mut word = 0;
        while word < width {
            let own = self.at.together + place * width + word;
            let mut new = self.words[row + word] & !self.words[own];
            changed |= new != 0;
            self.words[own] |= new;
            while new != 0 {
                let other = word * 64 + new.trailing_zeros() as usize;
                self.set(self.at.together + other * width, place);
                new &= new - 1;
            }
            word += 1;
        }
        changed
    }

    /// Marks all of one row as together with all of another, a place with itself too.
    const fn pair_rows(&mut self, one: usize, other: usize) -> bool {
        let (mut changed, mut place) = (false, 0);
        while place < self.at.places {
            if bit(self.words, one, place) {
                changed |= self.pair_place(place, other);
            }
            place += 1;
        }
        changed
    }

    /// What one return value can hold at once, when the run goes on after it.
    const fn pair_shape(&mut self, shape: &Shape, inside: bool) {
        if self.ends_run(shape, inside) {
            return;
        }
        let (one, other) = (self.at.scratch, self.at.scratch + self.at.place_words);
        match shape {
            Shape::Nothing => (),
            Shape::Event(event) => {
                self.pair_distinct(self.at.takers + *event as usize * self.at.place_words);
            }
            Shape::Many(inner) => {
                self.clear(one);
                self.mark(inner, one, true);
                self.pair_rows(one, one);
                self.clear(other);
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
                self.clear(one);
                part = 0;
                while part < parts.len() {
                    self.clear(other);
                    self.mark(&parts[part], other, inside);
                    self.pair_rows(one, other);
                    self.add(one, other, self.at.place_words);
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
        if !self.at.batches {
            return;
        }
        let (mut join, mut place) = (0, 0);
        while join < self.graph.steps.len() {
            if let Takes::Batch { event, .. } = self.graph.steps[join].takes
                && self.gathers(inner, event, true)
            {
                self.set(row, place);
            }
            place += self.graph.steps[join].takes.events().len();
            join += 1;
        }
    }

    const fn clear(&mut self, row: usize) {
        let mut word = 0;
        while word < self.at.place_words {
            self.words[row + word] = 0;
            word += 1;
        }
    }

    /// Marks the places of a row as together, but none with itself: one token went to each.
    const fn pair_distinct(&mut self, row: usize) {
        let width = self.at.place_words;
        let mut place = 0;
        while place < self.at.places {
            if bit(self.words, row, place) {
                let mut other = place + 1;
                while other < self.at.places {
                    if bit(self.words, row, other) {
                        self.set(self.at.together + place * width, other);
                        self.set(self.at.together + other * width, place);
                    }
                    other += 1;
                }
            }
            place += 1;
        }
    }

    /// Which step can start which.
    const fn feeds(&mut self) {
        let mut from = 0;
        while from < self.graph.steps.len() {
            let outputs = self.at.outputs + from * self.at.place_words;
            let (mut to, mut place) = (0, 0);
            while to < self.graph.steps.len() {
                let mut parameter = self.graph.steps[to].takes.events().len();
                while parameter > 0 {
                    if bit(self.words, outputs, place) {
                        self.set(self.at.feeds + from * self.at.step_words, to);
                    }
                    place += 1;
                    parameter -= 1;
                }
                to += 1;
            }
            from += 1;
        }
    }

    /// From which steps a stop or an event to the caller can follow. A step that works on a batch's
    /// members leads to the joins of that batch, whatever it returns itself.
    const fn ends(&mut self) {
        let mut step = 0;
        while step < self.graph.steps.len() {
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
        let mut changed = true;
        while changed {
            changed = false;
            let mut step = self.graph.steps.len();
            while step > 0 {
                step -= 1;
                if self.at.batches && !bit(self.words, self.at.closes, step) && self.closes(step) {
                    changed |= self.set(self.at.closes, step);
                }
                if !bit(self.words, self.at.ends, step) && self.leads_to_an_end(step) {
                    changed |= self.set(self.at.ends, step);
                }
            }
        }
    }

    const fn leads_to_an_end(&self, step: usize) -> bool {
        let mut word = 0;
        while word < self.at.step_words {
            let fed = self.words[self.at.feeds + step * self.at.step_words + word];
            if fed & self.words[self.at.ends + word] != 0 {
                return true;
            }
            word += 1;
        }
        bit(self.words, self.at.closes, step)
    }

    /// Whether the step can be the last thing that a batch waits for, whose closing leads to an end.
    const fn closes(&self, step: usize) -> bool {
        let taken = self.graph.steps[step].takes.events();
        let gathers = matches!(self.graph.steps[step].takes, Takes::Batch { .. });
        let mut opener = 0;
        while opener < self.graph.steps.len() {
            let emits = &self.graph.steps[opener].emits;
            // A batch around the opener waits for the batch inside, and for the join of that one.
            let closes = bit(self.words, self.at.closes, opener);
            if emits.opens_batch() && (closes || (!gathers && self.opened_batch_ends(opener))) {
                let mut parameter = 0;
                while parameter < taken.len() {
                    if self.gathers(emits, taken[parameter], false) {
                        return true;
                    }
                    parameter += 1;
                }
            }
            opener += 1;
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

    /// Whether a join that gathers what `opener` opens leads to an end.
    const fn opened_batch_ends(&self, opener: usize) -> bool {
        let (mut join, mut place) = (0, 0);
        while join < self.graph.steps.len() {
            if bit(self.words, self.at.openings + opener * self.at.place_words, place)
                && bit(self.words, self.at.ends, join)
            {
                return true;
            }
            place += self.graph.steps[join].takes.events().len();
            join += 1;
        }
        false
    }
}
