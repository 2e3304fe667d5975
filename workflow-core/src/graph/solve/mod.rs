//! Solve: what a graph can do, worked out once, in a constant or at run time alike.
//!
//! Three questions, each a fixpoint over bit rows: which steps can run, from which the end can be
//! reached, and which events can share a batch. The graph is read as a Petri net: a *place* is a pair of
//! step and event it takes, a step is a transition. Which places one run can mark together is the
//! concurrency relation of A. V. Kovalyov, "Concurrency relations and the safety problem for Petri
//! nets" (1992); it errs towards "together", so a join that it rules out is dead. What is emitted beside
//! a stop, or outside a batch to a step that gathers one, marks nothing: the run is over with it. A wait is
//! no place: what a step gives stands beside all that stood beside what started it, however long it
//! waited. Only for the way to an end does what a step emits lead on through a step that waits for it.
//!
//! "No" is proven, for every graph. "Yes" is exact while joins are of two events and none waits for what
//! follows from another join or from a batch that is gathered. Beyond that the relation looks at pairs
//! where a run would have to count, and may take a join for possible that never has all its events: three
//! that come only two at a time, or two of what a join gives once. Of random graphs that it accepts about
//! one in a thousand is such.

mod ends;
mod lasting;
mod levels;
mod table;
mod together;

use super::Graph;
use table::{Layout, Solver, bit};

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
    solver.wakes();
    solver.ends();
    solver.sound();
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

    /// Whether the step is in order by what is known of it without a search: it runs, an end follows, and it has
    /// nothing that could be wrong beside that.
    #[must_use]
    pub(super) const fn is_sound(&self, step: usize) -> bool {
        bit(self.words, self.at.sound, step)
    }

    /// Whether something that `from` emits can start `to`.
    #[must_use]
    pub const fn feeds(&self, from: usize, to: usize) -> bool {
        bit(self.words, self.at.feeds + from * self.at.step_words, to)
    }

    /// Whether some step opens a batch that the step gathers.
    #[must_use]
    pub(super) const fn is_fed(&self, step: usize) -> bool {
        bit(self.words, self.at.fed, step)
    }

    /// Whether `to` can wait for something that `from` emits, and go on with it.
    #[must_use]
    pub const fn wakes(&self, from: usize, to: usize) -> bool {
        self.at.waits && bit(self.words, self.at.wakes + from * self.at.step_words, to)
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
        let first = self.place(join, a);
        bit(self.words, self.at.together + first * self.at.place_words, self.place(join, b))
    }

    /// Whether an event can ever stand at a parameter of a step.
    #[must_use]
    pub(super) const fn live(&self, step: usize, parameter: usize) -> bool {
        bit(self.words, self.at.live, self.place(step, parameter))
    }

    const fn place(&self, step: usize, parameter: usize) -> usize {
        let first = self.words[self.at.firsts + step] as usize;
        self.words[self.at.stands + first + parameter] as usize
    }
}
