//! Explorer: how many schedules a second a check plays, on one core.
//!
//! ```text
//! cargo run --release -p workflow-benches --features testing --bin explorer
//! ```

use std::time::{Duration, Instant};

use comfy_table::Table;
use workflow_core::prelude::*;
use workflow_core::testing::{Explored, check_all_orders};

#[event]
struct PartA(u64);
#[event]
struct PartB(u64);
#[event]
struct PartC(u64);
#[event]
struct PartD(u64);
#[event]
struct Member(u64);
#[event]
struct Done(u64);

/// Five trivial steps: four beside each other, and their join.
struct Five;

#[workflow]
impl Five {
    #[step]
    async fn a(&self, n: StartEvent<u64>) -> PartA {
        PartA(n.0)
    }
    #[step]
    async fn b(&self, n: StartEvent<u64>) -> PartB {
        PartB(n.0)
    }
    #[step]
    async fn c(&self, n: StartEvent<u64>) -> PartC {
        PartC(n.0)
    }
    #[step]
    async fn d(&self, n: StartEvent<u64>) -> PartD {
        PartD(n.0)
    }
    #[step]
    async fn join(&self, a: PartA, b: PartB, c: PartC, d: PartD) -> StopEvent<u64> {
        StopEvent(a.0 + b.0 + c.0 + d.0)
    }
}

/// A batch, as large as the input says.
struct Batch;

#[workflow]
impl Batch {
    #[step]
    async fn open(&self, n: StartEvent<u64>) -> Vec<Member> {
        (0..n.0).map(Member).collect()
    }
    #[step(workers = 16)]
    async fn work(&self, member: Member) -> Done {
        Done(member.0)
    }
    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<u64> {
        StopEvent(done.iter().map(|done| done.0).sum())
    }
}

/// How long each row is measured.
const TIME: Duration = Duration::from_secs(3);

fn main() {
    let mut table = Table::new();
    table.set_header([
        "flow",
        "schedules of a check",
        "moves",
        "schedules a second",
        "with those that were left",
    ]);
    type Row = (&'static str, fn() -> Explored);
    let rows: [Row; 4] = [
        ("five trivial steps", || check_all_orders(|| Five, 1u64).try_run().expect("it holds")),
        ("five trivial steps, crashes", || {
            check_all_orders(|| Five, 1u64).crashes().try_run().expect("it holds")
        }),
        ("a batch of 7", || check_all_orders(|| Batch, 7u64).try_run().expect("it holds")),
        ("a batch of 7, every order", || {
            check_all_orders(|| Batch, 7u64).without_reduction().try_run().expect("it holds")
        }),
    ];
    for (name, check) in rows {
        let one = check();
        let (began, mut schedules, mut left) = (Instant::now(), 0, 0);
        while began.elapsed() < TIME {
            let explored = check();
            schedules += explored.schedules;
            left += explored.left;
        }
        let rate = |plays: u64| format!("{:.0}", plays as f64 / began.elapsed().as_secs_f64());
        let (rate, rate_with_left) = (rate(schedules), rate(schedules + left));
        table.add_row([
            name.to_owned(),
            one.schedules.to_string(),
            one.longest.to_string(),
            rate,
            rate_with_left,
        ]);
    }
    println!("{table}");
}
