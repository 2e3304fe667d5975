//! Resting: a run whose only step waits does what it would do if the machine saw each of its transitions.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use workflow_core::prelude::*;

use crate::Log;

const SECOND: Duration = Duration::from_secs(1);

/// How long a run is polled at once: nothing else is due when that is over.
const A_WHILE: Duration = Duration::from_millis(370);

#[event]
struct Told(u32);
#[event]
struct Asked(u32);
#[event]
struct Shared(u32);
#[event]
struct Turn(Vec<Way>);

/// What a turn of the chain does.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Way {
    Told,
    EvenTold,
    Asked,
    Shared,
    Either,
    Both,
    ToldOrSleep,
    SleepOrTold,
    AskedOrNotified,
    ToldForASecond,
    PolledOnce,
    LeftOpen,
    AnswersItself,
    SharesBefore,
    OnATask,
    Sleep,
    Forks,
}

/// Takes one turn after the other, each of which may wait.
#[derive(Default)]
struct Turns(Log);

#[derive(OneOf)]
enum Next {
    Turn(Turn),
    Fork((Turn, Option<Shared>)),
    Stop(StopEvent<u32>),
}

#[workflow(receives(Told, Asked, Shared))]
impl Turns {
    #[step]
    async fn open(&self, ways: StartEvent<Vec<Way>>) -> Turn {
        Turn(ways.0)
    }

    #[step(waits(Told, Asked, Shared), sends(Asked, Shared))]
    async fn turn(&self, ctx: &Context<Self>, turn: Turn) -> Result<Next, SendError> {
        let mut ways = turn.0.into_iter();
        let Some(way) = ways.next() else {
            return Ok(StopEvent(7).into());
        };
        let told = || ctx.wait_for::<Told>();
        let asked = || ctx.wait_for::<Asked>();
        let got = match way {
            Way::Told => told().await.0,
            Way::EvenTold => told().matching(|told| told.0 % 2 == 0).await.0,
            Way::Asked => asked().await.0,
            Way::Shared => ctx.wait_for::<Shared>().await.0,
            Way::Either => tokio::select! { biased; told = told() => told.0, asked = asked() => asked.0 },
            Way::Both => {
                let (asked, told) = tokio::join!(asked(), told());
                asked.0 * 100 + told.0
            }
            Way::ToldOrSleep => {
                tokio::select! { biased; told = told() => told.0, () = ctx.sleep(SECOND) => 0 }
            }
            Way::SleepOrTold => {
                tokio::select! { biased; () = ctx.sleep(SECOND) => 0, told = told() => told.0 }
            }
            Way::AskedOrNotified => {
                let never = tokio::sync::Notify::new();
                tokio::select! { biased; asked = asked() => asked.0, () = never.notified() => 0 }
            }
            Way::ToldForASecond => told().timeout(SECOND).await.map_or(0, |told| told.0),
            Way::PolledOnce => {
                tokio::select! { biased; told = told() => told.0, () = std::future::ready(()) => 0 }
            }
            Way::LeftOpen => {
                let mut told = Box::pin(told());
                tokio::select! { biased; _ = &mut told => 0, () = ctx.sleep(SECOND) => 0 };
                ctx.sleep(SECOND).await;
                told.await.0
            }
            Way::AnswersItself => {
                let answers = async {
                    tokio::task::yield_now().await;
                    ctx.send(Asked(77))
                };
                let (asked, sent) = tokio::join!(asked(), answers);
                sent?;
                asked.0
            }
            Way::SharesBefore => {
                ctx.send(Shared(55))?;
                ctx.wait_for::<Shared>().await.0
            }
            Way::OnATask => {
                let context = ctx.clone();
                tokio::spawn(async move { context.wait_for::<Told>().await.0 }).await.unwrap_or(0)
            }
            Way::Sleep | Way::Forks => {
                ctx.sleep(SECOND).await;
                0
            }
        };
        self.0.note(format!("{way:?} {got}"));
        let turn = Turn(ways.collect());
        Ok(if way == Way::Forks { Next::Fork((turn, None)) } else { turn.into() })
    }

    #[step(allow(dead_end))]
    async fn take(&self, shared: Shared) {
        self.0.note(format!("take {}", shared.0));
    }
}

/// What happens to the run from outside.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Tell(u32),
    Ask(u32),
    Share(u32),
    Poll,
    /// Time goes by, in which the run is not polled.
    Pass,
    Cancel,
}

impl Turns {
    /// What was noted since this was asked last. Steps that are due at once may go in any order.
    fn notes(&self) -> Vec<String> {
        let mut notes = self.0.take();
        notes.sort();
        notes
    }
}

