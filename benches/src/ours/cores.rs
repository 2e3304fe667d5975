//! Cores: members that compute, on tasks of their own and on threads for that.

use futures::FutureExt;
use workflow_core::prelude::*;

use super::named;
use crate::limits::compute;
use crate::{Entry, Work};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        named(Work::Cores, "ours, spawn", |n| spawned(n).boxed()),
        named(Work::Cores, "ours, blocking", |n| blocking(n).boxed()),
    ]
}

async fn spawned(members: u64) -> u64 {
    Cores.run((members, true)).await.expect("no step fails")
}

async fn blocking(members: u64) -> u64 {
    Cores.run((members, false)).await.expect("no step fails")
}

#[event]
struct ForTask(u64);
#[event]
struct ForThread(u64);
#[event]
struct Done(u64);

#[derive(OneOf)]
enum Members {
    ForTasks(Vec<ForTask>),
    ForThreads(Vec<ForThread>),
}

#[derive(Clone)]
struct Cores;

#[workflow]
impl Cores {
    #[step]
    async fn split(&self, input: StartEvent<(u64, bool)>) -> Members {
        let (members, spawned) = *input;
        if spawned {
            Members::ForTasks((0..members).map(ForTask).collect())
        } else {
            Members::ForThreads((0..members).map(ForThread).collect())
        }
    }

    #[step(spawn)]
    async fn on_a_task(&self, member: ForTask) -> Done {
        Done(compute(member.0))
    }

    #[step(blocking)]
    fn on_a_thread(&self, member: ForThread) -> Done {
        Done(compute(member.0))
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<u64> {
        StopEvent(done.iter().map(|done| done.0).sum())
    }
}
