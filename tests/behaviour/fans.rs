//! Fans: a batch is all that is left of a run, and its members do whatever members may do.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use workflow_core::prelude::*;

#[event]
struct Work(u64);
#[event]
struct Detour(u64);
#[event]
struct Note(u64);
#[event]
struct Done(u64);

#[derive(OneOf)]
enum After {
    Done(Done),
    Detour(Detour),
}

/// How many members are at work, and how many ever were at once.
#[derive(Default)]
struct AtWork(AtomicUsize, AtomicUsize);

impl AtWork {
    fn most(&self) -> usize {
        self.1.load(Relaxed)
    }
}

struct Turn<'a>(&'a AtWork);

impl<'a> Turn<'a> {
    fn new(at_work: &'a AtWork) -> Self {
        at_work.1.fetch_max(at_work.0.fetch_add(1, Relaxed) + 1, Relaxed);
        Self(at_work)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

/// What a member does, by its number.
fn chance(seed: u64, member: u64) -> u64 {
    let mixed =
        (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (member + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ mixed >> 29).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}

/// A batch whose members give their event at once, later, over another step, or not at all.
macro_rules! mixed {
    ($name:ident, $most:expr, $($option:tt)*) => {
        struct $name {
            seed: u64,
            members: u64,
            noted: Mutex<Vec<u64>>,
            at_once: AtWork,
        }

        #[workflow]
        impl $name {
            #[step]
            async fn split(&self, _input: StartEvent<()>) -> Vec<Work> {
                (0..self.members).map(Work).collect()
            }

            #[step(sends(Note), $($option)*)]
            async fn work(&self, ctx: &Context<Self>, work: Work) -> Result<Option<After>, SendError> {
                let _turn = Turn::new(&self.at_once);
                let chance = chance(self.seed, work.0);
                match chance % 48 {
                    0 => return Ok(None),
                    1 => return Ok(Some(Detour(work.0).into())),
                    2 => ctx.send(Note(work.0))?,
                    3..8 => tokio::task::yield_now().await,
                    8..16 => tokio::time::sleep(Duration::from_millis(chance / 48 % 9)).await,
                    _ => (),
                }
                Ok(Some(Done(work.0).into()))
            }

            #[step]
            async fn walk(&self, detour: Detour) -> Done {
                Done(1000 + detour.0)
            }

            #[step(allow(dead_end))]
            async fn note(&self, note: Note) {
                self.noted.lock().unwrap().push(note.0);
            }

            #[step]
            async fn gather(&self, done: Vec<Done>) -> StopEvent<Vec<u64>> {
                StopEvent(done.into_iter().map(|done| done.0).collect())
            }
        }

        impl $name {
            async fn check(seed: u64, members: u64) {
                let flow = || Self { seed, members, noted: Mutex::default(), at_once: AtWork::default() };
                let (plain, whole) = (flow(), flow());
                let mut of_plain = plain.run(()).await.unwrap();
                let mut of_whole = whole.run(()).resumable().await.unwrap();
                of_plain.sort_unstable();
                of_whole.sort_unstable();
                assert_eq!(of_plain, of_whole, "seed {seed}, {members} members");
                assert!(plain.at_once.most() <= $most, "seed {seed}, {members} members");
                let noted = |flow: Self| {
                    let mut noted = flow.noted.into_inner().unwrap();
                    noted.sort_unstable();
                    noted
                };
                assert_eq!(noted(plain), noted(whole), "seed {seed}, {members} members");
            }
        }
    };
}

mixed!(OneByOne, 1, workers = 1);
mixed!(ByThree, 3, workers = 3);
mixed!(AllAtOnce, usize::MAX, workers = 1000);

#[tokio::test(start_paused = true)]
async fn a_batch_gives_the_same_whether_or_not_its_run_can_be_written_down() {
    for seed in 0..60 {
        for members in [1, 2, 7, 40] {
            OneByOne::check(seed, members).await;
            ByThree::check(seed, members).await;
            AllAtOnce::check(seed, members).await;
        }
    }
}

struct WideFan {
    begun: AtomicUsize,
}

#[workflow]
impl WideFan {
    #[step]
    async fn split(&self, _input: StartEvent<()>) -> Vec<Work> {
        (0..10_000).map(Work).collect()
    }

    #[step(workers = 10_000)]
    async fn work(&self, work: Work) -> Done {
        self.begun.fetch_add(1, Relaxed);
        tokio::time::sleep(Duration::from_secs(1)).await;
        Done(work.0)
    }

    #[step]
    async fn join(&self, done: Vec<Done>) -> StopEvent<usize> {
        StopEvent(done.len())
    }
}

#[tokio::test(start_paused = true)]
async fn members_that_wait_at_once_leave_the_thread_to_others_now_and_then() {
    let flow = WideFan { begun: AtomicUsize::new(0) };
    let most_in_a_turn = async {
        let (mut before, mut most) = (0, 0);
        while before < 10_000 {
            let begun = flow.begun.load(Relaxed);
            most = most.max(begun - before);
            before = begun;
            tokio::task::yield_now().await;
        }
        most
    };
    let (members, most) = tokio::join!(biased; flow.run(()), most_in_a_turn);
    assert_eq!(members.unwrap(), 10_000);
    assert!(most <= 256, "{most} members began in one turn");
}

struct SomeWait {
    at_once: AtWork,
    fails: Option<u64>,
}

#[workflow]
impl SomeWait {
    #[step]
    async fn split(&self, _input: StartEvent<()>) -> Vec<Work> {
        (0..30).map(Work).collect()
    }

    #[step(workers = 4)]
    async fn work(&self, work: Work) -> Done {
        let _turn = Turn::new(&self.at_once);
        assert_ne!(self.fails, Some(work.0), "member {} is told to fail", work.0);
        if work.0 % 3 == 2 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Done(work.0)
    }

    #[step]
    async fn join(&self, done: Vec<Done>) -> StopEvent<Vec<u64>> {
        StopEvent(done.into_iter().map(|done| done.0).collect())
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_waits_holds_up_none_of_those_behind_it() {
    let flow = SomeWait { at_once: AtWork::default(), fails: None };
    let begun = tokio::time::Instant::now();
    let mut done = flow.run(()).await.unwrap();
    done.sort_unstable();
    assert_eq!(done, (0..30).collect::<Vec<_>>());
    assert_eq!(flow.at_once.most(), 4);
    assert_eq!(begun.elapsed().as_secs(), 3, "ten members wait for a second, four at a time");
}

#[tokio::test(start_paused = true)]
async fn a_member_that_panics_after_others_in_one_turn_fails_the_run_with_its_step() {
    for member in [0, 4, 29] {
        let flow = SomeWait { at_once: AtWork::default(), fails: Some(member) };
        let error = flow.run(()).await.unwrap_err();
        let RunError::Step { step: "work", source, .. } = error else {
            panic!("{error:?}");
        };
        assert!(source.to_string().contains(&format!("member {member} is told")), "{source}");
    }
}
