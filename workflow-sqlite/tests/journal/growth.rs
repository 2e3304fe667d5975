//! Growth: a loop does not make the file grow without limit, nor its resume slower.

use std::time::Duration;

use workflow_core::journal::{Checkpoint, Claim, Claimed, Journal, Page, Record};
use workflow_core::prelude::*;
use workflow_sqlite::SqliteJournal;

use crate::leases::claim;
use crate::runs::{Folder, load};

#[event]
struct Tick(u32);

#[derive(OneOf)]
enum Turn {
    Tick(Tick),
    Stop(StopEvent<u32>),
}

/// A loop of so many turns.
struct Loop;

#[workflow]
impl Loop {
    #[step]
    async fn begin(&self, turns: StartEvent<u32>) -> Tick {
        Tick(turns.0)
    }

    #[step]
    async fn turn(&self, ctx: &Context<Self>, tick: Tick) -> Turn {
        let turns = ctx.get::<u32>("turns").unwrap().unwrap_or(0);
        ctx.set("turns", &(turns + 1)).unwrap();
        match tick.0 {
            0 => Turn::Stop(StopEvent(turns)),
            left => Turn::Tick(Tick(left - 1)),
        }
    }
}

/// The size of the file and of what stands beside it.
fn size(folder: &Folder) -> u64 {
    let file = folder.file();
    let beside = file.with_file_name("runs.db-wal");
    std::fs::metadata(&file).unwrap().len() + std::fs::metadata(beside).map_or(0, |it| it.len())
}

/// Adds records as a long loop does: a checkpoint after each thousand.
async fn turn(folder: &Folder, history: u64, rounds: std::ops::Range<u64>) {
    let journal = SqliteJournal::options().history(history).open(folder.file()).unwrap();
    let mut held = claim(&journal, "loop").await.unwrap();
    let body = format!("{{\"StepReturned\": {:?}}}", "x".repeat(200));
    for round in rounds {
        let mut page = Page::default();
        let record = |turn| {
            let number = 1_000 * round + turn;
            Record::new(number, Duration::from_millis(number), "step_returned", &*body)
        };
        page.records.extend((0..1_000).map(record));
        page.checkpoint = Some(Checkpoint::new(1_000 * (round + 1), "x".repeat(2_000)));
        held.append(page).await.unwrap();
    }
}

#[tokio::test]
async fn the_file_is_as_large_after_200_000_facts_as_after_20_000() {
    let folder = Folder::new();
    turn(&folder, 5_000, 0..20).await;
    let early = size(&folder);
    turn(&folder, 5_000, 20..200).await;
    let late = size(&folder);
    println!("{early} bytes after 20,000 facts, {late} after 200,000");
    assert!(late <= early + early / 4, "{early} bytes, then {late}");
    let journal = folder.journal();
    let kept = load(&journal, "loop").await;
    assert_eq!(kept.records.len(), 5_000);
    let Claimed { kept, .. } = journal.claim(Claim::new("loop", "Shop", None)).await.unwrap();
    assert_eq!(kept.records.len(), 0, "what the checkpoint holds is not read to go on");
}

#[tokio::test]
async fn room_that_pruned_runs_had_is_given_back() {
    let folder = Folder::new();
    turn(&folder, u64::MAX, 0..20).await;
    let before = size(&folder);
    let sql = folder.sql();
    sql.execute("UPDATE runs SET status = 'completed', ended_ms = 0, result = '1'", ()).unwrap();
    drop(sql);
    assert_eq!(folder.journal().prune(Duration::ZERO).await.unwrap(), 1);
    assert!(size(&folder) * 10 < before, "{before} bytes, then {}", size(&folder));
}

#[tokio::test]
async fn a_loop_with_checkpoints_goes_on_from_the_last_of_them() {
    let folder = Folder::new();
    let turns = 1_500;
    let journal = SqliteJournal::options().history(100).open(folder.file()).unwrap();
    let mut run = Box::pin(Loop.run(turns).id("loop").journal(&journal));
    loop {
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(run.as_mut().poll(cx))).await;
        assert!(polled.is_pending(), "the run is cut before it ends");
        let kept = journal.load("loop").await.unwrap();
        if kept.is_some_and(|kept| kept.records.last().is_some_and(|last| last.number > 1_200)) {
            break;
        }
    }
    drop(run);
    let before = load(&journal, "loop").await;
    assert!(before.checkpoint.is_some());
    assert!(before.records.len() < 500, "{} records are kept", before.records.len());
    assert_eq!(Loop.recover(&journal, "loop").await.unwrap(), turns);
}

/// The whole way, each fact kept before the next: `cargo test --release -p workflow-sqlite growth -- --ignored`.
#[tokio::test]
#[ignore = "takes minutes where the disk is slow"]
async fn the_file_of_a_loop_of_200_000_turns_stays_small() {
    let folder = Folder::new();
    let journal = SqliteJournal::options().history(1_000).open(folder.file()).unwrap();
    assert_eq!(Loop.run(200_000u32).id("loop").journal(&journal).await.unwrap(), 200_000);
    println!("{} bytes", size(&folder));
    assert!(size(&folder) < 16 << 20, "{} bytes", size(&folder));
}
