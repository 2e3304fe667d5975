//! Targets: what is asked of ours, beside what was measured in the same run.

use super::results::Results;
use super::tables::{figures, table};
use crate::{Group, Work};

/// Prints the targets whose rows were measured, and whether they are met.
pub(super) fn print(results: &Results) {
    let targets: Vec<Target> = all(results);
    if targets.is_empty() {
        return;
    }
    println!("\n### Targets\n");
    let mut table = table(&["work", "target", "measured", "met"]);
    for target in targets {
        let met = if target.is_met() { "yes" } else { "**no**" };
        let asked = format!("{} {}", target.bound, figures(target.limit));
        let measured = figures(target.measured());
        table.add_row([target.work, asked, measured, met.to_owned()]);
    }
    println!("{table}");
}

struct Target {
    work: String,
    bound: Bound,
    limit: f64,
    measured: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    AtMost,
    AtLeast,
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::AtMost { "at most" } else { "at least" })
    }
}

impl Target {
    /// Two digits after the point: what a runtime allocates once is not an allocation of each run.
    fn measured(&self) -> f64 {
        (self.measured * 100.0).round() / 100.0
    }

    fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtMost => self.measured() <= self.limit,
            Bound::AtLeast => self.measured() >= self.limit,
        }
    }
}

fn all(results: &Results) -> Vec<Target> {
    let quotient = |(above, of): (Work, &str), (below, by): (Work, &str)| {
        Some(results.value(above, of)? / results.value(below, by)?)
    };
    let of_reference = |work: Work, name| quotient((work, name), (work, work.reference()));
    let allocations = |work| results.row(work, "ours")?.allocations();
    let faster = |name| quotient((Work::Cores, Work::Cores.reference()), (Work::Cores, name));

    let at_most = |work: &str, limit, measured: Option<f64>| {
        measured.map(|measured| Target { work: work.to_owned(), bound: Bound::AtMost, limit, measured })
    };
    let at_least = |work: &str, limit, measured: Option<f64>| {
        measured.map(|measured| Target { work: work.to_owned(), bound: Bound::AtLeast, limit, measured })
    };
    let fixed = [
        at_most("chain, times the match loop", 3.0, of_reference(Work::Chain, "ours")),
        at_most("chain, allocations per transition", 0.0, allocations(Work::Chain)),
        at_most("chain with a text, times the match loop", 1.4, of_reference(Work::ChainText, "ours")),
        at_most("fan of 1,000, times futures-buffered", 1.2, of_reference(Work::Fan1k, "ours")),
        at_most("fan of 10,000, times futures-buffered", 1.2, of_reference(Work::Fan10k, "ours")),
        at_most("fan of 100,000, times futures-buffered", 1.2, of_reference(Work::Fan100k, "ours")),
        at_most(
            "fan: a member of 100,000, times one of 1,000",
            1.2,
            quotient((Work::Fan100k, "ours"), (Work::Fan1k, "ours")),
        ),
        at_most("run of three steps, times the match loop", 8.0, of_reference(Work::Runs, "ours")),
        at_most("run of three steps, allocations", 2.0, allocations(Work::Runs)),
        at_most(
            "run that waits, times the match loop's bytes",
            1.6,
            of_reference(Work::Suspended, "ours, in wait_for"),
        ),
        at_least("64 members with `spawn`, times faster", 1.8, faster("ours, spawn")),
        at_least("64 members with `blocking`, times faster", 1.8, faster("ours, blocking")),
        at_least("the same, all at once, times faster", 1.8, faster("ours, blocking, all at once")),
        at_most(
            "stream: an event to ten readers, times one to one",
            10.0,
            quotient((Work::Stream10, "ours"), (Work::Stream1, "ours")),
        ),
        at_most(
            "snapshot after 100,000, times one after 1,000",
            1.2,
            quotient((Work::Snapshot100k, "ours"), (Work::Snapshot1k, "ours")),
        ),
    ];
    let mut targets: Vec<Target> = fixed.into_iter().flatten().collect();
    for (work, limit) in [(Work::Chain, 5.0), (Work::Runs, 5.0), (Work::Fan1k, 3.0)] {
        let peers = results.of(work).into_iter().filter(|row| row.entry.group == Group::Peer);
        let fastest = peers.filter(|row| row.value().is_some()).map(|row| row.entry.name).next();
        let slower = fastest.and_then(|fastest| quotient((work, fastest), (work, "ours")));
        let title = format!("{}, the fastest peer's time ({})", work.name(), fastest.unwrap_or_default());
        targets.extend(at_least(&title, limit, slower));
    }
    targets
}
