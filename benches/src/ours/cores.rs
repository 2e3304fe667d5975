//! Cores: members that compute, on tasks of their own and on threads for that.

use futures::FutureExt;
use serde::{Deserialize, Serialize};
use workflow_core::prelude::*;

use super::named;
use crate::limits::compute;
use crate::{Entry, Work};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        named(Work::Cores, "ours, spawn", |n| run(n, On::Task).boxed()),
        named(Work::Cores, "ours, blocking", |n| run(n, On::Thread).boxed()),
        named(Work::Cores, "ours, blocking, all at once", |n| run(n, On::AnyThread).boxed()),
    ]
}

async fn run(members: u64, on: On) -> u64 {
    Cores.run((members, on)).await.expect("no step fails")
}

/// Where the members compute.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum On {
    Task,
    Thread,
    AnyThread,
}

#[event]
struct ForTask(u64);
#[event]
struct ForThread(u64);
#[event]
struct ForAnyThread(u64);
#[event]
struct Done(u64);

#[derive(OneOf)]
enum Members {
    Tasks(Vec<ForTask>),
    Threads(Vec<ForThread>),
    AnyThreads(Vec<ForAnyThread>),
}

#[derive(Clone)]
struct Cores;

#[workflow]
impl Cores {
    #[step]
    async fn split(&self, input: StartEvent<(u64, On)>) -> Members {
        let (members, on) = *input;
        match on {
            On::Task => Members::Tasks((0..members).map(ForTask).collect()),
            On::Thread => Members::Threads((0..members).map(ForThread).collect()),
            On::AnyThread => Members::AnyThreads((0..members).map(ForAnyThread).collect()),
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

    #[step(blocking, workers = 64)]
    fn on_any_thread(&self, member: ForAnyThread) -> Done {
        Done(compute(member.0))
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<u64> {
        StopEvent(done.iter().map(|done| done.0).sum())
    }
}
