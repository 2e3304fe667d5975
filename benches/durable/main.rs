//! Durable: what it takes to write a run down, beside bare transactions on a file of the same kind in the same folder.
//!
//! ```text
//! cargo run --release -p workflow-benches --bin durable
//! ```
//!
//! The disk has more say in it than the code, so the rows of a round are measured one right after the other, and the
//! middle one of the ratios counts. `--folder` chooses another disk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};
use indicatif::ProgressBar;
use rusqlite::Connection;
use rustix::time::{ClockId, clock_gettime};
use workflow_benches::Payload;
use workflow_core::prelude::*;
use workflow_sqlite::SqliteJournal;

#[derive(Parser)]
struct Options {
    /// How often each is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Where the files are made; the folder for temporary ones without this.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// How many transitions, and how many runs make them at once.
const WORKS: [(u32, u32); 2] = [(2_000, 1), (64_000, 64)];

fn main() -> ExitCode {
    let Options { rounds, folder } = Options::parse();
    match measure(rounds.max(1), &folder.unwrap_or_else(std::env::temp_dir)) {
        Ok(table) => {
            println!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What one way of writing took.
#[derive(Clone, Copy)]
struct Taken {
    per_second: f64,
    /// The middle one of the times of a transition.
    middle: Duration,
    /// Processor time of a transition.
    processor: Duration,
}

fn measure(rounds: usize, folder: &Path) -> Result<Table, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let bar = ProgressBar::new((rounds * WORKS.len()) as u64);
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["at once", "what", "transitions a second", "of bare", "p50", "processor time"]);
    for column in 2..=5 {
        table
            .column_mut(column)
            .into_iter()
            .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    }
    for (transitions, together) in WORKS {
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            bare.push(rows(folder, transitions, together)?);
            ours.push(runtime.block_on(runs(folder, transitions, together))?);
            bar.inc(1);
        }
        let ratios = bare.iter().zip(&ours).map(|(bare, ours)| ours.per_second / bare.per_second);
        let of_bare = [1.0, middle(ratios.collect())];
        for ((what, taken), of_bare) in [("INSERT; COMMIT", bare), ("ours", ours)].into_iter().zip(of_bare) {
            let each = |of: fn(&Taken) -> f64| middle(taken.iter().map(of).collect());
            table.add_row([
                together.to_string(),
                what.to_owned(),
                format!("{:.0}", each(|taken| taken.per_second)),
                format!("{of_bare:.2}"),
                format!("{:.0} µs", 1e6 * each(|taken| taken.middle.as_secs_f64())),
                format!("{:.1} µs", 1e6 * each(|taken| taken.processor.as_secs_f64())),
            ]);
        }
    }
    bar.finish_and_clear();
    Ok(table)
}

/// Measures something that makes so many transitions and gives the time that each took.
fn taken(transitions: u32, times: Vec<f64>, wall: Duration, processor: Duration) -> Taken {
    Taken {
        per_second: f64::from(transitions) / wall.as_secs_f64(),
        middle: Duration::from_secs_f64(middle(times)),
        processor: processor / transitions,
    }
}

/// Bare rows of the size of a fact, as many in each transaction as runs would write at once.
fn rows(folder: &Path, rows: u32, together: u32) -> Result<Taken, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(folder)?;
    let mut file = Connection::open(folder.path().join("rows.db"))?;
    file.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE facts (
             run TEXT, number INTEGER, at INTEGER, kind TEXT, body TEXT, PRIMARY KEY (run, number)
         ) WITHOUT ROWID",
    )?;
    let body = "x".repeat(100);
    let (began, processor) = (Instant::now(), processor_time());
    let mut times = Vec::new();
    for round in 0..rows / together {
        let one = Instant::now();
        let transaction = file.transaction()?;
        for run in 0..together {
            let mut adding = transaction.prepare_cached("INSERT INTO facts VALUES (?1, ?2, ?3, ?4, ?5)")?;
            adding.execute((format!("chain-{run}"), round, round, "step_returned", &body))?;
        }
        transaction.commit()?;
        times.push(one.elapsed().as_secs_f64());
    }
    Ok(taken(rows, times, began.elapsed(), processor_time() - processor))
}

/// Runs at once, each a chain of transitions of which each is kept before the next begins.
async fn runs(folder: &Path, transitions: u32, together: u32) -> Result<Taken, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(folder)?;
    let journal = SqliteJournal::open(folder.path().join("runs.db"))?;
    let last = u64::from(transitions / together);
    let flow = Arc::new(Chain { last, times: std::sync::Mutex::default() });
    let (began, processor) = (Instant::now(), processor_time());
    let start = |run: u32| {
        let journal = journal.clone();
        flow.start_with((), |it| it.id(format!("chain-{run}")).journal(&journal))
    };
    for run in (0..together).map(start).collect::<Vec<_>>() {
        if run.await? != last {
            return Err("a run gave another number than its last".into());
        }
    }
    let (wall, processor) = (began.elapsed(), processor_time() - processor);
    let times = std::mem::take(&mut *flow.times.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    Ok(taken(transitions, times, wall, processor))
}

#[event]
struct Step {
    number: u64,
    /// When the step before returned, in nanoseconds of this process.
    since: u64,
}

#[derive(OneOf)]
enum Next {
    Step(Step),
    Stop(StopEvent<u64>),
}

/// A chain of so many transitions, with the time of each, in seconds.
struct Chain {
    last: u64,
    times: std::sync::Mutex<Vec<f64>>,
}

#[workflow]
impl Chain {
    #[step]
    async fn begin(&self, _: StartEvent<()>) -> Step {
        Step { number: 0, since: now() }
    }

    #[step]
    async fn go_on(&self, step: Step) -> Next {
        let took = 1e-9 * now().saturating_sub(step.since) as f64;
        self.times.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(took);
        let number = step.number.next();
        if number == self.last { StopEvent(number).into() } else { Step { number, since: now() }.into() }
    }
}

/// Nanoseconds of a clock that does not go back.
fn now() -> u64 {
    nanoseconds(ClockId::Monotonic)
}

/// What all threads of the process have computed so far.
fn processor_time() -> Duration {
    Duration::from_nanos(nanoseconds(ClockId::ProcessCPUTime))
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
