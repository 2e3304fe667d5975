//! Runs: what is left of many runs at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use workflow_core::prelude::*;

use crate::ALLOCATED;

const RUNS: u32 = 10_000;

#[event]
struct Outer(u32);
#[event]
struct Inner(u32);
#[event]
struct Done(u32);
#[event]
struct Summed(u32);
#[event]
struct Answer {
    of: u32,
    value: u32,
}

/// Two batches of two in each other, of which each member asks.
#[derive(Clone, Default)]
struct Asks {
    entered: Arc<AtomicUsize>,
    left: Arc<AtomicUsize>,
}

/// Is dropped when a step ends, however it does.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[workflow(receives(Answer))]
impl Asks {
    #[step]
    async fn open(&self, start: StartEvent<u32>) -> Vec<Outer> {
        vec![Outer(start.0), Outer(start.0 + 2)]
    }

    #[step]
    async fn split(&self, outer: Outer) -> Vec<Inner> {
        vec![Inner(outer.0), Inner(outer.0 + 1)]
    }

    #[step(waits(Answer), workers = 2)]
    async fn ask(&self, ctx: &Context<Self>, inner: Inner) -> Done {
        self.entered.fetch_add(1, Ordering::SeqCst);
        let _guard = Guard(Arc::clone(&self.left));
        Done(ctx.wait_for::<Answer>().matching(move |answer| answer.of == inner.0).await.value)
    }

    #[step(spawn)]
    async fn sum(&self, done: Vec<Done>) -> Summed {
        tokio::task::yield_now().await;
        Summed(done.iter().map(|done| done.0).sum())
    }

    #[step]
    async fn end(&self, sums: Vec<Summed>) -> StopEvent<u32> {
        StopEvent(sums.iter().map(|sum| sum.0).sum())
    }
}

/// The next of a row of numbers that look random (splitmix64, from Steele, Lea and Flood, 2014).
fn chance(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Runs all at once; cancels, drops or answers each as chance has it. Gives how many came to their result.
async fn many(flow: &Arc<Asks>, seed: &mut u64) -> u32 {
    let mut runs: Vec<_> = (0..RUNS).map(|run| flow.start(run * 10)).collect();
    tokio::task::yield_now().await;
    let mut fates = Vec::new();
    for (run, task) in (0..).zip(&runs) {
        let fate = chance(seed) % 4;
        match fate {
            0 => task.cancel(),
            1 => (),
            _ => {
                for of in (0..4).rev().map(|of| run * 10 + of) {
                    task.send(Answer { of, value: of + 1 }).unwrap();
                }
            }
        }
        fates.push(fate);
    }
    let mut results = 0;
    for (run, fate) in (0..RUNS).zip(fates).rev() {
        let task = runs.pop().unwrap();
        match fate {
            0 => assert!(matches!(task.await, Err(RunError::Cancelled))),
            1 => drop(task),
            _ => {
                assert_eq!(task.await.unwrap(), 40 * run + 10);
                results += 1;
            }
        }
    }
    results
}

pub fn nothing_is_left_of_many_runs_of_which_half_were_cancelled() {
    let seed: u64 = rand_seed();
    println!("seed {seed}");
    let mut seed = seed;
    let flow = Arc::new(Asks::default());
    let counts = || flow.entered.load(Ordering::SeqCst) - flow.left.load(Ordering::SeqCst);
    let round = |seed: &mut u64| {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let results = tokio::spawn({
                let (flow, mut seed) = (Arc::clone(&flow), *seed);
                async move { many(&flow, &mut seed).await }
            });
            let results = results.await.unwrap();
            assert!(results > RUNS / 3 && results < RUNS * 2 / 3, "{results}");
            while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(counts(), 0);
            assert_eq!((Arc::strong_count(&flow), Arc::strong_count(&flow.left)), (1, 1));
        });
        *seed = seed.wrapping_add(1);
        drop(runtime);
        ALLOCATED.current_usage()
    };
    // The first time makes what the process keeps: the plan of the workflow, what threads hold.
    let before = round(&mut seed);
    let after = round(&mut seed);
    assert!(after <= before + 1024, "{} bytes more", after.wrapping_sub(before) as isize);
}

/// Another one each time.
fn rand_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}
