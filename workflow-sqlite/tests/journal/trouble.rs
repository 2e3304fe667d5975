//! Trouble: a file that does not work ends the run cleanly, and the run goes on when it works again.

use std::error::Error;
use std::time::Duration;

use workflow_core::journal::{Journal, JournalError, Status};
use workflow_core::prelude::*;
use workflow_sqlite::{SqliteError, SqliteJournal};

use crate::leases::{claim, page};
use crate::orders::{Approval, ITEMS, RESULT, Shop, ShopEvent};
use crate::runs::{Folder, finish, leave, load};

/// What is wrong with the file, according to a run.
#[track_caller]
fn wrong(error: &RunError) -> &SqliteError {
    assert!(matches!(error, RunError::Journal { source: JournalError::Store(_), .. }), "{error:?}");
    let journal = error.source().unwrap();
    journal.source().unwrap().downcast_ref().unwrap()
}

#[tokio::test]
async fn a_run_stops_when_another_program_has_locked_the_file_and_goes_on_after() {
    let folder = Folder::new();
    let open = SqliteJournal::options().busy_timeout(Duration::from_millis(20));
    let journal = open.open(folder.file()).unwrap();
    let shop = Shop::new();
    let mut run = shop.run(ITEMS).id("order-1").journal(&journal);
    assert!(matches!(run.next().await, Some(ShopEvent::Asked(_))));
    let before = load(&journal, "order-1").await;

    let other = folder.sql();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    run.send(Approval { ok: true }).unwrap();
    let error = run.await.unwrap_err();
    assert!(matches!(wrong(&error), SqliteError::Locked { .. }), "{error:?}");
    let text = format!("another program has locked `{}` for longer than 20ms", folder.file().display());
    assert_eq!(wrong(&error).to_string(), text);
    let error = shop.run(ITEMS).id("order-2").journal(&journal).await.unwrap_err();
    assert!(matches!(wrong(&error), SqliteError::Locked { .. }), "{error:?}");
    assert_eq!(load(&journal, "order-1").await.records, before.records, "readers are not in the way");
    let reopened = SqliteJournal::options().busy_timeout(Duration::from_millis(1)).open(folder.file());
    reopened.expect("a journal is only read to be opened");

    other.execute_batch("COMMIT").unwrap();
    assert_eq!(finish(shop.recover(&journal, "order-1")).await.unwrap(), RESULT);
    assert_eq!(load(&journal, "order-1").await.records[..before.records.len()], before.records);
}

#[tokio::test]
async fn a_run_stops_when_there_is_no_room_left_and_goes_on_when_there_is() {
    let folder = Folder::new();
    let shop = Shop::new();
    let full = SqliteJournal::options().size_limit(120_000).open(folder.file()).unwrap();
    let mut ended = 0;
    let error = loop {
        match finish(shop.run(ITEMS).id(format!("order-{ended}")).journal(&full)).await {
            Ok(result) => assert_eq!(result, RESULT),
            Err(error) => break error,
        }
        ended += 1;
        assert!(ended < 100, "it is full at some time");
    };
    assert!(matches!(wrong(&error), SqliteError::Full { .. }), "{error:?}");
    assert_eq!(shop.recover(&full, "order-0").await.unwrap(), RESULT, "nothing earlier is lost");
    drop(full);

    let journal = folder.journal();
    assert_eq!(finish(shop.run(ITEMS).id(format!("order-{ended}")).journal(&journal)).await.unwrap(), RESULT);
    let packed = shop.packed.lock().unwrap().len();
    assert!(packed <= (ended + 1) * 4 + 2, "only what was in progress is done again: {packed} items");
    let check: String = folder.sql().query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}

#[tokio::test]
async fn a_page_that_fails_leaves_those_that_are_written_with_it() {
    let folder = Folder::new();
    let journal = SqliteJournal::options().size_limit(400_000).open(folder.file()).unwrap();
    let mut helds = Vec::new();
    for run in 0..6 {
        helds.push(claim(&journal, &format!("order-{run}")).await.unwrap());
    }
    let large = format!("{:?}", "x".repeat(600_000));
    let other = folder.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The first waits for the other program; the rest gathers behind it.
    let answers: Vec<_> = helds
        .iter_mut()
        .enumerate()
        .map(|(run, held)| held.append(page(0, if run == 3 { &large } else { "1" })))
        .collect();
    other.execute_batch("COMMIT").unwrap();
    for (run, answer) in answers.into_iter().enumerate() {
        match answer.await {
            Ok(()) => assert_ne!(run, 3),
            Err(error) => {
                assert_eq!(run, 3, "{error:?}");
                let wrong = error.source().unwrap().downcast_ref();
                assert!(matches!(wrong, Some(SqliteError::Full { .. })), "{error:?}");
            }
        }
    }
    for run in 0..6 {
        let kept = load(&journal, &format!("order-{run}")).await;
        assert_eq!(kept.records.len(), usize::from(run != 3));
    }
}

