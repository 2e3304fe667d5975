//! Versions: a run that another version of its workflow has begun is refused, or goes on as the migration says.

use std::sync::Arc;
use std::time::Duration;

use workflow_core::ResumeError;
use workflow_core::journal::{Journal, JournalError, MemoryJournal, Migration};
use workflow_core::prelude::*;

use super::Breaking;

#[event]
struct Approval {
    ok: bool,
}

/// The workflow as it was.
mod old {
    use super::*;

    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    pub struct Till {
        cents: u32,
    }
    #[event]
    pub struct Item(u32);
    #[event]
    pub struct Packed(u32);
    #[event]
    pub struct Order {
        items: Vec<u32>,
    }

    pub struct Shop;

    #[workflow(state = Till, publishes(Order), receives(Approval))]
    impl Shop {
        #[step]
        async fn open(&self, items: StartEvent<u32>) -> Vec<Item> {
            (0..items.0).map(Item).collect()
        }

        #[step(workers = 2)]
        async fn pack(&self, ctx: &Context<Self>, item: Item) -> Packed {
            ctx.state(|till| till.cents += item.0);
            Packed(item.0)
        }

        #[step]
        async fn close(&self, packed: Vec<Packed>) -> Order {
            Order { items: packed.into_iter().map(|packed| packed.0).collect() }
        }

        #[step(waits(Approval))]
        async fn ship(&self, ctx: &Context<Self>, order: Order) -> StopEvent<String> {
            let approval = ctx.wait_for::<Approval>().await;
            StopEvent(format!("{:?} {}", order.items, approval.ok))
        }
    }
}

/// And as it is: a step and an event have other names, fields and the state have changed, and events stand elsewhere.
mod new {
    use super::*;

    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    pub struct Till {
        euros: f64,
    }
    #[event]
    pub struct Purchase {
        items: Vec<u32>,
        currency: String,
    }
    #[event]
    pub struct Reminder;
    #[event]
    pub struct Item(u32);
    #[event]
    pub struct Packed(u32);

    pub struct Shop;

    #[workflow(state = Till, publishes(Purchase), receives(Approval, Reminder))]
    impl Shop {
        #[step(allow(dead_end))]
        async fn remind(&self, _: Reminder) {}

        #[step(waits(Approval))]
        async fn ship(&self, ctx: &Context<Self>, order: Purchase) -> StopEvent<String> {
            let approval = ctx.wait_for::<Approval>().await;
            let euros = ctx.state(|till| till.euros);
            StopEvent(format!("{:?} for {euros} {} {}", order.items, order.currency, approval.ok))
        }

        #[step]
        async fn open(&self, items: StartEvent<u32>) -> Vec<Item> {
            (0..items.0).map(Item).collect()
        }

        #[step(workers = 2)]
        async fn wrap(&self, item: Item) -> Packed {
            Packed(item.0)
        }

        #[step]
        async fn close(&self, packed: Vec<Packed>) -> Purchase {
            let items = packed.into_iter().map(|packed| packed.0).collect();
            Purchase { items, currency: "EUR".to_owned() }
        }
    }
}

fn migration() -> Migration {
    Migration::new()
        .step("pack", "wrap")
        .event("Order", "Purchase")
        .fields("Purchase", |purchase| {
            purchase["currency"] = "DM".into();
            Ok(())
        })
        .state(|till| {
            *till = serde_json::json!({ "euros": till["cents"].as_f64().ok_or("no cents")? / 100.0 });
            Ok(())
        })
}

/// A run of the old workflow that waits for an approval.
async fn left() -> MemoryJournal {
    let journal = MemoryJournal::new();
    let mut run = old::Shop.run(3u32).id("order-1").journal(&journal);
    assert!(run.next().await.is_some());
    // The state is that of all three items, and what was published is on record.
    drop(run);
    journal
}

async fn finish(run: Run<'_, new::Shop>) -> Result<String, RunError> {
    run.send(Approval { ok: true }).unwrap();
    run.await
}

