//! Conformance: stopped at any point and resumed, a run is the same in process, with a journal in memory and on disk.

use std::collections::BTreeSet;
use std::task::Poll;

use workflow_core::journal::{Journal, MemoryJournal, Record};
use workflow_core::prelude::*;

use crate::orders::{Approval, ITEMS, RESULT, Shop};
use crate::runs::Folder;

/// Polls a run so often, with the approval that it will ask for; its result when it has ended by then.
async fn poll(run: &mut Run<'_, Shop>, polls: u32) -> Option<Result<String, RunError>> {
    run.send(Approval { ok: true }).unwrap();
    let mut left = polls;
    std::future::poll_fn(|cx| match std::pin::Pin::new(&mut *run).poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Each item was packed once to its end; what was in progress at a stop may have been begun twice.
fn assert_packed_once(shop: &Shop) {
    let packed = shop.packed.lock().unwrap();
    let once: BTreeSet<&String> = packed.iter().collect();
    assert_eq!(once.len(), ITEMS as usize, "{packed:?}");
}

/// Runs with stops after random numbers of polls, fewer than `polls`; gives how many stops there were.
async fn stop_and_go_on(chance: &mut fastrand::Rng, polls: u32, journal: &(impl Journal + Clone)) -> u32 {
    let shop = Shop::new();
    let mut before: Vec<Record> = Vec::new();
    for stops in 0.. {
        let mut run = shop.run(ITEMS).id("order-1").journal(journal);
        let result = poll(&mut run, chance.u32(0..polls)).await;
        drop(run);
        let kept = journal.load("order-1").await.unwrap();
        let after = kept.map_or(Vec::new(), |kept| kept.records);
        assert_eq!(after[..before.len()], before, "what was kept stays");
        before = after;
        let Some(result) = result else { continue };
        assert_eq!(result.unwrap(), RESULT);
        let ended = before.iter().filter(|record| record.kind == "step_returned");
        let ended: Vec<Option<u64>> = ended.map(|record| record.invocation).collect();
        let once: BTreeSet<&Option<u64>> = ended.iter().collect();
        assert_eq!(once.len(), ended.len(), "finished steps ran once");
        assert_packed_once(&shop);
        return stops;
    }
    unreachable!("a run ends")
}

/// The same in process, with snapshots.
async fn stop_and_resume(chance: &mut fastrand::Rng) -> u32 {
    let shop = Shop::new();
    let mut run = shop.run(ITEMS).id("order-1").resumable();
    for stops in 0.. {
        if let Some(result) = poll(&mut run, chance.u32(0..6)).await {
            // A snapshot has what steps in progress did to the state, and they do that again.
            let (parcel, _) = RESULT.rsplit_once(',').unwrap();
            assert!(result.unwrap().starts_with(parcel));
            assert_packed_once(&shop);
            assert_eq!(shop.packed.lock().unwrap().len(), ITEMS as usize, "finished steps ran once");
            return stops;
        }
        let written = serde_json::to_string(&run.snapshot().unwrap()).unwrap();
        run = shop.resume(serde_json::from_str(&written).unwrap()).unwrap();
    }
    unreachable!("a run ends")
}

#[tokio::test]
async fn a_run_that_is_stopped_and_resumed_is_the_same_with_every_driver() {
    let seed =
        std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let mut stops = [0; 3];
    for round in 0..10 {
        let chance = || fastrand::Rng::with_seed(seed.wrapping_add(round));
        let folder = Folder::new();
        stops[0] += stop_and_resume(&mut chance()).await;
        stops[1] += stop_and_go_on(&mut chance(), 6, &MemoryJournal::new()).await;
        stops[2] += stop_and_go_on(&mut chance(), 40, &folder.journal()).await;
    }
    println!("stops in process, with a journal in memory, on disk: {stops:?}");
    assert!(stops.iter().all(|stops| *stops > 5), "{stops:?}");
}
