//! Flows: one loop of two steps, over and over, each with one more thing asked of it.

use std::convert::Infallible;
use std::time::Duration;

use futures::FutureExt;
use workflow_benches::{Entry, Payload};
use workflow_core::journal::MemoryJournal;
use workflow_core::prelude::*;

use crate::row;

const LONG: Duration = Duration::from_secs(3_600);

/// All features but the one that is asked for when the program is compiled.
pub(crate) fn rows() -> Vec<Entry> {
    vec![
        row("timeout of the run", |last| result(Plain { last }, |run| run.timeout(LONG)).boxed()),
        row("timeout of each step", |last| result(Timed { last }, |run| run).boxed()),
        row("retry of each step", |last| result(Retried { last }, |run| run).boxed()),
        row("the loop is a member of a batch", |last| result(Batched { last }, |run| run).boxed()),
        row("timeout, retry and batch elsewhere", |last| result(Elsewhere { last }, |run| run).boxed()),
        row("resumable", |last| result(Plain { last }, |run| run.resumable()).boxed()),
        row("record", |last| result(Plain { last }, |run| run.record()).boxed()),
        row("journal, in memory", |last| {
            result(Plain { last }, |run| run.id("loop").journal(&MemoryJournal::new())).boxed()
        }),
        row("verbose, to nowhere", |last| {
            result(Plain { last }, |run| run.verbose_to(std::io::sink())).boxed()
        }),
        row("spawn of each step", |last| result(Spawned { last }, |run| run).boxed()),
    ]
}

/// The loop without any.
pub(crate) async fn plain(last: u64) -> u64 {
    result(Plain { last }, |run| run).await
}

async fn result<W>(flow: W, set_up: impl for<'r> FnOnce(Run<'r, W>) -> Run<'r, W>) -> u64
where
    W: Workflow<Input = (), Output = u64>,
{
    set_up(flow.run(())).await.expect("no step fails")
}

#[event]
struct Ping(u64);
#[event]
struct Pong(u64);
#[event]
struct Member;
#[event]
struct Done;

#[derive(OneOf)]
enum AfterPing {
    Pong(Pong),
    Stop(StopEvent<u64>),
}

#[derive(OneOf)]
enum AfterPong {
    Ping(Ping),
    Stop(StopEvent<u64>),
}

impl Ping {
    fn next(self, last: u64) -> AfterPing {
        let number = self.0.next();
        if number == last { StopEvent(number).into() } else { Pong(number).into() }
    }
}

impl Pong {
    fn next(self, last: u64) -> AfterPong {
        let number = self.0.next();
        if number == last { StopEvent(number).into() } else { Ping(number).into() }
    }
}

/// Nothing but the loop.
struct Plain {
    last: u64,
}

#[workflow]
impl Plain {
    #[step]
    async fn open(&self, _: StartEvent<()>) -> Ping {
        Ping(0)
    }

    #[step]
    async fn ping(&self, ping: Ping) -> AfterPing {
        ping.next(self.last)
    }

    #[step]
    async fn pong(&self, pong: Pong) -> AfterPong {
        pong.next(self.last)
    }
}

/// Each step has an hour.
struct Timed {
    last: u64,
}

#[workflow]
impl Timed {
    #[step]
    async fn open(&self, _: StartEvent<()>) -> Ping {
        Ping(0)
    }

    #[step(timeout = "1h")]
    async fn ping(&self, ping: Ping) -> AfterPing {
        ping.next(self.last)
    }

    #[step(timeout = "1h")]
    async fn pong(&self, pong: Pong) -> AfterPong {
        pong.next(self.last)
    }
}

/// Each step could fail and be tried again.
struct Retried {
    last: u64,
}

#[workflow]
impl Retried {
    #[step]
    async fn open(&self, _: StartEvent<()>) -> Ping {
        Ping(0)
    }

    #[step(retry)]
    async fn ping(&self, ping: Ping) -> Result<AfterPing, Infallible> {
        Ok(ping.next(self.last))
    }

    #[step(retry)]
    async fn pong(&self, pong: Pong) -> Result<AfterPong, Infallible> {
        Ok(pong.next(self.last))
    }
}

/// The loop is the one member of a batch, so that each event belongs to that.
struct Batched {
    last: u64,
}

#[workflow]
impl Batched {
    #[step]
    async fn open(&self, _: StartEvent<()>) -> Vec<Ping> {
        vec![Ping(0)]
    }

    #[step]
    async fn ping(&self, ping: Ping) -> AfterPing {
        ping.next(self.last)
    }

    #[step]
    async fn pong(&self, pong: Pong) -> AfterPong {
        pong.next(self.last)
    }
}

#[event]
struct Aside;

#[derive(OneOf)]
enum First {
    Ping(Ping),
    Aside(Aside),
}

/// Has it all, on steps that a run never comes to.
struct Elsewhere {
    last: u64,
}

#[workflow]
impl Elsewhere {
    #[step]
    async fn open(&self, _: StartEvent<()>) -> First {
        Ping(0).into()
    }

    #[step]
    async fn ping(&self, ping: Ping) -> AfterPing {
        ping.next(self.last)
    }

    #[step]
    async fn pong(&self, pong: Pong) -> AfterPong {
        pong.next(self.last)
    }

    #[step(timeout = "1h", retry)]
    async fn split(&self, _: Aside) -> Result<Vec<Member>, Infallible> {
        Ok(vec![Member])
    }

    #[step(timeout = "1h", retry)]
    async fn work(&self, _: Member) -> Result<Done, Infallible> {
        Ok(Done)
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<u64> {
        StopEvent(done.len() as u64)
    }
}

/// Each step is a task of its own.
#[derive(Clone)]
struct Spawned {
    last: u64,
}

#[workflow]
impl Spawned {
    #[step]
    async fn open(&self, _: StartEvent<()>) -> Ping {
        Ping(0)
    }

    #[step(spawn)]
    async fn ping(&self, ping: Ping) -> AfterPing {
        ping.next(self.last)
    }

    #[step(spawn)]
    async fn pong(&self, pong: Pong) -> AfterPong {
        pong.next(self.last)
    }
}
