//! Findings: what the check of a graph says, held against what its runs do.

use workflow_core::graph::{Graph, Solution, findings, memory, solve_into};
use workflow_core::machine::{Outcome, Output};

use super::graphs::{Kinds, graph};
use super::source::Source;
use super::walk::{Entry, Walk, events, plan};

/// What some runs of a graph have shown, one bit for each step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// It ran.
    ran: u64,
    /// A stop, or an event to the caller, followed from it.
    ended: u64,
    stopped: bool,
}

impl Seen {
    fn note(&mut self, walk: &Walk) {
        assert!(!walk.hangs);
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

    fn is_all(&self, graph: &Graph) -> bool {
        self.stopped && self.ran.count_ones() as usize == graph.steps.len()
    }
}

fn show(graph: &Graph, seen: &Seen) {
    for event in graph.events {
        if event.published || event.received {
            println!(
                "  {}{}{}",
                event.name,
                if event.published { " published" } else { "" },
                if event.received { " received" } else { "" }
            );
        }
    }
    for (i, step) in graph.steps.iter().enumerate() {
        println!(
            "  {} {}: {:?} -> {:?} sends {:?}",
            if seen.ran >> i & 1 == 1 { " " } else { "!" },
            step.name,
            step.takes,
            step.emits,
            step.sends
        );
    }
    println!("  stopped {}", seen.stopped);
}

#[test]
#[ignore]
fn experiment() {
    let var = |name: &str, default: u64| std::env::var(name).map_or(default, |v| v.parse().unwrap());
    let kinds = Kinds {
        steps: var("STEPS", 4) as usize,
        joins: var("JOINS", 1) == 1,
        twins: var("TWINS", 0) == 1,
        triples: var("TRIPLES", 0) == 1,
        batches: var("BATCHES", 0) == 1,
        doors: var("DOORS", 0) == 1,
        sends: var("SENDS", 0) == 1,
        unlimited: true,
    };
    let (mut accepted, mut refused, mut unsound, mut incomplete) = (0, 0, 0, 0);
    for seed in var("FROM", 0)..var("TO", 2000) {
        let graph = graph(&mut Source::seeded(seed, 120), kinds);
        let plan = plan(graph);
        let ok = findings(graph).is_empty();
        let mut words = vec![0; memory(graph)];
        solve_into(graph, &mut words);
        let solved = Solution::new(graph, &words);
        let (mut runs, mut ends) = (0_u64, 0_u64);
        for step in 0..graph.steps.len() {
            runs |= u64::from(solved.runs(step)) << step;
            ends |= u64::from(solved.ends(step)) << step;
        }
        if ok {
            accepted += 1
        } else {
            refused += 1
        }
        let mut seen = Seen::default();
        let tries = if ok { var("TRIES", 4000) } else { var("WALKS", 300) };
        for walk_seed in 0..tries {
            let mut walk = Walk::new(plan);
            walk.to_the_end(
                &mut Source::seeded(walk_seed * 7919 + seed, 200),
                10 + (walk_seed % 30) as usize,
            );
            seen.note(&walk);
            if ok && seen.is_all(graph) {
                break;
            }
        }
        if seen.ran & !runs != 0 || seen.ended & !ends != 0 {
            unsound += 1;
            println!(
                "UNSOUND {seed}: ran {:b} ended {:b} runs {runs:b} ends {ends:b} {:?}",
                seen.ran,
                seen.ended,
                findings(graph)
            );
            show(graph, &seen);
        }
        if ok && !seen.is_all(graph) {
            incomplete += 1;
            println!("INCOMPLETE {seed}");
            show(graph, &seen);
        }
    }
    println!("accepted {accepted} refused {refused} unsound {unsound} incomplete {incomplete}");
    let _ = events;
}
