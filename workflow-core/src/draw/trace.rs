//! Trace: what a recorded run has done, laid over the scene of all that it could do.

use std::collections::BTreeMap;

use super::scene::{Emphasis, Kind, Line, LineKind, Node, Scene};
use super::tally::Tally;
use crate::recording::{Path, Recorded, Steps};

impl Scene {
    /// The workflow's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The place of the step with this name.
    pub(crate) fn place_of_step(&self, name: &str) -> Option<usize> {
        let step = self.nodes.iter().find(|node| matches!(node.kind, Kind::Step { .. }) && node.name == name);
        step.map(|step| usize::from(step.place))
    }

    /// Every line with what it leads from and to, and how often it was taken.
    pub(crate) fn into_paths(self) -> impl Iterator<Item = (String, String, u64)> {
        let name = |node: usize| self.nodes[node].name.clone();
        let paths: Vec<_> =
            self.lines.iter().map(|line| (name(line.from), name(line.to), line.times)).collect();
        paths.into_iter()
    }

    /// Says at each node and line what the run has done there.
    pub(crate) fn trace(&mut self, run: &Recorded) {
        let times: BTreeMap<Path, u64> = run.paths.iter().copied().collect();
        let taken: Vec<u64> = self.lines.iter().map(|line| self.times(line, &times)).collect();
        for (line, times) in self.lines.iter_mut().zip(taken) {
            line.times = times;
            line.emphasis = emphasis(times);
        }
        let tallies: Vec<Tally> =
            (0..self.nodes.len()).map(|node| self.tally(node, &times, &run.steps)).collect();
        for (node, tally) in self.nodes.iter_mut().zip(tallies) {
            node.emphasis = emphasis(tally.times);
            node.tally = Some(tally);
        }
    }

    /// How often the line was taken.
    fn times(&self, line: &Line, times: &BTreeMap<Path, u64>) -> u64 {
        let (from, to): (&Node, &Node) = (&self.nodes[line.from], &self.nodes[line.to]);
        let of = |path: Path| times.get(&path).copied().unwrap_or_default();
        match (from.kind, to.kind, line.kind) {
            (Kind::Start, ..) => of(Path::Started),
            (_, Kind::Stop, _) => of(Path::Stopped),
            (_, Kind::Caller, _) => of(Path::Published { event: from.place }),
            (Kind::Caller, ..) => of(Path::Received { event: to.place }),
            (Kind::Step { .. }, Kind::Event { .. }, _) => {
                of(Path::Gave { step: from.place, event: to.place, many: line.many })
            }
            (Kind::Event { .. }, _, LineKind::Wait) => of(Path::Woke { step: to.place, event: from.place }),
            (Kind::Event { .. }, ..) => of(Path::Took { step: to.place, event: from.place }),
            (Kind::Step { .. }, Kind::Failure, _) => of(Path::Caught { step: from.place, catch: to.place }),
            (Kind::Failure, ..) => caught(to.place, times),
            (Kind::Stop | Kind::Step { .. }, ..) => 0,
        }
    }

    /// What was done at a node, when the lines know how often they were taken.
    fn tally(&self, node: usize, times: &BTreeMap<Path, u64>, steps: &[Steps]) -> Tally {
        let Node { kind, place, .. } = self.nodes[node];
        let sum = |is: fn(&Line) -> usize| -> u64 {
            self.lines.iter().filter(|line| is(line) == node).map(|line| line.times).sum()
        };
        let most = |is: fn(&Line) -> usize| -> u64 {
            self.lines.iter().filter(|line| is(line) == node).map(|line| line.times).max().unwrap_or_default()
        };
        let times = match kind {
            Kind::Step { .. } => {
                let Some(steps) = steps.get(usize::from(place)) else { return Tally::default() };
                return Tally {
                    times: steps.executions,
                    failed: steps.failures,
                    again: steps.tries.saturating_sub(steps.executions),
                    running: steps.running,
                    gave_up: steps.gave_up,
                };
            }
            Kind::Failure => caught(place, times),
            // What a step publishes by hand has no line to the event; one event may go to several takers.
            Kind::Event { .. } => sum(|line| line.to).max(most(|line| line.from)),
            Kind::Start | Kind::Stop | Kind::Caller => {
                sum(|line| line.to).max(sum(|line| line.from)).min(match kind {
                    Kind::Caller => u64::MAX,
                    _ => 1,
                })
            }
        };
        Tally { times, ..Tally::default() }
    }
}

/// How often the catch has run.
fn caught(place: u16, times: &BTreeMap<Path, u64>) -> u64 {
    let of = times.iter().filter(|(path, _)| matches!(path, Path::Caught { catch, .. } if *catch == place));
    of.map(|(_, times)| times).sum()
}

fn emphasis(times: u64) -> Emphasis {
    if times == 0 { Emphasis::Faint } else { Emphasis::Taken }
}
