//! Findings: what the check of a graph says, held against what its runs do.
//!
//! What it refuses never happens: that holds for every graph. What it accepts has a run for each step and
//! one to the end: that holds for the graphs that [`is_exact`] describes, and for nearly all others. The
//! check looks at pairs of places, so it takes for possible what fails only by counting: a join of three
//! whose events come in any two, or a join behind a join that fires too seldom for it.

use proptest::prelude::*;
use workflow_core::graph::{Graph, Shape, Solution, Takes, findings, memory, solve_into};
use workflow_core::machine::{Outcome, Output, Plan};

use super::graphs::{Kinds, graph, table};
use super::source::Source;
use super::walk::{Entry, Walk, plan};

/// A mask of steps by what the check says, or by what some runs have shown; one bit a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// It can run, or ran.
    ran: u64,
    /// A stop, or an event to the caller, can follow from it, or did.
    ended: u64,
    stopped: bool,
}

impl Seen {
    /// What the check holds possible.
    fn possible(graph: &Graph) -> Self {
        let words = words(graph);
        let solved = Solution::new(graph, &words);
        let mask = |holds: &dyn Fn(usize) -> bool| {
            (0..graph.steps.len()).fold(0, |mask, step| mask | u64::from(holds(step)) << step)
        };
        Self { ran: mask(&|step| solved.runs(step)), ended: mask(&|step| solved.ends(step)), stopped: true }
    }

    fn note(&mut self, walk: &Walk) {
        for entry in &walk.log {
            match entry {
                Entry::Order(Output::RunStep { step, .. }) => self.ran |= 1 << step,
                Entry::Order(Output::Publish { event }) => self.ended |= event.after,
                Entry::Order(Output::Finish(Outcome::Stopped(event))) => {
                    self.ended |= event.after;
                    self.stopped = true;
                }
                _ => (),
            }
        }
    }

    fn is_within(self, other: Self) -> bool {
        self.ran & !other.ran == 0 && self.ended & !other.ended == 0
    }
}

/// Walks the graph in `tries` ways, or until `enough` has been seen. In three of four ways some steps are
/// slow, so that what can go on without them is seen too.
fn explore(plan: &'static Plan, tries: u64, enough: impl Fn(Seen) -> bool) -> Seen {
    let mut seen = Seen::default();
    for way in 0..tries {
        let mut walk = Walk::new(plan);
        if way % 4 > 0 {
            walk.slow = (way / 4).wrapping_mul(0x9e37_79b9) >> 7;
        }
        walk.run_to_its_end(&mut Source::seeded(way, 200), 10 + (way % 30) as usize);
        seen.note(&walk);
        if enough(seen) {
            break;
        }
    }
    seen
}

fn words(graph: &Graph) -> Vec<u64> {
    let mut words = vec![0; memory(graph)];
    solve_into(graph, &mut words);
    words
}

/// Whether acceptance proves that each step has a run: joins are of two events, and none waits for what
/// follows from another join, or from a batch that somebody gathers.
fn is_exact(graph: &Graph, solved: &Solution<'_>) -> bool {
    let steps = graph.steps;
    let opens = |step: usize| {
        let mut batches = Vec::new();
        batches_of(&steps[step].emits, &mut batches);
        steps.iter().any(|join| match join.takes {
            Takes::Batch { event, .. } => {
                batches.iter().flatten().any(|member| solved.same_batch(*member, event))
            }
            _ => false,
        })
    };
    let is_join = |step: usize| matches!(steps[step].takes, Takes::Join(_));
    (0..steps.len()).all(|step| {
        (!is_join(step) || steps[step].takes.events().len() <= 2)
            && (!(is_join(step) || opens(step)) || !behind(step, steps.len(), solved).any(is_join))
    })
}

/// The steps that can follow from `step`; itself only by a loop.
fn behind(step: usize, count: usize, solved: &Solution<'_>) -> impl Iterator<Item = usize> {
    let (mut behind, mut at) = (vec![false; count], vec![step]);
    while let Some(from) = at.pop() {
        for to in (0..count).filter(|to| solved.feeds(from, *to)) {
            if !std::mem::replace(&mut behind[to], true) {
                at.push(to);
            }
        }
    }
    (0..count).filter(move |step| behind[*step])
}

/// The members of each batch that the shape opens.
fn batches_of(shape: &Shape, batches: &mut Vec<Vec<u16>>) {
    match shape {
        Shape::Nothing | Shape::Event(_) => (),
        Shape::Many(inner) => {
            batches.push((0..8).filter(|event| inner.has(*event)).collect());
        }
        Shape::OneOf(parts) | Shape::All(parts) => parts.iter().for_each(|part| batches_of(part, batches)),
    }
}

fn wiring() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..5040_u32, 60..120)
}

const UNLIMITED: Kinds = Kinds { unlimited: true, ..Kinds::ALL };

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_check_refuses_never_happens(wiring in wiring()) {
        let graph = graph(&mut Source::new(wiring), UNLIMITED);
        let possible = Seen::possible(graph);
        let seen = explore(plan(graph), 60, |_| false);
        prop_assert!(seen.is_within(possible), "{}saw {seen:?}\npossible {possible:?}", table(graph));
    }

    #[test]
    fn what_the_check_refuses_happens_under_no_choice_and_order_at_all(wiring in wiring()) {
        let graph = graph(&mut Source::new(wiring), Kinds { steps: 3, ..UNLIMITED });
        let possible = Seen::possible(graph);
        let (plan, mut source, mut seen) = (plan(graph), Source::new(Vec::new()), Seen::default());
        for _ in 0..600 {
            let mut walk = Walk::new(plan);
            walk.run_to_its_end(&mut source, 5);
            seen.note(&walk);
            if !source.advance() {
                break;
            }
        }
        prop_assert!(seen.is_within(possible), "{}saw {seen:?}\npossible {possible:?}", table(graph));
    }

    #[test]
    fn what_the_check_accepts_has_a_run_for_each_step_and_one_run_to_its_end(
        seed in any::<u32>(), joins in any::<bool>(), batches in any::<bool>(),
    ) {
        let kinds = Kinds { steps: 5, joins, twins: joins, triples: false, batches, ..UNLIMITED };
        let seeds = (u64::from(seed)..).take(200);
        let graphs = seeds.map(|seed| graph(&mut Source::seeded(seed, 120), kinds));
        let with = |graph: &Graph| {
            let takes = |kind: fn(&Takes) -> bool| graph.steps.iter().any(|step| kind(&step.takes));
            (!joins || takes(|takes| matches!(takes, Takes::Join(_))))
                && (!batches || takes(|takes| matches!(takes, Takes::Batch { .. })))
        };
        let mut accepted = graphs.filter(|graph| with(graph) && findings(graph).is_empty());
        let exact = |graph: &&Graph| is_exact(graph, &Solution::new(graph, &words(graph)));
        let Some(graph) = accepted.find(exact) else { return Ok(()) };
        let all = (1 << graph.steps.len()) - 1;
        let seen = explore(plan(graph), 50_000, |seen| seen.stopped && seen.ran == all);
        let to_the_caller = graph.events.iter().any(|event| event.published) && seen.ended != 0;
        prop_assert!(seen.ran == all, "{}saw {seen:?}", table(graph));
        prop_assert!(seen.stopped || to_the_caller, "{}saw {seen:?}", table(graph));
    }
}
