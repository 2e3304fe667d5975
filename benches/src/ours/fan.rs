//! Fan: a batch, a worker step, and a join of what comes of it.

use futures::FutureExt;
use workflow_core::prelude::*;

use super::ours;
use crate::{Entry, Payload, Work};

pub(super) fn entries() -> Vec<Entry> {
    [Work::Fan1k, Work::Fan10k, Work::Fan100k].map(|work| ours(work, |width| fan(width).boxed())).to_vec()
}

async fn fan(width: u64) -> u64 {
    Fan.run(width).await.expect("no step fails")
}

#[event]
struct Member(u64);
#[event]
struct Done(u64);

struct Fan;

#[workflow]
impl Fan {
    #[step]
    async fn split(&self, width: StartEvent<u64>) -> Vec<Member> {
        (0..*width).map(Member).collect()
    }

    #[step]
    async fn work(&self, member: Member) -> Done {
        Done(member.0.next())
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<u64> {
        StopEvent(done.iter().map(|done| done.0).sum())
    }
}
