//! Cost: what it takes to write a run down, beside bare inserts into a file of the same kind in the same folder.

use std::sync::Arc;
use std::time::{Duration, Instant};

use workflow_core::prelude::*;

use crate::leases::{claim, page};
use crate::runs::Folder;

#[event]
struct Step(u32);

#[derive(OneOf)]
enum Next {
    Step(Step),
    Stop(StopEvent<u32>),
}

/// A chain of so many transitions.
struct Chain;

#[workflow]
impl Chain {
    #[step]
    async fn begin(&self, steps: StartEvent<u32>) -> Step {
        Step(steps.0)
    }

    #[step]
    async fn go_on(&self, step: Step) -> Next {
        match step.0 {
            0 => Next::Stop(StopEvent(0)),
            left => Next::Step(Step(left - 1)),
        }
    }
}

/// Rows a second, and the middle one of their times, when each transaction has so many.
fn bare(rows: u32, together: u32) -> (f64, Duration) {
    let folder = Folder::new();
    let mut sql = folder.sql();
    sql.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE facts (run TEXT, number INTEGER, at INTEGER, kind TEXT, body TEXT, PRIMARY KEY (run, number)) WITHOUT ROWID",
    )
    .unwrap();
    let body = "x".repeat(100);
    let began = Instant::now();
    let mut times = Vec::new();
    for round in 0..rows / together {
        let one = Instant::now();
        let transaction = sql.transaction().unwrap();
        for run in 0..together {
            let mut adding =
                transaction.prepare_cached("INSERT INTO facts VALUES (?1, ?2, ?3, ?4, ?5)").unwrap();
            adding.execute((format!("chain-{run}"), round, round, "step_returned", &body)).unwrap();
        }
        transaction.commit().unwrap();
        times.push(one.elapsed());
    }
    (f64::from(rows) / began.elapsed().as_secs_f64(), middle(times))
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Pages a second when so many runs append at once, each one page after the other.
async fn appends(pages: u32, together: u32) -> f64 {
    let folder = Folder::new();
    let journal = folder.journal();
    let body = "x".repeat(100);
    let mut helds = Vec::new();
    for run in 0..together {
        helds.push(claim(&journal, &format!("chain-{run}")).await.unwrap());
    }
    let began = Instant::now();
    let tasks = helds.into_iter().map(|mut held| {
        let body = body.clone();
        tokio::spawn(async move {
            for number in 0..pages / together {
                held.append(page(u64::from(number), &body)).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    f64::from(pages) / began.elapsed().as_secs_f64()
}

/// Transitions a second of so many runs at once.
async fn transitions(steps: u32, together: u32) -> f64 {
    let folder = Folder::new();
    let (journal, flow) = (folder.journal(), Arc::new(Chain));
    let began = Instant::now();
    let start = |run| {
        let journal = journal.clone();
        flow.start_with(steps / together, |it| it.id(format!("chain-{run}")).journal(&journal))
    };
    for task in (0..together).map(start).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    f64::from(steps) / began.elapsed().as_secs_f64()
}

/// Prints; the disk and what else runs have more say than the code.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn cost_of_a_fact_beside_a_bare_insert() {
    for (rows, together) in [(2_000, 1), (64_000, 64)] {
        for _ in 0..3 {
            let (bare, middle) = bare(rows, together);
            let appends = appends(rows, together).await;
            let transitions = transitions(rows, together).await;
            println!(
                "{together} at once: {bare:.0} rows a second bare (middle {middle:?}), {appends:.0} pages ({:.2}), \
                 {transitions:.0} transitions ({:.2}), {:.0} us each",
                appends / bare,
                transitions / bare,
                1e6 * f64::from(together) / transitions,
            );
        }
    }
}
