//! Processes: of two that work on one file, never both on one run.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use workflow_core::journal::JournalError;
use workflow_core::prelude::*;
use workflow_sqlite::SqliteJournal;

use crate::orders::{Approval, ITEMS, RESULT, Shop, ShopEvent};
use crate::runs::{Folder, finish, load};

/// Another process, which does what the test of this name in here does.
fn process(name: &str, file: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut own = Command::new(std::env::current_exe().unwrap());
    own.args(["--exact", &format!("processes::{name}"), "--ignored", "--nocapture"]).env("JOURNAL", file);
    let mut process = own.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap());
    (process, lines)
}

/// The rest of the next line that begins so.
fn read(lines: &mut BufReader<ChildStdout>, beginning: &str) -> String {
    let mut lines = lines.lines().map_while(Result::ok);
    lines.find_map(|line| line.strip_prefix(beginning).map(str::to_owned)).expect("the process says so")
}

const RUNS: u32 = 8;

#[tokio::test]
#[ignore = "a part of `two_processes_share_the_runs_of_a_file_and_repeat_nothing`"]
async fn work_on_all() {
    let Ok(file) = std::env::var("JOURNAL") else { return };
    let journal = SqliteJournal::options().patience(Duration::from_secs(60)).open(file).unwrap();
    println!("open");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let shop = Arc::new(Shop::new());
    let start = |run| {
        let task = shop.start_with(ITEMS, |it| it.id(format!("order-{run}")).journal(&journal));
        task.send(Approval { ok: true }).unwrap();
        task
    };
    for task in (0..RUNS).map(start).collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap(), RESULT);
    }
    println!("packed {}", shop.packed.lock().unwrap().join(" "));
}

#[tokio::test]
async fn two_processes_share_the_runs_of_a_file_and_repeat_nothing() {
    let folder = Folder::new();
    let mut both = [process("work_on_all", &folder.file()), process("work_on_all", &folder.file())];
    for (_, lines) in &mut both {
        read(lines, "open");
    }
    for (process, _) in &mut both {
        writeln!(process.stdin.as_mut().unwrap()).unwrap();
    }
    let mut packed = Vec::new();
    for (process, lines) in &mut both {
        packed.extend(read(lines, "packed ").split_whitespace().map(str::to_owned));
        assert!(process.wait().unwrap().success());
    }
    let once: BTreeSet<&String> = packed.iter().collect();
    assert_eq!((once.len(), packed.len()), ((RUNS * ITEMS) as usize, (RUNS * ITEMS) as usize), "{packed:?}");
    let resumed: u32 = folder
        .sql()
        .query_row("SELECT count(*) FROM facts WHERE kind = 'resumed'", (), |row| row.get(0))
        .unwrap();
    assert_eq!(resumed, 0, "nobody takes over what the other works on");
}

const LEASE: Duration = Duration::from_millis(200);

#[tokio::test]
#[ignore = "a part of `a_process_that_stood_still_has_lost_its_run_to_another`"]
async fn work_on_one() {
    let Ok(file) = std::env::var("JOURNAL") else { return };
    let journal = SqliteJournal::options().lease(LEASE).open(file).unwrap();
    let shop = Shop::new();
    let mut run = shop.run(ITEMS).id("order-1").journal(&journal);
    assert!(matches!(run.next().await, Some(ShopEvent::Asked(_))));
    println!("asked");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let error = finish(run).await.unwrap_err();
    let is_lost = matches!(error, RunError::Journal { source: JournalError::Lost { .. }, .. });
    println!("lost {is_lost} {error:?}");
}

#[tokio::test]
async fn a_process_that_stood_still_has_lost_its_run_to_another() {
    let folder = Folder::new();
    let (mut process, mut lines) = process("work_on_one", &folder.file());
    read(&mut lines, "asked");
    let id = Pid::from_raw(process.id().cast_signed()).unwrap();
    kill_process(id, Signal::STOP).unwrap();

    let journal = SqliteJournal::options().patience(Duration::from_secs(60)).open(folder.file()).unwrap();
    let shop = Shop::new();
    assert_eq!(finish(shop.recover(&journal, "order-1")).await.unwrap(), RESULT);
    let records = load(&journal, "order-1").await.records;

    kill_process(id, Signal::CONT).unwrap();
    writeln!(process.stdin.as_mut().unwrap()).unwrap();
    let lost = read(&mut lines, "lost ");
    assert!(lost.starts_with("true"), "{lost}");
    assert!(process.wait().unwrap().success());
    assert_eq!(load(&journal, "order-1").await.records, records, "it has written nothing more");
}