/// Does the deeds, and gives all that could be seen of the run.
fn seen(flow: &Turns, mut run: Run<'_, Turns>, deeds: &[Deed]) -> Vec<String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let handle = run.handle();
        let mut seen = Vec::new();
        for deed in deeds {
            // What is due at once with the cancel may come before it or not.
            if let Deed::Poll | Deed::Cancel = deed
                && let Ok(result) = tokio::time::timeout(A_WHILE, &mut run).await
            {
                seen.push(format!("{:?} {result:?}", flow.notes()));
                return seen;
            }
            let sent = match *deed {
                Deed::Tell(number) => handle.send(Told(number)),
                Deed::Ask(number) => handle.send(Asked(number)),
                Deed::Share(number) => handle.send(Shared(number)),
                Deed::Poll => Ok(()),
                Deed::Pass => {
                    tokio::time::advance(SECOND).await;
                    Ok(())
                }
                Deed::Cancel => {
                    handle.cancel();
                    break;
                }
            };
            seen.push(format!("{:?} {} {sent:?}", flow.notes(), run.is_idle()));
        }
        let result = tokio::time::timeout(SECOND * 100, &mut run).await;
        seen.push(format!("{:?} {} {result:?}", flow.notes(), run.is_idle()));
        seen
    })
}

fn ways() -> impl Strategy<Value = Vec<Way>> {
    let way = prop_oneof![
        4 => Just(Way::Told),
        1 => Just(Way::EvenTold),
        2 => Just(Way::Asked),
        1 => Just(Way::Shared),
        1 => Just(Way::Either),
        1 => Just(Way::Both),
        1 => Just(Way::ToldOrSleep),
        2 => Just(Way::SleepOrTold),
        1 => Just(Way::AskedOrNotified),
        1 => Just(Way::ToldForASecond),
        1 => Just(Way::PolledOnce),
        1 => Just(Way::LeftOpen),
        1 => Just(Way::AnswersItself),
        1 => Just(Way::SharesBefore),
        1 => Just(Way::OnATask),
        1 => Just(Way::Sleep),
        1 => Just(Way::Forks),
    ];
    proptest::collection::vec(way, 0..8)
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        40 => (1..10u32).prop_map(Deed::Tell),
        30 => (1..10u32).prop_map(Deed::Ask),
        10 => (1..10u32).prop_map(Deed::Share),
        60 => Just(Deed::Poll),
        10 => Just(Deed::Pass),
        1 => Just(Deed::Cancel),
    ];
    proptest::collection::vec(deed, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_run_that_rests_in_its_waits_is_seen_to_do_what_one_does_that_the_machine_follows(
        ways in ways(),
        deeds in deeds(),
        limit in prop_oneof![4 => Just(None), 1 => (1..8u32).prop_map(Some)],
    ) {
        let seen_of = |is_followed: bool| {
            let flow = Turns::default();
            let run = flow.run(ways.clone());
            // What is due at once with the limit may come before it or not.
            let run = match limit {
                Some(seconds) if !deeds.iter().any(|deed| matches!(deed, Deed::Pass)) => run.timeout(SECOND * seconds + SECOND / 4),
                _ => run,
            };
            seen(&flow, if is_followed { run.resumable() } else { run }, &deeds)
        };
        prop_assert_eq!(seen_of(false), seen_of(true));
    }
}

/// Waits for three events, one after the other.
struct Three;

#[workflow(receives(Told))]
impl Three {
    #[step(waits(Told))]
    async fn wait(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> StopEvent<u32> {
        let mut sum = 0;
        for _ in 0..3 {
            sum += ctx.wait_for::<Told>().await.0;
        }
        StopEvent(sum)
    }
}

#[test]
fn no_event_is_lost_however_it_meets_a_wait() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        for turn in 0..500u32 {
            let run = Arc::new(Three).start(());
            let handle = run.handle();
            let sends = std::thread::spawn(move || {
                for number in [1, 2, 3] {
                    if turn % 3 == number {
                        std::thread::yield_now();
                    }
                    handle.send(Told(number)).unwrap();
                }
            });
            assert_eq!(run.await.unwrap(), 6);
            sends.join().unwrap();
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_run_that_rests_is_idle_until_its_event_comes() {
    let mut run = Three.run(());
    assert!(!run.is_idle());
    for number in [1, 2, 3] {
        assert!(tokio::time::timeout(SECOND, &mut run).await.is_err());
        assert!(run.is_idle());
        run.send(Told(number)).unwrap();
    }
    assert_eq!((&mut run).await.unwrap(), 6);
    assert!(!run.is_idle());
}
