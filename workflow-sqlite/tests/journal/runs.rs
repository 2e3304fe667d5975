//! Runs: a run goes on from the file, and the file says how runs stand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use workflow_core::journal::{
    Checkpoint, Claim, End, Filter, Journal, JournalError, Kept, Opening, Page, Record, Status,
};
use workflow_core::prelude::*;
use workflow_sqlite::SqliteJournal;

use crate::orders::{Approval, ITEMS, RESULT, Shop, ShopEvent};

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.0.path().join("runs.db")
    }

    pub(crate) fn journal(&self) -> SqliteJournal {
        SqliteJournal::open(self.file()).unwrap()
    }

    pub(crate) fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.file()).unwrap()
    }
}

/// A clock that a test sets.
#[derive(Clone, Default)]
pub(crate) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(crate) fn go_on(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Relaxed);
    }

    pub(crate) fn clock(&self) -> impl Fn() -> SystemTime + Send + Sync + use<> {
        let hands = self.clone();
        move || UNIX_EPOCH + Duration::from_secs(1_000_000_000 + hands.0.load(Relaxed))
    }
}

/// Brings a run to where it waits for its approval, and leaves it there.
pub(crate) async fn leave(shop: &Shop, journal: &SqliteJournal, id: &str) {
    let mut run = shop.run(ITEMS).id(id).journal(journal);
    assert!(matches!(run.next().await, Some(ShopEvent::Asked(_))));
}

/// Drives a run to its end, with the approval as soon as it is asked for.
pub(crate) async fn finish(run: Run<'_, Shop>) -> Result<String, RunError> {
    run.send(Approval { ok: true }).unwrap();
    run.await
}

async fn list(journal: &SqliteJournal, filter: Filter) -> Vec<(String, Status)> {
    let runs = journal.list(filter).await.unwrap();
    runs.into_iter().map(|run| (run.id, run.status)).collect()
}

