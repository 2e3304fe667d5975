//! Recordings: what a run has done, out of what its journal keeps.

use std::time::Duration;

use workflow_core::Recording;
use workflow_core::journal::{Journal, JournalError, MemoryJournal};
use workflow_core::prelude::*;
use workflow_core::recording::{Ended, Execution};

use super::{Approval, ITEMS, Shop, ShopEvent, Ticks, finish};

/// Which steps ran and what became of them, in the order of their executions.
fn tries(recording: &Recording) -> Vec<String> {
    recording
        .to_string()
        .lines()
        .map(|line| line.split_whitespace().next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_recording_of_a_run_with_a_journal_is_that_of_one_without() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    let mut plain = shop.run(ITEMS).record();
    plain.send(Approval { ok: true }).unwrap();
    (&mut plain).await.unwrap();
    let mut written = shop.run(ITEMS).id("order-1").journal(&journal).record();
    written.send(Approval { ok: true }).unwrap();
    (&mut written).await.unwrap();
    assert_eq!(tries(&written.recording()), tries(&plain.recording()));
}

#[tokio::test(start_paused = true)]
async fn the_recording_out_of_a_journal_is_the_one_that_was_taken_down_meanwhile() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    let mut run = shop.run(ITEMS).id("order-1").journal(&journal).record();
    assert!(matches!(run.next().await, Some(ShopEvent::Asked(_))));
    tokio::time::sleep(Duration::from_secs(3)).await;
    let open = journal.recording("order-1").await.unwrap();
    assert_eq!(timeline(&open), timeline(&run.recording()));
    run.send(Approval { ok: true }).unwrap();
    (&mut run).await.unwrap();
    let (taken, read) = (run.recording(), journal.recording("order-1").await.unwrap());
    assert_eq!(timeline(&read), timeline(&taken));
    assert_eq!(details(&read), details(&taken));
    assert_eq!(read.draw().mermaid(), taken.draw().mermaid());
}

/// What a person reads, but for the time of day, which does not stand still when the clock of the run does.
fn timeline(recording: &Recording) -> String {
    recording.to_string().lines().filter(|line| !line.starts_with("  began")).collect::<Vec<_>>().join("\n")
}

/// What is known of each try.
fn details(recording: &Recording) -> Vec<String> {
    let one = |one: &Execution| {
        let (head, times) = ((one.step(), one.invocation(), one.attempt()), (one.began(), one.lasted()));
        let ways = (one.ended(), one.took(), one.gave(), one.waits(), one.follows(), one.batch());
        format!("{head:?} {times:?} {ways:?}")
    };
    recording.executions().iter().map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn the_recording_of_a_run_that_went_on_after_a_crash_has_both_parts() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    let mut run = shop.run(ITEMS).id("order-1").journal(&journal);
    assert!(matches!(run.next().await, Some(ShopEvent::Asked(_))));
    drop(run);
    tokio::time::sleep(Duration::from_secs(10)).await;
    finish(shop.recover(&journal, "order-1")).await.0.unwrap();
    let recording = journal.recording("order-1").await.unwrap();
    let ships: Vec<_> =
        recording.executions().iter().filter(|execution| execution.step() == "ship").collect();
    let ended: Vec<_> = ships.iter().map(|ship| (ship.invocation(), ship.ended().clone())).collect();
    assert_eq!(ended, [(ended[0].0, Ended::Dropped), (ended[0].0, Ended::Returned)]);
    assert_eq!(recording.executions().iter().filter(|one| one.step() == "pack").count(), 5);
}

#[tokio::test]
async fn the_recording_of_a_long_run_begins_where_its_records_do() {
    let journal = MemoryJournal::new();
    Ticks.run(0u32).id("loop").journal(&journal).await.unwrap();
    let kept = journal.load("loop").await.unwrap().unwrap();
    let recording = journal.recording("loop").await.unwrap();
    let (first, last) = (recording.executions().first().unwrap(), recording.executions().last().unwrap());
    assert!(kept.checkpoint.is_some() && first.invocation() > 0);
    assert_eq!(last.invocation(), 5_001);
}

#[tokio::test]
async fn a_recording_of_what_is_not_there_or_not_defined_says_so() {
    let journal = MemoryJournal::new();
    let error = journal.recording("order-1").await.unwrap_err();
    assert!(matches!(error, JournalError::Unknown { .. }), "{error:?}");
}
