//! Steps: the events of the works as enums, and the steps as methods.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Payload, park};

/// The events of a loop of two steps.
pub(super) enum Turn<P> {
    Ping(P),
    Pong(P),
    Stop(P),
}

/// A loop of two steps that stops at a number.
pub(super) struct Loop {
    pub(super) last: u64,
}

impl Loop {
    pub(super) async fn ping<P: Payload>(&self, payload: P) -> Turn<P> {
        let payload = payload.next();
        if payload.number() == self.last { Turn::Stop(payload) } else { Turn::Pong(payload) }
    }

    pub(super) async fn pong<P: Payload>(&self, payload: P) -> Turn<P> {
        let payload = payload.next();
        if payload.number() == self.last { Turn::Stop(payload) } else { Turn::Ping(payload) }
    }

    /// The step that takes the event.
    pub(super) async fn dispatch<P: Payload>(&self, turn: Turn<P>) -> Turn<P> {
        match turn {
            Turn::Ping(payload) => self.ping(payload).await,
            Turn::Pong(payload) => self.pong(payload).await,
            Turn::Stop(_) => turn,
        }
    }
}

/// The events of a fan.
pub(super) enum Part {
    Start,
    Work(u64),
    Done(u64),
}

/// What a step of a fan gives.
pub(super) enum Given {
    Nothing,
    One(Part),
    Many(Vec<Part>),
    Stop(u64),
}

/// A fan of `width` members, and what has come in of them.
pub(super) struct Fan {
    width: u64,
    done: AtomicU64,
    sum: AtomicU64,
}

impl Fan {
    pub(super) fn new(width: u64) -> Self {
        Self { width, done: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }

    pub(super) async fn split(&self) -> Given {
        Given::Many((0..self.width).map(Part::Work).collect())
    }

    pub(super) async fn work(&self, number: u64) -> Given {
        Given::One(Part::Done(number.next()))
    }

    pub(super) async fn gather(&self, number: u64) -> Given {
        let sum = self.sum.fetch_add(number, Ordering::Relaxed) + number;
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done == self.width { Given::Stop(sum) } else { Given::Nothing }
    }

    /// The step that takes the event.
    pub(super) async fn dispatch(&self, part: Part) -> Given {
        match part {
            Part::Start => self.split().await,
            Part::Work(number) => self.work(number).await,
            Part::Done(number) => self.gather(number).await,
        }
    }
}

/// The events of a run of three steps.
pub(super) enum Stage {
    First(u64),
    Second(u64),
    Third(u64),
    Stop(u64),
}

/// Three steps in a row, of which the second may wait at the gate.
pub(super) struct Three {
    parks: bool,
}

impl Three {
    pub(super) fn new(parks: bool) -> Self {
        Self { parks: black_box(parks) }
    }

    pub(super) async fn first(&self, number: u64) -> Stage {
        Stage::Second(number.next())
    }

    pub(super) async fn second(&self, number: u64) -> Stage {
        if self.parks {
            park().await;
        }
        Stage::Third(number.next())
    }

    pub(super) async fn third(&self, number: u64) -> Stage {
        Stage::Stop(number.next())
    }

    /// The step that takes the event.
    pub(super) async fn dispatch(&self, stage: Stage) -> Stage {
        match stage {
            Stage::First(number) => self.first(number).await,
            Stage::Second(number) => self.second(number).await,
            Stage::Third(number) => self.third(number).await,
            Stage::Stop(_) => stage,
        }
    }
}