#[tokio::test(start_paused = true)]
async fn a_run_of_another_version_is_refused_with_what_has_changed() {
    let journal = left().await;
    let error = finish(new::Shop.recover(&journal, "order-1")).await.unwrap_err();
    let RunError::NotResumed(ResumeError::Changed { workflow, changes, .. }) = error else {
        panic!("{error:?}")
    };
    assert_eq!(workflow, "Shop");
    for change in ["step `pack` is gone", "step `wrap` is new", "event `Purchase` is new"] {
        assert!(changes.iter().any(|known| known == change), "{changes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_of_another_version_goes_on_as_the_migration_says_and_is_one_of_this_version_then() {
    let journal = left().await;
    let run = new::Shop.run(3u32).id("order-1").journal(&journal).migrate(migration());
    tokio::time::timeout(Duration::from_secs(1), run).await.unwrap_err();
    let recording = journal.recording("order-1").await.unwrap();
    assert!(recording.executions().iter().all(|execution| execution.step() == "ship"), "{recording}");
    // It needs no migration any more.
    let result = finish(new::Shop.recover(&journal, "order-1")).await;
    assert_eq!(result.unwrap(), "[0, 1, 2] for 0.03 DM true");
    assert_eq!(new::Shop.recover(&journal, "order-1").await.unwrap(), "[0, 1, 2] for 0.03 DM true");
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_does_not_fit_says_where_and_leaves_the_run_as_it_is() {
    let journal = left().await;
    let cases = [
        (Migration::new().event("Order", "Purchase"), "there is no step `pack`"),
        (Migration::new().step("pack", "wrap"), "there is no event `Order`"),
        (migration().step("pack", "close"), "`wrap` ran where it says `close`"),
        (migration().fields("Packed", |_| Err("no packing".into())), "no packing"),
        (migration().state(|_| Err("no state".into())), "no state"),
        (migration().fields("Purchase", |_| Ok(())), "missing field `currency`"),
    ];
    for (migration, wanted) in cases {
        let run = new::Shop.recover(&journal, "order-1").migrate(migration);
        let error = finish(run).await.unwrap_err();
        let RunError::Journal { source, .. } = error else { panic!("{error:?}") };
        let words = format!("{source}: {}", std::error::Error::source(&source).unwrap());
        assert!(words.contains(wanted), "{wanted}: {words}");
    }
    let run = old::Shop.recover(&journal, "order-1");
    run.send(Approval { ok: true }).unwrap();
    assert_eq!(run.await.unwrap(), "[0, 1, 2] true");
}

mod later {
    use super::*;

    #[event]
    pub struct Tick {
        turn: u32,
    }

    #[derive(OneOf)]
    pub enum Turn {
        Tick(Tick),
        Stop(StopEvent<u32>),
    }

    pub struct Ticks;

    #[workflow]
    impl Ticks {
        #[step]
        async fn begin(&self, _: StartEvent<u32>) -> Tick {
            Tick { turn: 0 }
        }

        #[step]
        async fn turn(&self, tick: Tick) -> Turn {
            match tick.turn {
                5_000 => Turn::Stop(StopEvent(tick.turn)),
                turn => Turn::Tick(Tick { turn: turn + 1 }),
            }
        }
    }
}

fn tick() -> Migration {
    Migration::new().fields("Tick", |tick| {
        *tick = serde_json::json!({ "turn": tick });
        Ok(())
    })
}

/// A run of the ticks as they were, that was broken off after so many appends.
async fn ticks_left(after: u32) -> MemoryJournal {
    let journal = MemoryJournal::new();
    let breaking = Breaking { journal: journal.clone(), left: Arc::new(after.into()), is_kept: false };
    super::Ticks.run(0u32).id("loop").journal(&breaking).await.unwrap_err();
    journal
}

#[tokio::test]
async fn a_run_of_which_the_first_records_are_gone_cannot_be_migrated() {
    let journal = ticks_left(3_333).await;
    let error = later::Ticks.recover(&journal, "loop").migrate(tick()).await.unwrap_err();
    let RunError::Journal { source: JournalError::NotMigrated { source, .. }, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(source.to_string(), "its first records are not kept any more");
    assert_eq!(super::Ticks.recover(&journal, "loop").await.unwrap(), 5_000);
}

#[tokio::test]
async fn a_run_that_was_broken_off_anywhere_at_its_beginning_is_migrated() {
    for after in 0..8 {
        let journal = ticks_left(after).await;
        let run = later::Ticks.recover(&journal, "loop").migrate(tick());
        assert_eq!(run.await.unwrap(), 5_000, "after {after} appends");
        assert_eq!(later::Ticks.recover(&journal, "loop").await.unwrap(), 5_000);
    }
}
