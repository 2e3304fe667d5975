//! Leases: a run is in the hands of one, and whoever comes late writes nothing.

use std::time::Duration;

use workflow_core::Workflow;
use workflow_core::journal::{Claim, Claimed, Held, Journal, JournalError, Opening, Page, Record, Status};
use workflow_core::prelude::RunError;
use workflow_sqlite::SqliteJournal;

use crate::orders::{ITEMS, RESULT, Shop, ShopEvent};
use crate::runs::{Folder, Hands, finish, leave, load};

/// Two journals on one file, whose lease is 10 seconds by a clock that stands.
fn two(folder: &Folder, hands: &Hands) -> (SqliteJournal, SqliteJournal) {
    let open = || SqliteJournal::options().clock(hands.clock()).open(folder.file()).unwrap();
    (open(), open())
}

pub(crate) async fn claim(journal: &SqliteJournal, id: &str) -> Result<Box<dyn Held>, JournalError> {
    let opening = Opening::new("1", Shop::fingerprint());
    let Claimed { held, .. } = journal.claim(Claim::new(id, "Shop", Some(opening))).await?;
    Ok(held.expect("the run has not ended"))
}

/// A page with this record.
pub(crate) fn page(number: u64, body: &str) -> Page {
    let mut page = Page::default();
    page.records.push(Record::new(number, Duration::from_nanos(number), "noted", body));
    page
}

fn busy_for(error: JournalError) -> u64 {
    match error {
        JournalError::Busy { left, .. } => left.as_secs(),
        other => panic!("{other:?}"),
    }
}

async fn left(journal: &SqliteJournal, id: &str) -> u64 {
    busy_for(claim(journal, id).await.err().expect("somebody holds it"))
}

#[tokio::test]
async fn a_run_in_other_hands_is_busy_until_its_lease_ends() {
    let (folder, hands) = (Folder::new(), Hands::default());
    let (one, two) = two(&folder, &hands);
    let mut held = claim(&one, "order-1").await.unwrap();
    assert_eq!(left(&two, "order-1").await, 10);
    assert_eq!(left(&one, "order-1").await, 10, "one journal does not take it twice");
    hands.go_on(Duration::from_secs(3));
    held.append(page(0, "{}")).await.unwrap();
    assert_eq!(left(&two, "order-1").await, 7, "a page alone does not put the end off");
    hands.go_on(Duration::from_secs(1));
    held.append(page(1, "{}")).await.unwrap();
    assert_eq!(left(&two, "order-1").await, 10, "after a third of it, the end is put off");
    let runs = two.runs().await.unwrap();
    assert_eq!((runs[0].status, runs[0].records), (Status::Running, 2));
}

#[tokio::test]
async fn who_comes_back_after_its_lease_has_lost_what_somebody_took() {
    let (folder, hands) = (Folder::new(), Hands::default());
    let (one, two) = two(&folder, &hands);
    let mut late = claim(&one, "order-1").await.unwrap();
    let mut untouched = claim(&one, "order-2").await.unwrap();
    late.append(page(0, "1")).await.unwrap();
    hands.go_on(Duration::from_secs(10));
    assert_eq!(two.runs().await.unwrap()[0].status, Status::Left);

    let mut new = claim(&two, "order-1").await.unwrap();
    let error = late.append(page(1, "2")).await.unwrap_err();
    assert!(matches!(error, JournalError::Lost { .. }), "{error:?}");
    new.append(page(1, "3")).await.unwrap();
    drop(late);
    assert_eq!(left(&one, "order-1").await, 10, "it does not let go of what it has lost");
    let bodies: Vec<String> = load(&two, "order-1").await.records.into_iter().map(|it| it.body).collect();
    assert_eq!(bodies, ["1", "3"]);
    untouched.append(page(0, "1")).await.expect("nobody has taken that one");
}

#[tokio::test]
async fn a_run_that_is_let_go_of_is_free_at_once() {
    let folder = Folder::new();
    let (one, two) = (folder.journal(), folder.journal());
    drop(claim(&one, "order-1").await.unwrap());
    claim(&one, "order-1").await.expect("the one who let go is not in its own way");
    one.runs().await.unwrap();
    drop(one);
    let _held = claim(&two, "order-1").await.expect("a journal that is closed holds nothing");
}

#[tokio::test]
async fn a_claim_that_nobody_waits_for_any_more_holds_nothing() {
    let folder = Folder::new();
    let journal = SqliteJournal::options().patience(Duration::from_secs(60)).open(folder.file()).unwrap();
    for _ in 0..20 {
        let mut claimed = Box::pin(claim(&journal, "order-1"));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(claimed.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        drop(claimed);
    }
    claim(&journal, "order-1").await.unwrap();
}

#[tokio::test]
async fn a_patient_run_goes_on_when_the_other_lets_go() {
    let folder = Folder::new();
    let open = || SqliteJournal::options().patience(Duration::from_secs(60)).open(folder.file()).unwrap();
    let (one, two) = (open(), open());
    let shop = Shop::new();
    let mut first = shop.run(ITEMS).id("order-1").journal(&one);
    assert!(matches!(first.next().await, Some(ShopEvent::Asked(_))));
    let mut second = Box::pin(finish(shop.run(ITEMS).id("order-1").journal(&two)));
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(second.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    drop(first);
    assert_eq!(second.await.unwrap(), RESULT);
}

#[tokio::test]
async fn runs_of_a_process_that_is_no_more_are_taken_up_when_its_lease_has_passed() {
    let folder = Folder::new();
    let shop = std::sync::Arc::new(Shop::new());
    let journal = SqliteJournal::options().lease(Duration::from_millis(300)).open(folder.file()).unwrap();
    leave(&shop, &journal, "order-1").await;
    assert_eq!(journal.runs().await.unwrap()[1].status, Status::Left);
    // As a crash leaves it.
    let sql = folder.sql();
    sql.execute_batch(
        "INSERT INTO holders (id, process, until_ms) VALUES (99, 0, unixepoch('subsec') * 1000 + 200);
         UPDATE runs SET holder = 99 WHERE id = 'order-1'",
    )
    .unwrap();
    let error = shop.recover(&journal, "order-1").await.unwrap_err();
    assert!(matches!(error, RunError::Journal { source: JournalError::Busy { .. }, .. }), "{error:?}");
    let mut tasks = journal.resume_all(&shop).await.unwrap();
    let (id, task) = tasks.pop().expect("the run is taken up");
    assert_eq!(id, "order-1");
    task.send(crate::orders::Approval { ok: true }).unwrap();
    assert_eq!(task.await.unwrap(), RESULT);
}
