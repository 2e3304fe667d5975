//! Journals: every fact is kept before anything follows from it, and a run goes on from where it was.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use workflow_core::journal::{
    Answer, Claim, Claimed, End, Filter, Held, Journal, JournalError, Kept, MemoryJournal, Page, RunInfo,
    Status,
};
use workflow_core::prelude::*;

mod forks;
#[path = "../../flows/orders.rs"]
mod orders;
mod recordings;
mod versions;

use orders::{Approval, Book, ITEMS, RESULT, Shop, ShopEvent};

/// A journal that breaks at one append: before it is kept, or right after.
#[derive(Clone)]
struct Breaking {
    journal: MemoryJournal,
    left: Arc<AtomicU32>,
    is_kept: bool,
}

impl Journal for Breaking {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        let (claimed, breaking) = (self.journal.claim(claim), self.clone());
        Box::pin(async move {
            let Claimed { kept, held, .. } = claimed.await?;
            let held = held.map(|held| -> Box<dyn Held> { Box::new(BreakingHold { held, breaking }) });
            Ok(Claimed::new(kept, held))
        })
    }

    fn list(&self, filter: Filter) -> Answer<Vec<RunInfo>> {
        self.journal.list(filter)
    }

    fn load(&self, id: &str) -> Answer<Option<Kept>> {
        self.journal.load(id)
    }
}

struct BreakingHold {
    held: Box<dyn Held>,
    breaking: Breaking,
}

impl Held for BreakingHold {
    fn append(&mut self, page: Page) -> Answer<()> {
        let left = self.breaking.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        if left.is_ok() {
            return self.held.append(page);
        }
        let kept = self.breaking.is_kept.then(|| self.held.append(page));
        Box::pin(async {
            if let Some(kept) = kept {
                kept.await?;
            }
            Err(JournalError::store("the disk is full"))
        })
    }
}

/// Drives a run to its end, with the approval as soon as it is asked for.
async fn finish(mut run: Run<'_, Shop>) -> (Result<String, RunError>, Book) {
    run.send(Approval { ok: true }).unwrap();
    let result = (&mut run).await;
    (result, run.into_state())
}

