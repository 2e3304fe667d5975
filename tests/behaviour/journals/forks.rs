//! Forks: a new run goes on from any point of another one, and survives as any other does.

use std::time::Duration;

use workflow_core::journal::{Filter, Journal, JournalError, MemoryJournal};
use workflow_core::prelude::*;

use super::{Approval, Breaking, ITEMS, RESULT, Shop, ShopEvent, finish, records};

#[tokio::test(start_paused = true)]
async fn a_fork_goes_on_from_any_record_of_another_run_and_leaves_that_as_it_is() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.0.unwrap();
    let before = records(&journal, "order-1").await;
    for at in 1..before.len() as u64 {
        let fork = shop.fork(&journal, "order-1", at).id(format!("fork-{at}"));
        let (result, book) = finish(fork).await;
        assert_eq!(result.unwrap(), RESULT, "forked at record {at}");
        assert_eq!(book.packed, 5, "forked at record {at}");
        assert_eq!(shop.recover(&journal, format!("fork-{at}")).await.unwrap(), RESULT);
    }
    assert_eq!(records(&journal, "order-1").await, before);
}

#[tokio::test(start_paused = true)]
async fn a_fork_can_have_another_event_in_the_place_of_one_that_came() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.0.unwrap();
    let records = records(&journal, "order-1").await;
    let place = |kind: &str| records.iter().find(|record| record.1 == kind).unwrap().0;
    let at = place("received");
    let fork = shop.fork_with(&journal, "order-1", at, Approval { ok: false }).id("refused");
    assert_eq!(fork.await.unwrap(), "[0, 1, 2, 3] of 6 to Oslo: false, after 5 tries");
    let fork = shop.fork_with(&journal, "order-1", place("started"), StartEvent(2)).id("two");
    assert_eq!(finish(fork).await.0.unwrap(), "[0, 1] of 1 to Oslo: true, after 3 tries");
    let fork = shop.fork_with(&journal, "order-1", place("opened"), StartEvent(2)).id("none");
    let error = fork.await.unwrap_err();
    assert!(matches!(error, RunError::Journal { source: JournalError::Unreadable { .. }, .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_fork_of_what_is_not_there_says_what_is() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.0.unwrap();
    let last = records(&journal, "order-1").await.len() as u64;
    for (id, at) in [("order-1", last), ("order-1", last + 1), ("order-2", 0)] {
        let error = shop.fork(&journal, id, at).id("fork").await.unwrap_err();
        let RunError::Journal { source, .. } = error else { panic!("{error:?}") };
        match id {
            "order-2" => assert_eq!(source.to_string(), "there is no run `order-2`"),
            _ => assert_eq!(
                source.to_string(),
                format!("run `order-1` cannot be forked at record {at}; its records 0 to {last} are kept")
            ),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fork_that_ends_before_its_first_page_is_kept_has_behind_it_what_it_was_given() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.0.unwrap();
    let at = records(&journal, "order-1").await.len() as u64 - 1;
    let done = shop.packed.lock().unwrap().len();
    let breaking = Breaking { journal: journal.clone(), left: Default::default(), is_kept: false };
    let fork = shop.fork(&breaking, "order-1", at).id("fork");
    let error = finish(fork).await.0.unwrap_err();
    assert!(matches!(error, RunError::Journal { .. }), "{error:?}");
    assert_eq!(records(&journal, "fork").await.len() as u64, at);
    let (result, book) = finish(shop.recover(&journal, "fork")).await;
    assert_eq!(result.unwrap(), RESULT);
    assert_eq!(book.packed, 5);
    assert_eq!(shop.packed.lock().unwrap().len(), done, "nothing is done again");
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_a_fork_ends_as_if_the_fork_had_been_there_from_the_beginning() {
    let (shop, journal) = (Shop::new(), MemoryJournal::new());
    finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.0.unwrap();
    let received = records(&journal, "order-1").await;
    let at = received.iter().find(|record| record.1 == "received").unwrap().0;
    tokio::time::sleep(Duration::from_secs(7200)).await;
    let mut run = shop.fork(&journal, "order-1", at).id("fork");
    while !matches!(run.next().await, Some(ShopEvent::Asked(_))) {}
    let asked = tokio::time::Instant::now();
    drop(run);
    tokio::time::sleep(Duration::from_secs(2400)).await;
    let age = journal.list(Filter::default()).await.unwrap()[0].age;
    assert!(age < Duration::from_secs(3600), "the time before the fork does not count: {age:?}");
    assert_eq!(
        shop.recover(&journal, "fork").await.unwrap(),
        "[0, 1, 2, 3] of 6 to Oslo: false, after 5 tries"
    );
    assert_eq!(asked.elapsed().as_secs(), 3600);
}
