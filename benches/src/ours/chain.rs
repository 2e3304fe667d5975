//! Chain: a loop of two steps, with a number and with a text in its events.

use futures::FutureExt;
use workflow_core::prelude::*;

use super::ours;
use crate::{Entry, Msg, Payload, Work};

pub(super) fn entries() -> Vec<Entry> {
    vec![ours(Work::Chain, |last| numbers(last).boxed()), ours(Work::ChainText, |last| texts(last).boxed())]
}

async fn numbers(last: u64) -> u64 {
    Numbers { last }.run(0u64).await.expect("no step fails")
}

async fn texts(last: u64) -> u64 {
    Texts { last }.run(0u64).await.expect("no step fails")
}

#[event]
struct Ping(u64);
#[event]
struct Pong(u64);

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

/// Two steps by turns, up to a number.
struct Numbers {
    last: u64,
}

#[workflow]
impl Numbers {
    #[step]
    async fn open(&self, first: StartEvent<u64>) -> Ping {
        Ping(u64::new(*first))
    }

    #[step]
    async fn ping(&self, ping: Ping) -> AfterPing {
        let payload = ping.0.next();
        if payload.number() == self.last { StopEvent(payload.number()).into() } else { Pong(payload).into() }
    }

    #[step]
    async fn pong(&self, pong: Pong) -> AfterPong {
        let payload = pong.0.next();
        if payload.number() == self.last { StopEvent(payload.number()).into() } else { Ping(payload).into() }
    }
}

#[event]
struct PingText(Msg);
#[event]
struct PongText(Msg);

#[derive(OneOf)]
enum AfterPingText {
    Pong(PongText),
    Stop(StopEvent<u64>),
}

#[derive(OneOf)]
enum AfterPongText {
    Ping(PingText),
    Stop(StopEvent<u64>),
}

/// The same, with a text in the events.
struct Texts {
    last: u64,
}

#[workflow]
impl Texts {
    #[step]
    async fn open(&self, first: StartEvent<u64>) -> PingText {
        PingText(Msg::new(*first))
    }

    #[step]
    async fn ping(&self, ping: PingText) -> AfterPingText {
        let payload = ping.0.next();
        if payload.number() == self.last {
            StopEvent(payload.number()).into()
        } else {
            PongText(payload).into()
        }
    }

    #[step]
    async fn pong(&self, pong: PongText) -> AfterPongText {
        let payload = pong.0.next();
        if payload.number() == self.last {
            StopEvent(payload.number()).into()
        } else {
            PingText(payload).into()
        }
    }
}
