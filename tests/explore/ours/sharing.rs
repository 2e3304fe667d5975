//! State and dynamic keys, changed by steps beside each other.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use workflow_core::ValueError;
use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

use super::check;

#[event]
struct Item(u32);
#[event]
struct Kept;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Shelf {
    items: BTreeSet<u32>,
    closed: bool,
}

struct Shelves;

#[workflow(state = Shelf)]
impl Shelves {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> Vec<Item> {
        (1..=n.0).map(Item).collect()
    }
    #[step(workers = 2)]
    async fn keep(&self, ctx: &Context<Self>, item: Item) -> Result<Kept, ValueError> {
        ctx.state(|shelf| shelf.items.insert(item.0));
        tokio::task::yield_now().await;
        ctx.set(format!("item {}", item.0), &item.0)?;
        Ok(Kept)
    }
    #[step]
    async fn close(&self, ctx: &Context<Self>, kept: Vec<Kept>) -> Result<StopEvent<(u32, u32)>, ValueError> {
        let sum = ctx.state(|shelf| {
            shelf.closed = true;
            shelf.items.iter().sum()
        });
        let mut keys = 0;
        for item in 1..=kept.len() {
            keys += ctx.get::<u32>(&format!("item {item}"))?.unwrap_or(0);
        }
        Ok(StopEvent((sum, keys)))
    }
}

#[test]
fn what_is_shared_survives() {
    let begin = || check_all_orders(|| Shelves, 3u32).always(|shelf| !shelf.closed || shelf.items.len() == 3);
    check(begin, |both| *both == (6, 6));
}
