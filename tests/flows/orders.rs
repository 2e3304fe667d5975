//! Orders: a flow with all that a run can do, in some tens of milliseconds, for tests of what survives.

use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use workflow_core::prelude::*;

#[event]
pub struct Item(u32);
#[event]
pub struct Packed(u32);
#[event]
pub struct Parcel {
    items: Vec<u32>,
    weight: u32,
}
#[event]
pub struct Label(String);
#[event]
pub struct Approval {
    pub ok: bool,
}
#[event]
pub struct Asked;
#[event]
pub struct Noted(u32);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Book {
    pub packed: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("the scale is out of order")]
pub struct Broken;

pub struct Scale;

#[workflow]
impl Scale {
    #[step]
    async fn weigh(&self, ctx: &Context<Self>, items: StartEvent<Vec<u32>>) -> StopEvent<u32> {
        ctx.sleep(Duration::from_millis(2)).await;
        StopEvent(items.0.iter().sum())
    }
}

/// Batches, joins, retries, waits, timers, children, sends, what is shared.
pub struct Shop {
    pub scale: Scale,
    /// The idempotency keys of the executions that packed an item, as they ended.
    pub packed: Mutex<Vec<String>>,
}

impl Shop {
    pub fn new() -> Self {
        Self { scale: Scale, packed: Mutex::default() }
    }
}

#[workflow(state = Book, publishes(Asked), receives(Approval))]
impl Shop {
    #[step]
    async fn open(&self, order: StartEvent<u32>) -> (Vec<Item>, Label) {
        ((0..order.0).map(Item).collect(), Label("to Oslo".to_owned()))
    }

    #[step(workers = 2, retry(attempts = 3, wait = "3ms"), sends(Noted))]
    async fn pack(&self, ctx: &Context<Self>, item: Item) -> Result<Packed, Broken> {
        ctx.state(|book| book.packed += 1);
        ctx.send(Noted(item.0)).unwrap();
        ctx.sleep(Duration::from_millis(u64::from(item.0))).await;
        if item.0 == 1 && ctx.attempt().number == 1 {
            return Err(Broken);
        }
        ctx.set(format!("item {}", item.0), &true).unwrap();
        self.packed.lock().unwrap().push(ctx.idempotency_key());
        Ok(Packed(item.0))
    }

    #[step(allow(dead_end))]
    async fn collect(&self, ctx: &Context<Self>, noted: Noted) {
        if let Some(noted) = ctx.collect::<Noted>(noted, 2) {
            let pair: Vec<u32> = noted.iter().map(|noted| noted.0).collect();
            ctx.set("pair", &pair).unwrap();
        }
    }

    #[step]
    async fn close(&self, ctx: &Context<Self>, packed: Vec<Packed>) -> Result<Parcel, RunError> {
        let mut items: Vec<u32> = packed.iter().map(|packed| packed.0).collect();
        items.sort_unstable();
        let weight = ctx.call(&self.scale, items.clone()).await?;
        Ok(Parcel { items, weight })
    }

    #[step(waits(Approval))]
    async fn ship(&self, ctx: &Context<Self>, parcel: Parcel, label: Label) -> StopEvent<String> {
        ctx.publish(Asked);
        let answer = ctx.wait_for::<Approval>().timeout(Duration::from_secs(3600)).await;
        let is_approved = answer.is_ok_and(|answer| answer.ok);
        let changes = ctx.state(|book| book.packed);
        let Parcel { items, weight } = parcel;
        StopEvent(format!("{items:?} of {weight} {}: {is_approved}, after {changes} tries", label.0))
    }
}

/// What a run of four items gives: one of them needs a second try.
pub const RESULT: &str = "[0, 1, 2, 3] of 6 to Oslo: true, after 5 tries";

/// How many items that is.
pub const ITEMS: u32 = 4;