pub(crate) async fn load(journal: &SqliteJournal, id: &str) -> Kept {
    journal.load(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_run_that_was_left_goes_on_from_the_file_when_that_is_opened_again() {
    let folder = Folder::new();
    let shop = Shop::new();
    leave(&shop, &folder.journal(), "order-1").await;
    let packed = std::mem::take(&mut *shop.packed.lock().unwrap());
    assert_eq!(packed.len(), 4);

    let journal = folder.journal();
    let before = load(&journal, "order-1").await;
    assert_eq!(finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.unwrap(), RESULT);
    assert_eq!(*shop.packed.lock().unwrap(), [""; 0], "what has ended is not done again");
    let after = load(&journal, "order-1").await;
    assert_eq!(after.records[..before.records.len()], before.records, "what was kept stays");
    assert_eq!(after.parent, None);
    assert!(matches!(after.end, Some(End::Completed(_))));
}

#[tokio::test]
async fn a_run_that_has_ended_gives_its_result_again_from_the_file() {
    let folder = Folder::new();
    let shop = Shop::new();
    assert_eq!(finish(shop.run(ITEMS).id("order-1").journal(&folder.journal())).await.unwrap(), RESULT);
    let records = load(&folder.journal(), "order-1").await.records;
    assert_eq!(shop.run(ITEMS).id("order-1").journal(&folder.journal()).await.unwrap(), RESULT);
    assert_eq!(shop.recover(&folder.journal(), "order-1").await.unwrap(), RESULT);
    assert_eq!(load(&folder.journal(), "order-1").await.records, records);
}

#[tokio::test]
async fn an_id_that_is_not_there_and_one_of_another_run_are_refused() {
    let folder = Folder::new();
    let (shop, journal) = (Shop::new(), folder.journal());
    let error = shop.recover(&journal, "order-1").await.unwrap_err();
    assert!(matches!(error, RunError::Journal { source: JournalError::Unknown { .. }, .. }), "{error:?}");
    leave(&shop, &journal, "order-1").await;
    let error = shop.run(7u32).id("order-1").journal(&journal).await.unwrap_err();
    assert!(matches!(error, RunError::Journal { source: JournalError::Other { .. }, .. }), "{error:?}");
    assert!(journal.load("order-2").await.unwrap().is_none());
}

#[tokio::test]
async fn runs_are_listed_by_workflow_status_and_age_the_newest_first() {
    let (folder, hands) = (Folder::new(), Hands::default());
    let journal = SqliteJournal::options().clock(hands.clock()).open(folder.file()).unwrap();
    let shop = Shop::new();
    finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.unwrap();
    hands.go_on(Duration::from_secs(60));
    leave(&shop, &journal, "order-2").await;
    hands.go_on(Duration::from_secs(60));
    let mut held = shop.run(ITEMS).id("order-3").journal(&journal);
    assert!(matches!(held.next().await, Some(ShopEvent::Asked(_))));

    let shops = || Filter::default().workflow("Shop");
    let (one, two, three) = ("order-1".to_owned(), "order-2".to_owned(), "order-3".to_owned());
    assert_eq!(
        list(&journal, shops()).await,
        [(three.clone(), Status::Running), (two.clone(), Status::Left), (one.clone(), Status::Completed)],
    );
    assert_eq!(list(&journal, shops().status(Status::Left)).await, [(two.clone(), Status::Left)]);
    assert_eq!(list(&journal, shops().status(Status::Running)).await, [(three, Status::Running)]);
    let old = shops().older_than(Duration::from_secs(60));
    assert_eq!(list(&journal, old).await, [(two, Status::Left), (one, Status::Completed)]);
    let runs = journal.runs().await.unwrap();
    let scale = runs.iter().find(|run| run.id.starts_with("order-2/")).unwrap();
    assert_eq!((&*scale.workflow, scale.parent.as_deref()), ("Scale", Some("order-2")));
    assert_eq!(scale.age, Duration::from_secs(60));
    assert_eq!(scale.records, load(&journal, &scale.id).await.records.len() as u64);
}

#[tokio::test]
async fn every_run_that_was_left_is_taken_up_after_a_start() {
    let folder = Folder::new();
    let shop = Arc::new(Shop::new());
    let journal = folder.journal();
    for run in 0..5 {
        leave(&shop, &journal, &format!("order-{run}")).await;
    }
    finish(shop.run(ITEMS).id("order-5").journal(&journal)).await.unwrap();
    drop(journal);

    let journal = folder.journal();
    let tasks = journal.resume_all(&shop).await.unwrap();
    let ids: Vec<&str> = tasks.iter().map(|(id, _)| &**id).collect();
    assert_eq!(ids, ["order-0", "order-1", "order-2", "order-3", "order-4"]);
    for (_, task) in tasks {
        task.send(Approval { ok: true }).unwrap();
        assert_eq!(task.await.unwrap(), RESULT);
    }
    assert_eq!(journal.resume_all(&shop).await.unwrap().len(), 0);
    assert_eq!(list(&journal, Filter::default().status(Status::Left)).await, []);
}

#[tokio::test]
async fn runs_that_ended_long_ago_go_with_all_that_they_called() {
    let (folder, hands) = (Folder::new(), Hands::default());
    let journal = SqliteJournal::options().clock(hands.clock()).open(folder.file()).unwrap();
    let shop = Shop::new();
    finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.unwrap();
    // Its child has ended long ago too, but it has not, and needs what that gave.
    leave(&shop, &journal, "order-2").await;
    hands.go_on(Duration::from_secs(100));
    finish(shop.run(ITEMS).id("order-3").journal(&journal)).await.unwrap();

    assert_eq!(journal.prune(Duration::from_secs(101)).await.unwrap(), 0);
    assert_eq!(journal.prune(Duration::from_secs(50)).await.unwrap(), 2, "the run and its child");
    let ids: Vec<String> = journal.runs().await.unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| !id.starts_with("order-1")), "{ids:?}");
    let left: u32 = folder
        .sql()
        .query_row("SELECT count(*) FROM facts WHERE run LIKE 'order-1%'", (), |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
    assert_eq!(finish(shop.recover(&journal, "order-2")).await.unwrap(), RESULT);
}

#[tokio::test]
async fn what_is_read_is_what_was_written_to_the_nanosecond() {
    let folder = Folder::new();
    let journal = folder.journal();
    let at = Duration::from_nanos(1_234_567_891);
    let record =
        Record::new(0, at, "step_returned", "{\"ä\": \"\u{0} ☕\"}").about(Some("pack".to_owned()), Some(7));
    let mut page = Page::default();
    page.records.push(record.clone());
    page.checkpoint = Some(Checkpoint::new(1, "{}"));
    let opening = Opening::new("1", Shop::fingerprint()).of_parent(Some("order-0".to_owned()));
    let mut claimed = journal.claim(Claim::new("order-1", "Shop", Some(opening))).await.unwrap();
    claimed.held.as_mut().unwrap().append(page).await.unwrap();
    let kept = load(&folder.journal(), "order-1").await;
    assert_eq!(kept.records, [record]);
    assert_eq!(kept.checkpoint, Some(Checkpoint::new(1, "{}")));
    assert_eq!((&*kept.input, kept.parent.as_deref()), ("1", Some("order-0")));
    assert_eq!(kept.fingerprint, Shop::fingerprint());
    assert_eq!(kept.end, None);
}

#[event]
struct Never;

/// Calls a flow that never ends, and gives up on it.
struct Impatient(Endless);
struct Endless;

#[workflow(receives(Never))]
impl Endless {
    #[step(waits(Never))]
    async fn rest(&self, ctx: &Context<Self>, _: StartEvent<u32>) -> StopEvent<u32> {
        ctx.wait_for::<Never>().await;
        StopEvent(0)
    }
}

#[workflow]
impl Impatient {
    #[step(timeout = "20ms")]
    async fn call(&self, ctx: &Context<Self>, n: StartEvent<u32>) -> Result<StopEvent<u32>, RunError> {
        Ok(StopEvent(ctx.call(&self.0, n.0).await?))
    }
}

#[tokio::test]
async fn what_a_run_has_called_and_not_awaited_ends_with_it() {
    let folder = Folder::new();
    let journal = folder.journal();
    Impatient(Endless).run(1u32).id("caller").journal(&journal).await.unwrap_err();
    let runs = journal.runs().await.unwrap();
    let runs: Vec<_> = runs.iter().map(|run| (&*run.workflow, run.status)).collect();
    assert_eq!(runs, [("Endless", Status::Cancelled), ("Impatient", Status::Failed)]);
    assert_eq!(journal.prune(Duration::ZERO).await.unwrap(), 2);
}

#[tokio::test]
async fn the_file_reads_with_plain_sql() {
    let folder = Folder::new();
    let (shop, journal) = (Shop::new(), folder.journal());
    finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.unwrap();
    let sql = folder.sql();
    let overview =
        sql.query_row("SELECT status, facts, result FROM overview WHERE id = 'order-1'", (), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
    let (status, facts, result): (String, i64, String) = overview.unwrap();
    assert_eq!((&*status, facts), ("completed", load(&journal, "order-1").await.records.len() as i64));
    assert!(result.contains(RESULT), "{result}");
    let steps: u32 = sql
        .query_row(
            "SELECT count(*) FROM facts WHERE run = 'order-1' AND step = 'pack' AND kind = 'step_returned'",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(steps, ITEMS);
}
