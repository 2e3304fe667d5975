//! `ctx.collect`: events that a step gathers over its executions, in numbers known only at run time.

use workflow_core::prelude::*;

use crate::Log;

#[event]
struct Hit(u32);
#[event]
struct Query(u32);
#[event]
struct Group(Vec<u32>);

fn numbers(hits: Vec<Hit>) -> Vec<u32> {
    hits.into_iter().map(|hit| hit.0).collect()
}

/// Gathers so many hits at a time.
struct Groups {
    size: usize,
    log: Log,
}

impl Groups {
    fn of(size: usize) -> Self {
        Self { size, log: Log::default() }
    }
}

#[workflow]
impl Groups {
    #[step]
    async fn open(&self, hits: StartEvent<u32>) -> Vec<Hit> {
        (0..hits.0).map(Hit).collect()
    }

    #[step]
    async fn gather(&self, ctx: &Context<Self>, hit: Hit) -> Option<Group> {
        self.log.note(format!("{}", hit.0));
        let hits = ctx.collect::<Hit>(hit, self.size)?;
        Some(Group(numbers(hits)))
    }

    #[step]
    async fn finish(&self, groups: Vec<Group>) -> StopEvent<Vec<Vec<u32>>> {
        StopEvent(groups.into_iter().map(|group| group.0).collect())
    }
}

#[tokio::test]
async fn collect_gives_n_events_in_the_order_of_their_arrival_once_they_are_there() {
    assert_eq!(Groups::of(3).run(7u32).await.unwrap(), [[0, 1, 2], [3, 4, 5]]);
    assert_eq!(Groups::of(1).run(2u32).await.unwrap(), [[0], [1]]);
    assert_eq!(Groups::of(3).run(2u32).await.unwrap(), [[0; 0]; 0]);
}

#[tokio::test]
async fn a_step_runs_once_for_each_event_that_it_collects() {
    let flow = Groups::of(2);
    flow.run(5u32).await.unwrap();
    assert_eq!(flow.log.take(), ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn collecting_none_gives_none_at_once() {
    assert_eq!(Groups::of(0).run(2u32).await.unwrap(), [[0; 0], []]);
}

#[tokio::test]
async fn ten_thousand_events_are_collected() {
    let all: Vec<u32> = (0..10_000).collect();
    assert_eq!(Groups::of(10_000).run(10_000u32).await.unwrap(), [all]);
}

#[tokio::test]
async fn runs_share_nothing_that_they_have_collected() {
    let flow = Groups::of(2);
    let (one, other) = tokio::join!(flow.run(1u32), flow.run(1u32));
    assert_eq!([one.unwrap(), other.unwrap()], [[[0; 0]; 0]; 2]);
}

#[derive(OneOf)]
enum Found {
    Hit(Hit),
    Query(Query),
}

/// Gathers a query with two hits, as they come.
struct Mixed;

#[workflow]
impl Mixed {
    #[step]
    async fn open(&self, kinds: StartEvent<String>) -> Vec<Found> {
        let found = |(kind, number)| match kind {
            'h' => Hit(number).into(),
            _ => Query(number).into(),
        };
        kinds.0.chars().zip(0..).map(found).collect()
    }

    #[step(on(Hit, Query))]
    async fn gather(&self, ctx: &Context<Self>, found: Found) -> Option<Group> {
        let (queries, hits) = ctx.collect::<(Query, Hit)>(found, (1, 2))?;
        Some(Group(queries.into_iter().map(|query| query.0).chain(numbers(hits)).collect()))
    }

    #[step]
    async fn finish(&self, groups: Vec<Group>) -> StopEvent<Vec<Vec<u32>>> {
        StopEvent(groups.into_iter().map(|group| group.0).collect())
    }
}

#[tokio::test]
async fn several_kinds_come_in_the_order_in_which_they_were_asked_for() {
    assert_eq!(Mixed.run("hqh").await.unwrap(), [[1, 0, 2]]);
}

#[tokio::test]
async fn what_is_more_than_asked_for_stays_for_the_next_time() {
    assert_eq!(Mixed.run("hhhqhq").await.unwrap(), [[3, 0, 1], [5, 2, 4]]);
    assert_eq!(Mixed.run("qqhhhh").await.unwrap(), [[0, 2, 3], [1, 4, 5]]);
}

/// Two steps gather the same hits, one in twos and one in threes.
#[derive(Default)]
struct Both(Log);

#[workflow]
impl Both {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> Vec<Hit> {
        (0..6).map(Hit).collect()
    }

    #[step(allow(dead_end))]
    async fn twos(&self, ctx: &Context<Self>, hit: Hit) {
        if let Some(hits) = ctx.collect::<Hit>(hit, 2) {
            self.0.note(format!("twos {:?}", numbers(hits)));
        }
    }

    #[step(allow(dead_end))]
    async fn threes(&self, ctx: &Context<Self>, hit: Hit) {
        if let Some(hits) = ctx.collect::<Hit>(hit, 3) {
            self.0.note(format!("threes {:?}", numbers(hits)));
        }
    }

    #[step]
    async fn finish(&self, _hits: Vec<Hit>) -> StopEvent<()> {
        StopEvent(())
    }
}

#[tokio::test]
async fn steps_that_collect_the_same_event_do_not_share_it() {
    let flow = Both::default();
    flow.run(()).await.unwrap();
    let mut collected = flow.0.take();
    collected.sort();
    assert_eq!(
        collected,
        ["threes [0, 1, 2]", "threes [3, 4, 5]", "twos [0, 1]", "twos [2, 3]", "twos [4, 5]"]
    );
}

#[derive(Debug, thiserror::Error)]
#[error("not yet")]
struct NotYet;

/// Collects twice in one execution, whose first try fails.
#[derive(Default)]
struct Again(Log);

#[workflow]
impl Again {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> (Option<Query>, Vec<Hit>) {
        (None, vec![Hit(0), Hit(1)])
    }

    #[step(workers = 1, retry(wait = "1s"))]
    async fn gather(&self, ctx: &Context<Self>, hit: Hit) -> Result<Option<Group>, NotYet> {
        let number = hit.0;
        let hits = ctx.collect::<Hit>(hit, 2).map(numbers);
        let queries = ctx.collect::<Query>(Query(10 + number), 1).map(|queries| queries[0].0);
        self.0.note(format!("{number}: {hits:?} {queries:?}"));
        if ctx.attempt().number < 3 { Err(NotYet) } else { Ok(hits.map(Group)) }
    }

    #[step(allow(dead_end))]
    async fn ask(&self, _query: Query) {}

    #[step]
    async fn finish(&self, groups: Vec<Group>) -> StopEvent<usize> {
        StopEvent(groups.len())
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_try_sees_what_the_failed_one_saw() {
    let flow = Again::default();
    assert_eq!(flow.run(()).await.unwrap(), 1);
    let mut seen = flow.0.take();
    seen.sort();
    let (none, some) = ("0: None Some(10)", "1: Some([0, 1]) Some(11)");
    assert_eq!(seen, [none, none, none, some, some, some]);
}