#[tokio::test]
async fn a_page_of_which_one_record_is_refused_is_not_kept_at_all() {
    let folder = Folder::new();
    let journal = folder.journal();
    let mut held = claim(&journal, "order-1").await.unwrap();
    held.append(page(0, "0")).await.unwrap();
    let mut twice = page(1, "1");
    twice.records.extend([page(2, "2"), page(0, "again")].into_iter().flat_map(|page| page.records));
    let error = held.append(twice).await.unwrap_err();
    assert!(matches!(error, JournalError::Store(_)), "{error:?}");
    held.append(page(1, "one")).await.unwrap();
    let bodies: Vec<String> = load(&journal, "order-1").await.records.into_iter().map(|it| it.body).collect();
    assert_eq!(bodies, ["0", "one"]);
}

#[tokio::test]
async fn a_record_that_was_damaged_is_named_and_the_other_runs_go_on() {
    let folder = Folder::new();
    let (shop, journal) = (Shop::new(), folder.journal());
    leave(&shop, &journal, "order-1").await;
    leave(&shop, &journal, "order-2").await;
    let before = load(&journal, "order-1").await.records;
    let sql = folder.sql();
    sql.execute("UPDATE facts SET body = 'x' WHERE run = 'order-1' AND number = 7", ()).unwrap();
    let error = shop.recover(&journal, "order-1").await.unwrap_err();
    let text = format!("record 7 of run `order-1`, a `{}`, cannot be read", before[7].kind);
    assert_eq!(error.source().unwrap().to_string(), text);
    assert_eq!(finish(shop.recover(&journal, "order-2")).await.unwrap(), RESULT);

    sql.execute("UPDATE facts SET body = ?1 WHERE run = 'order-1' AND number = 7", [&before[7].body])
        .unwrap();
    sql.execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM facts WHERE run = 'order-1' AND number = 9")
        .unwrap();
    sql.execute("DELETE FROM facts WHERE run = 'order-1' AND number = 9", ()).unwrap();
    let error = shop.recover(&journal, "order-1").await.unwrap_err();
    let unreadable = error.source().unwrap();
    assert_eq!(unreadable.source().unwrap().to_string(), "record 9 is missing");

    sql.execute_batch("INSERT INTO facts SELECT * FROM kept").unwrap();
    assert_eq!(finish(shop.recover(&journal, "order-1")).await.unwrap(), RESULT);
    assert_eq!(load(&journal, "order-1").await.records[..before.len()], before);
}

#[tokio::test]
async fn a_run_whose_row_was_damaged_is_refused() {
    let folder = Folder::new();
    let (shop, journal) = (Shop::new(), folder.journal());
    leave(&shop, &journal, "order-1").await;
    folder.sql().execute("UPDATE runs SET fingerprint = 'x' WHERE id = 'order-1'", ()).unwrap();
    let error = shop.recover(&journal, "order-1").await.unwrap_err();
    assert!(matches!(wrong(&error), SqliteError::Damaged { .. }), "{error:?}");
    assert_eq!(journal.runs().await.unwrap().last().unwrap().status, Status::Left, "nobody holds it");
}

#[event]
struct Large(String);

/// Makes an event of any length.
struct Writer;

#[workflow]
impl Writer {
    #[step]
    async fn write(&self, letters: StartEvent<String>) -> Large {
        Large(letters.0.repeat(10))
    }

    #[step]
    async fn read(&self, large: Large) -> StopEvent<usize> {
        StopEvent(large.0.len())
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_anything_of_it_is_written() {
    let folder = Folder::new();
    let journal = SqliteJournal::options().record_limit(1_000).open(folder.file()).unwrap();
    let error = Writer.run("x".repeat(200)).id("letter").journal(&journal).await.unwrap_err();
    let RunError::Journal { source: error @ JournalError::TooLarge { .. }, .. } = error else {
        panic!("{error:?}");
    };
    assert!(error.to_string().starts_with("a `step_returned` of run `letter` has 2"), "{error}");
    let kinds: Vec<String> = load(&journal, "letter").await.records.into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["opened", "started"]);

    let error = Writer.run("x".repeat(2_000)).id("book").journal(&journal).await.unwrap_err();
    assert!(matches!(error, RunError::Journal { source: JournalError::TooLarge { .. }, .. }), "{error:?}");
    assert!(journal.load("book").await.unwrap().is_none());

    assert_eq!(Writer.recover(&folder.journal(), "letter").await.unwrap(), 2_000);
}
