//! Kills: a process that works on runs is killed at a random moment, again and again, and nothing is lost.
//!
//! A binary of its own, because it starts itself as the process to kill. 200 kills by default; more, or the same
//! ones again, by `KILLS=5000 SEED=7 cargo test --release -p workflow-sqlite --test kills`.

#[path = "../../../tests/flows/orders.rs"]
mod orders;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use orders::{Approval, ITEMS, RESULT, Shop};
use workflow_core::prelude::*;
use workflow_sqlite::SqliteJournal;

/// How many runs a process works on at once.
const RUNS: usize = 3;

/// Short, since the next process waits for it.
const LEASE: Duration = Duration::from_millis(30);

/// The longest that a process lives; undisturbed, it takes about as long for its runs.
const LONGEST: Duration = Duration::from_millis(90);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, file] = &*arguments
        && mode == "work"
    {
        return work(Path::new(file));
    }
    let part = arguments.iter().find(|argument| !argument.starts_with('-'));
    let name = "killed_at_any_moment_runs_go_on_and_repeat_nothing";
    if part.is_none_or(|part| name.contains(&**part)) {
        println!("test {name} ...");
        kill_again_and_again(number("KILLS").unwrap_or(200));
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The process that is killed: works on all runs of the file until they have ended.
fn work(file: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let journal =
            SqliteJournal::options().lease(LEASE).patience(Duration::from_secs(20)).open(file).unwrap();
        println!("open");
        let shop = std::sync::Arc::new(Shop::new());
        let tasks = (0..RUNS).map(|run| {
            let task = shop.start_with(ITEMS, |it| it.id(format!("order-{run}")).journal(&journal));
            // It may have ended before.
            let _ = task.send(Approval { ok: true });
            task
        });
        for task in tasks.collect::<Vec<_>>() {
            assert_eq!(task.await.unwrap(), RESULT);
        }
    });
}

/// What is kept of a run: its facts by number, without those that are about time.
type Facts = BTreeMap<(String, i64), (String, String)>;

fn kill_again_and_again(kills: u64) {
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let (mut killed, mut files, mut processes, mut cuts) = (0, 0, 0, BTreeMap::<i64, u32>::new());
    while killed < kills {
        files += 1;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        let mut facts = Facts::new();
        loop {
            processes += 1;
            let has_ended = work_and_die(&file, &mut chance);
            let now = look(&file);
            for (key, fact) in &facts {
                assert_eq!(now.get(key), Some(fact), "what was kept stays, seed {seed}, file {files}");
            }
            facts = now;
            if has_ended {
                break;
            }
            killed += 1;
            let mains = facts.keys().filter(|(run, _)| !run.contains('/')).count();
            *cuts.entry(mains as i64 / 20 * 20).or_default() += 1;
        }
        assert_ended(&file, &facts, seed);
    }
    println!(
        "{killed} kills, {processes} processes, {files} files of {RUNS} runs, all of which ended as they should"
    );
    println!("facts of the runs of a file when it was killed, in twenties: {cuts:?}");
}

/// Starts a process and kills it at a random moment; gives whether it had ended before.
fn work_and_die(file: &Path, chance: &mut fastrand::Rng) -> bool {
    let own = std::env::current_exe().unwrap();
    let mut process = Command::new(own).arg("work").arg(file).stdout(Stdio::piped()).spawn().unwrap();
    // Now and then while the file is made or opened; else while the runs go on.
    if chance.u32(..8) > 0 {
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "open\n", "the process says what was wrong");
    }
    std::thread::sleep(Duration::from_micros(chance.u64(..LONGEST.as_micros() as u64)));
    // By its handle, so by its id, and `SIGKILL` on Unix.
    process.kill().unwrap();
    let status = process.wait().unwrap();
    assert!(status.success() || status.code().is_none(), "the process says what was wrong: {status}");
    status.success()
}

/// All that is in the file, which must be in order.
fn look(file: &Path) -> Facts {
    let sql = rusqlite::Connection::open(file).unwrap();
    let check: String = sql.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let tables: u32 = sql.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).unwrap();
    if tables == 0 {
        return Facts::new();
    }
    let mut facts = sql.prepare("SELECT run, number, kind, body FROM facts ORDER BY run, number").unwrap();
    let facts = facts.query_map((), |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?))));
    let facts: Facts = facts.unwrap().collect::<Result<_, _>>().unwrap();
    let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
    for (run, number) in facts.keys() {
        let next = expected.entry(run).or_default();
        assert_eq!(number, next, "no fact is missing in `{run}`");
        *next += 1;
    }
    facts
}

fn assert_ended(file: &Path, facts: &Facts, seed: u64) {
    let sql = rusqlite::Connection::open(file).unwrap();
    let mut runs = sql.prepare("SELECT id, status, result FROM runs ORDER BY id").unwrap();
    let runs = runs.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let runs: Vec<(String, String, Option<String>)> = runs.unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(runs.len(), 2 * RUNS, "no run is begun twice, seed {seed}: {runs:?}");
    for (id, status, result) in runs {
        assert_eq!(status, "completed", "`{id}`, seed {seed}");
        let is_called = id.contains('/');
        let result = result.unwrap();
        assert!(result.contains(if is_called { "6" } else { RESULT }), "`{id}`, seed {seed}: {result}");
        let returned: Vec<String> = facts
            .iter()
            .filter(|((run, _), (kind, _))| *run == id && kind == "step_returned")
            .map(|(_, (_, body))| {
                let body: serde_json::Value = serde_json::from_str(body).unwrap();
                body["StepReturned"]["invocation"].to_string()
            })
            .collect();
        let once: std::collections::BTreeSet<&String> = returned.iter().collect();
        assert_eq!(
            once.len(),
            returned.len(),
            "no execution of `{id}` ends twice, seed {seed}: {returned:?}"
        );
        // `open`, `close` and `ship`, `pack` of each item, and `collect` of what each of its tries has sent.
        let steps = if is_called { 1 } else { 3 + ITEMS as usize + (ITEMS as usize + 1) };
        assert_eq!(returned.len(), steps, "`{id}`, seed {seed}: {returned:?}");
    }
}
