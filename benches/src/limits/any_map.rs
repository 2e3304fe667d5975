//! Boxed events of any type and a map from type to boxed step: a registry that is made at run time.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use super::steps::{Fan, Given, Loop, Part, Stage, Three, Turn};
use super::{in_turn, limit};
use crate::{Entry, Msg, Payload, Work, tasks};

pub(super) fn entries() -> Vec<Entry> {
    let name = "dyn Any and a map";
    vec![
        limit(Work::Chain, name, |n| chain::<u64>(n).boxed()),
        limit(Work::ChainText, name, |n| chain::<Msg>(n).boxed()),
        limit(Work::Fan1k, name, |n| fan(n).boxed()),
        limit(Work::Fan10k, name, |n| fan(n).boxed()),
        limit(Work::Fan100k, name, |n| fan(n).boxed()),
        limit(Work::Runs, name, |n| runs(n).boxed()),
        limit(Work::Suspended, name, |n| suspended(n).boxed()),
    ]
}

type Event = Box<dyn Any + Send>;
type Step<S, O> = Box<dyn Fn(Arc<S>, Event) -> BoxFuture<'static, O> + Send + Sync>;

/// Which step takes events of which type.
struct Registry<S, O>(HashMap<TypeId, Step<S, O>>);

impl<S: Send + Sync + 'static, O> Registry<S, O> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn add<E, F>(mut self, step: impl Fn(Arc<S>, E) -> F + Copy + Send + Sync + 'static) -> Self
    where
        E: Send + 'static,
        F: Future<Output = O> + Send + 'static,
    {
        let boxed = move |steps: Arc<S>, event: Event| {
            let event = event.downcast::<E>().expect("events of this type come here");
            step(steps, *event).boxed()
        };
        self.0.insert(TypeId::of::<E>(), Box::new(boxed));
        self
    }

    fn start(&self, steps: &Arc<S>, event: Event) -> BoxFuture<'static, O> {
        self.0[&(*event).type_id()](Arc::clone(steps), event)
    }
}

struct Ping<P>(P);
struct Pong<P>(P);
struct Stop<P>(P);

async fn chain<P: Payload>(last: u64) -> u64 {
    fn boxed<P: Payload>(turn: Turn<P>) -> Event {
        match turn {
            Turn::Ping(payload) => Box::new(Ping(payload)),
            Turn::Pong(payload) => Box::new(Pong(payload)),
            Turn::Stop(payload) => Box::new(Stop(payload)),
        }
    }
    let registry = Registry::new()
        .add(|steps: Arc<Loop>, event: Ping<P>| async move { boxed(steps.ping(event.0).await) })
        .add(|steps: Arc<Loop>, event: Pong<P>| async move { boxed(steps.pong(event.0).await) });
    let steps = Arc::new(Loop { last });
    let mut event: Event = Box::new(Ping(P::new(0)));
    loop {
        event = match event.downcast::<Stop<P>>() {
            Ok(stop) => return stop.0.number(),
            Err(event) => registry.start(&steps, event).await,
        };
    }
}

struct Split;
struct Member(u64);
struct Done(u64);

async fn fan(width: u64) -> u64 {
    fn one(part: Part) -> Event {
        match part {
            Part::Start => Box::new(Split),
            Part::Work(number) => Box::new(Member(number)),
            Part::Done(number) => Box::new(Done(number)),
        }
    }
    fn boxed(given: Given) -> Vec<Event> {
        match given {
            Given::Nothing => Vec::new(),
            Given::One(part) => vec![one(part)],
            Given::Many(parts) => parts.into_iter().map(one).collect(),
            Given::Stop(sum) => vec![Box::new(Stop(sum))],
        }
    }
    let registry = Registry::new()
        .add(|steps: Arc<Fan>, _: Split| async move { boxed(steps.split().await) })
        .add(|steps: Arc<Fan>, work: Member| async move { boxed(steps.work(work.0).await) })
        .add(|steps: Arc<Fan>, done: Done| async move { boxed(steps.gather(done.0).await) });
    let steps = Arc::new(Fan::new(width));
    let mut running = FuturesUnordered::new();
    let mut events: Vec<Event> = vec![Box::new(Split)];
    loop {
        for event in events {
            match event.downcast::<Stop<u64>>() {
                Ok(stop) => return stop.0,
                Err(event) => running.push(registry.start(&steps, event)),
            }
        }
        events = running.next().await.expect("the last member stops it");
    }
}

struct First(u64);
struct Second(u64);
struct Third(u64);

/// The registry is made once for all runs.
fn three() -> Arc<Registry<Three, Event>> {
    fn boxed(stage: Stage) -> Event {
        match stage {
            Stage::First(number) => Box::new(First(number)),
            Stage::Second(number) => Box::new(Second(number)),
            Stage::Third(number) => Box::new(Third(number)),
            Stage::Stop(number) => Box::new(Stop(number)),
        }
    }
    let registry = Registry::new()
        .add(|steps: Arc<Three>, event: First| async move { boxed(steps.first(event.0).await) })
        .add(|steps: Arc<Three>, event: Second| async move { boxed(steps.second(event.0).await) })
        .add(|steps: Arc<Three>, event: Third| async move { boxed(steps.third(event.0).await) });
    Arc::new(registry)
}

async fn runs(n: u64) -> u64 {
    let registry = three();
    in_turn(n, |number| run(Arc::clone(&registry), number, false)).await
}

async fn suspended(n: u64) -> u64 {
    let registry = three();
    tasks(n, |number| run(Arc::clone(&registry), number, true)).await
}

async fn run(registry: Arc<Registry<Three, Event>>, number: u64, parks: bool) -> u64 {
    let steps = Arc::new(Three::new(parks));
    let mut event: Event = Box::new(First(number));
    loop {
        event = match event.downcast::<Stop<u64>>() {
            Ok(stop) => return stop.0,
            Err(event) => registry.start(&steps, event).await,
        };
    }
}
