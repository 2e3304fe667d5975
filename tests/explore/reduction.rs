//! Reduction: what is left out changes no outcome, on flows that are drawn at random.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use workflow_core::RunError;
use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

/// What a step does, one after the other.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Act {
    Add(u32),
    Look,
    Set(u8, u32),
    Get(u8),
    Yield,
    Sleep(u64),
    Send(u32),
    Wait,
    Collect,
    FailOnce,
    Stop,
}

/// What the steps of either kind do, for each step.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Plan {
    first: Vec<Vec<Act>>,
    second: Vec<Vec<Act>>,
}

#[event]
struct First(Vec<Act>, u32);
#[event]
struct Second(Vec<Act>, u32);
#[event]
struct Note(u32);
#[event]
struct Seen(Vec<u32>);
#[event]
struct Part(u32);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Shared {
    sum: u32,
}

/// Steps that do as their events say.
struct Acts;

impl Acts {
    async fn act(ctx: &Context<Self>, acts: Vec<Act>, own: u32) -> Result<Vec<u32>, String> {
        let mut seen = vec![own];
        for act in acts {
            match act {
                Act::Add(n) => ctx.state(|shared| shared.sum = shared.sum * 3 + n),
                Act::Look => seen.push(ctx.state(|shared| shared.sum)),
                Act::Set(key, n) => ctx.set(key.to_string(), &n).unwrap(),
                Act::Get(key) => seen.push(ctx.get(&key.to_string()).unwrap().unwrap_or(77)),
                Act::Yield => tokio::task::yield_now().await,
                Act::Sleep(seconds) => ctx.sleep(Duration::from_secs(seconds)).await,
                Act::Send(n) => ctx.send(Note(n)).unwrap(),
                Act::Wait => {
                    let note = ctx.wait_for::<Note>().timeout(Duration::from_secs(2)).await;
                    seen.push(note.map_or(88, |note| note.0));
                }
                Act::Collect => {
                    let parts = ctx.collect::<Part>(Part(own), 2);
                    seen.extend(parts.into_iter().flatten().map(|part| part.0));
                }
                Act::FailOnce if ctx.attempt().number == 1 => return Err("once".to_owned()),
                Act::FailOnce => (),
                Act::Stop => return Err("stop".to_owned()),
            }
        }
        Ok(seen)
    }
}

#[workflow(state = Shared)]
impl Acts {
    #[step]
    async fn open(&self, plan: StartEvent<Plan>) -> (Vec<First>, Vec<Second>) {
        let Plan { first, second } = plan.0;
        let first = first.into_iter().zip(1..).map(|(acts, own)| First(acts, own));
        (first.collect(), second.into_iter().zip(11..).map(|(acts, own)| Second(acts, own)).collect())
    }

    #[step(sends(Note), waits(Note), retry(attempts = 2, wait = "1s"))]
    async fn first(&self, ctx: &Context<Self>, first: First) -> Result<Seen, String> {
        Self::act(ctx, first.0, first.1).await.map(Seen)
    }

    #[step(workers = 1, sends(Note), waits(Note), retry(attempts = 2, wait = "2s"))]
    async fn second(&self, ctx: &Context<Self>, second: Second) -> Result<Told, String> {
        Self::act(ctx, second.0, second.1).await.map(Told)
    }

    #[step]
    async fn gather(&self, seen: Vec<Seen>) -> Left {
        Left(seen.into_iter().map(|seen| seen.0).collect())
    }

    #[step]
    async fn gather_told(&self, told: Vec<Told>) -> Right {
        Right(told.into_iter().map(|told| told.0).collect())
    }

    #[step(allow(unreachable))]
    async fn add(&self, left: Left, right: Right) -> StopEvent<(Vec<Vec<u32>>, Vec<Vec<u32>>)> {
        StopEvent((left.0, right.0))
    }

    #[step(allow(dead_end, unreachable))]
    async fn ignore(&self, _part: Part) {}
}

#[event]
struct Told(Vec<u32>);
#[event]
struct Left(Vec<Vec<u32>>);
#[event]
struct Right(Vec<Vec<u32>>);

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1u32..3).prop_map(Act::Add),
        4 => Just(Act::Look),
        2 => (0u8..2, 1u32..3).prop_map(|(key, n)| Act::Set(key, n)),
        2 => (0u8..2).prop_map(Act::Get),
        3 => Just(Act::Yield),
        2 => (1u64..4).prop_map(Act::Sleep),
        2 => (1u32..3).prop_map(Act::Send),
        2 => Just(Act::Wait),
        2 => Just(Act::Collect),
        1 => Just(Act::FailOnce),
        1 => Just(Act::Stop),
    ]
}

fn outcomes(plan: &Plan, crashes: u32, reduces: bool) -> Option<(BTreeSet<String>, u64)> {
    let seen = RefCell::new(BTreeSet::new());
    let check = check_all_orders(|| Acts, plan.clone())
        .crashes_up_to(crashes)
        .at_most(20_000)
        .within(Duration::from_secs(5))
        .random(0)
        .expect(|outcome| {
            let text = match outcome {
                Ok(output) => format!("{output:?}"),
                Err(error @ RunError::Step { .. }) => {
                    format!("{error} {:?}", std::error::Error::source(error))
                }
                Err(error) => error.to_string(),
            };
            seen.borrow_mut().insert(text);
            true
        });
    let explored = if reduces { check } else { check.without_reduction() }.run();
    explored.is_complete.then(|| (seen.into_inner(), explored.schedules))
}

/// As many as the suite has time for, or `FLOWS`.
fn cases() -> u32 {
    std::env::var("FLOWS").ok().and_then(|flows| flows.parse().ok()).unwrap_or(60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_reduced_search_sees_every_outcome(
        first in prop::collection::vec(prop::collection::vec(act(), 0..4), 0..3),
        second in prop::collection::vec(prop::collection::vec(act(), 0..3), 0..3),
    ) {
        let plan = Plan { first, second };
        if let Some((whole, all)) = outcomes(&plan, 0, false) {
            let (reduced, few) = outcomes(&plan, 0, true).unwrap();
            prop_assert!(few <= all, "{few} schedules instead of {all}");
            prop_assert_eq!(reduced, whole);
        }
    }

    #[test]
    fn the_pruned_search_sees_every_outcome_of_a_crash(
        first in prop::collection::vec(prop::collection::vec(act(), 0..3), 0..3),
        second in prop::collection::vec(prop::collection::vec(act(), 0..2), 0..2),
    ) {
        let plan = Plan { first, second };
        if let Some((whole, all)) = outcomes(&plan, 1, false) {
            let (pruned, few) = outcomes(&plan, 1, true).unwrap();
            prop_assert!(few <= all, "{few} schedules instead of {all}");
            prop_assert_eq!(pruned, whole);
        }
    }
}