async fn records(journal: &MemoryJournal, id: &str) -> Vec<(u64, String, Option<u64>)> {
    let kept = journal.load(id).await.unwrap().unwrap();
    kept.records.into_iter().map(|record| (record.number, record.kind, record.invocation)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_run_with_a_journal_gives_what_one_without_gives() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    let (plain, book) = finish(shop.run(ITEMS)).await;
    assert_eq!(plain.unwrap(), RESULT);
    let (written, written_book) = finish(shop.run(ITEMS).id("order-1").journal(&journal)).await;
    assert_eq!(written.unwrap(), RESULT);
    assert_eq!(written_book, book);
    let runs = journal.list(Filter::default()).await.unwrap();
    let runs: Vec<_> = runs.iter().map(|run| (&*run.id, run.status, run.parent.as_deref())).collect();
    assert_eq!(
        runs,
        [("order-1/10.0", Status::Completed, Some("order-1")), ("order-1", Status::Completed, None)],
    );
}

/// Breaks a run at each append in turn, and lets it go on from what is kept.
async fn break_at_each_append(is_kept: bool) {
    for appends in 0.. {
        let (shop, journal) = (Shop::new(), MemoryJournal::new());
        let left = Arc::new(AtomicU32::new(appends));
        let breaking = Breaking { journal: journal.clone(), left, is_kept };
        let (result, _) = finish(shop.run(ITEMS).id("order-1").journal(&breaking)).await;
        let error = match result {
            Ok(result) => {
                assert_eq!(result, RESULT);
                assert!(appends > 10, "there are many appends to break, and not {appends}");
                return;
            }
            Err(error) => error,
        };
        assert!(matches!(error, RunError::Journal { .. }), "{error:?}");
        let before = records(&journal, "order-1").await;
        let has_ended = journal.load("order-1").await.unwrap().unwrap().end.is_some();
        let (result, book) = finish(shop.run(ITEMS).id("order-1").journal(&journal)).await;
        assert_eq!(result.unwrap(), RESULT, "broken at append {appends}");
        assert!(
            has_ended || book.packed == 5,
            "each change of the state counts once, broken at append {appends}"
        );
        let after = records(&journal, "order-1").await;
        assert_eq!(after[..before.len()], before, "what was kept stays, broken at append {appends}");
        let mut ended = BTreeSet::new();
        for (_, kind, invocation) in &after {
            assert!(
                kind != "step_returned" || ended.insert(*invocation),
                "no execution ends twice, broken at append {appends}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_from_every_append_that_was_not_kept() {
    break_at_each_append(false).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_from_every_append_that_was_kept_although_nobody_heard_of_it() {
    break_at_each_append(true).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_ended_gives_its_result_again() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    let (first, _) = finish(shop.run(ITEMS).id("order-1").journal(&journal)).await;
    let done = shop.packed.lock().unwrap().len();
    let again = shop.run(ITEMS).id("order-1").journal(&journal).await;
    assert_eq!(again.unwrap(), first.unwrap());
    assert_eq!(shop.recover(&journal, "order-1").await.unwrap(), RESULT);
    assert_eq!(shop.packed.lock().unwrap().len(), done);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_belongs_to_another_run_is_refused() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.0.unwrap();
    let error = shop.run(ITEMS + 1).id("order-1").journal(&journal).await.unwrap_err();
    assert!(matches!(error, RunError::Journal { source: JournalError::Other { .. }, .. }), "{error:?}");
    let error = shop.scale.run(vec![1]).id("order-1").journal(&journal).await.unwrap_err();
    assert!(matches!(error, RunError::Journal { source: JournalError::Other { .. }, .. }), "{error:?}");
    let error = shop.recover(&journal, "order-2").await.unwrap_err();
    assert!(matches!(error, RunError::Journal { source: JournalError::Unknown { .. }, .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_somebody_holds_is_refused_until_they_let_go() {
    let (shop, journal) = (Arc::new(Shop::new()), MemoryJournal::new());
    let first = shop.start_with(ITEMS, |run| run.id("order-1").journal(&journal));
    tokio::time::sleep(Duration::from_millis(5)).await;
    let error = shop.recover(&journal, "order-1").await.unwrap_err();
    assert!(matches!(error, RunError::Journal { source: JournalError::Busy { .. }, .. }), "{error:?}");
    drop(first);
    tokio::task::yield_now().await;
    let left = journal.list(Filter::default().status(Status::Left)).await.unwrap();
    assert_eq!(left.len(), 1, "a run that was dropped is left, not cancelled");
    let (result, _) = finish(shop.recover(&journal, "order-1")).await;
    assert_eq!(result.unwrap(), RESULT);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_cancelled_or_has_failed_stays_so() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    let mut run = shop.run(ITEMS).id("order-1").journal(&journal);
    assert!(matches!(run.next().await, Some(ShopEvent::Asked(_))));
    run.cancel();
    assert!(matches!(run.await, Err(RunError::Cancelled)));
    assert_eq!(journal.load("order-1").await.unwrap().unwrap().end, Some(End::Cancelled));
    assert!(matches!(shop.recover(&journal, "order-1").await, Err(RunError::Cancelled)));

    let run = shop.run(ITEMS).id("order-2").journal(&journal).timeout(Duration::from_millis(5));
    assert!(matches!(run.await, Err(RunError::TimedOut { .. })));
    let error = shop.recover(&journal, "order-2").await.unwrap_err();
    assert_eq!(error.to_string(), "run `order-2` has failed before: the run took longer than it may");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_it_would_have_ended_without_the_downtime() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    let mut run = shop.run(ITEMS).id("order-1").journal(&journal);
    assert!(matches!(run.next().await, Some(ShopEvent::Asked(_))));
    let asked = tokio::time::Instant::now();
    drop(run);
    tokio::time::sleep(Duration::from_secs(2400)).await;
    let result = shop.recover(&journal, "order-1").await;
    assert_eq!(result.unwrap(), "[0, 1, 2, 3] of 6 to Oslo: false, after 5 tries");
    assert_eq!(asked.elapsed().as_secs(), 3600);
}

#[tokio::test(start_paused = true)]
async fn downtime_does_not_count_against_the_limit_of_a_run() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    let mut run = shop.run(ITEMS).id("order-1").journal(&journal).timeout(Duration::from_secs(30));
    assert!(matches!(run.next().await, Some(ShopEvent::Asked(_))));
    drop(run);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let (result, _) = finish(shop.recover(&journal, "order-1")).await;
    assert_eq!(result.unwrap(), RESULT);
}

#[event(transient)]
struct Handle(u32);

struct Hands;

#[workflow]
impl Hands {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> Handle {
        Handle(n.0)
    }

    #[step]
    async fn close(&self, handle: Handle) -> StopEvent<u32> {
        StopEvent(handle.0)
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_written_down_ends_the_run_before_anything_follows() {
    let journal = MemoryJournal::new();
    let error = Hands.run(ITEMS).id("hands").journal(&journal).await.unwrap_err();
    let RunError::Journal { source: JournalError::Unwritable { kind, source, .. }, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(kind, "step_returned");
    assert!(source.to_string().contains("Handle"), "{source}");
}

#[event]
struct Tick(u32);

#[derive(OneOf)]
enum Turn {
    Tick(Tick),
    Stop(StopEvent<u32>),
}

struct Ticks;

#[workflow]
impl Ticks {
    #[step]
    async fn begin(&self, _: StartEvent<u32>) -> Tick {
        Tick(0)
    }

    #[step]
    async fn turn(&self, ctx: &Context<Self>, tick: Tick) -> Turn {
        ctx.set("turns", &tick.0).unwrap();
        match tick.0 {
            5_000 => Turn::Stop(StopEvent(ctx.get("turns").unwrap().unwrap())),
            turn => Turn::Tick(Tick(turn + 1)),
        }
    }
}

#[tokio::test]
async fn a_checkpoint_bounds_what_a_long_run_keeps_and_it_goes_on_from_there() {
    let journal = MemoryJournal::new();
    let left = Arc::new(AtomicU32::new(3_333));
    let breaking = Breaking { journal: journal.clone(), left, is_kept: false };
    Ticks.run(0u32).id("loop").journal(&breaking).await.unwrap_err();
    let kept = journal.load("loop").await.unwrap().unwrap();
    assert!(kept.checkpoint.is_some());
    assert!(kept.records.len() < 3_000, "{} records are kept", kept.records.len());
    assert_eq!(Ticks.recover(&journal, "loop").await.unwrap(), 5_000);
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_an_event_can_wait_until_it_is_kept() {
    let (shop, journal) = (Arc::new(Shop::new()), MemoryJournal::new());
    let mut task = shop.start_with(ITEMS, |run| run.id("order-1").journal(&journal));
    assert!(matches!(task.next().await, Some(ShopEvent::Asked(_))));
    let handle = task.handle();
    handle.send(Approval { ok: true }).unwrap();
    handle.kept().await.unwrap();
    assert!(records(&journal, "order-1").await.iter().any(|record| record.1 == "received"));
    assert_eq!(task.await.unwrap(), RESULT);
    let error = handle.kept().await.unwrap_err();
    assert_eq!(error.to_string(), "run `order-1` was over or left before all that was sent to it was kept");

    // Of a run that has not begun it is not said too early.
    let run = shop.run(ITEMS).id("order-2").journal(&journal);
    let handle = run.handle();
    handle.send(Approval { ok: true }).unwrap();
    let mut kept = std::pin::pin!(handle.kept());
    tokio::time::timeout(Duration::from_secs(1), kept.as_mut()).await.unwrap_err();
    drop(run);
    kept.await.unwrap_err();
    // And without a journal nobody need wait.
    shop.run(ITEMS).handle().kept().await.unwrap();
}

struct Inventory;

#[workflow]
impl Inventory {
    #[step]
    async fn count(&self, goods: StartEvent<HashMap<String, u32>>) -> StopEvent<u32> {
        StopEvent(goods.values().sum())
    }
}

#[tokio::test]
async fn an_input_in_which_only_the_order_of_a_map_differs_is_the_same() {
    let journal = MemoryJournal::new();
    for _ in 0..10 {
        // Each map has an order of its own.
        let goods: HashMap<String, u32> = (0..20).map(|number| (number.to_string(), number)).collect();
        assert_eq!(Inventory.run(goods).id("goods").journal(&journal).await.unwrap(), 190);
    }
}
