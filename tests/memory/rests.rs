//! Rests: what a run holds while it waits.

use std::sync::Arc;

use tokio::sync::Notify;
use workflow_core::prelude::*;

use crate::ALLOCATED;

const RUNS: usize = 1_000;

#[event]
struct Second(u64);
#[event]
struct Third(u64);
#[event]
struct Answer(u64);

/// Three steps, of which the second waits for a notice.
struct Parks(Notify);

#[workflow]
impl Parks {
    #[step]
    async fn first(&self, number: StartEvent<u64>) -> Second {
        Second(*number)
    }

    #[step]
    async fn second(&self, second: Second) -> Third {
        self.0.notified().await;
        Third(second.0)
    }

    #[step]
    async fn third(&self, third: Third) -> StopEvent<u64> {
        StopEvent(third.0)
    }
}

/// The same for an event from outside.
struct Waits;

#[workflow(receives(Answer))]
impl Waits {
    #[step]
    async fn first(&self, number: StartEvent<u64>) -> Second {
        Second(*number)
    }

    #[step(waits(Answer))]
    async fn second(&self, ctx: &Context<Self>, second: Second) -> Third {
        Third(second.0 + ctx.wait_for::<Answer>().await.0)
    }

    #[step]
    async fn third(&self, third: Third) -> StopEvent<u64> {
        StopEvent(third.0)
    }
}

/// The bytes of one run at rest.
async fn bytes_of<W: Workflow<Input = u64>>(flow: &W) -> usize {
    let mut runs = Vec::with_capacity(RUNS);
    let poll = async |run: &mut Run<'_, W>| {
        let mut run = std::pin::pin!(run);
        std::future::poll_fn(|cx| std::task::Poll::Ready(run.as_mut().poll(cx).is_pending())).await
    };
    // The first one makes what all share.
    assert!(poll(&mut flow.run(0u64)).await);
    let before = ALLOCATED.current_usage();
    for number in 0..RUNS as u64 {
        let mut run = Box::new(flow.run(number));
        assert!(poll(&mut run).await);
        runs.push(run);
    }
    (ALLOCATED.current_usage() - before) / RUNS
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub fn a_run_at_rest_is_small() {
    let bytes = block_on(bytes_of(&Parks(Notify::new())));
    println!("{bytes} bytes");
    assert!(bytes <= 460, "{bytes} bytes");
}

pub fn a_run_that_waits_for_an_event_is_small() {
    let bytes = block_on(bytes_of(&Waits));
    println!("{bytes} bytes");
    assert!(bytes <= 620, "{bytes} bytes");
}

pub fn a_run_that_has_waited_gives_its_memory_back() {
    let flow = Arc::new(Waits);
    let round = || {
        block_on(async {
            let runs: Vec<_> = (0..RUNS as u64).map(|number| flow.start(number)).collect();
            for (run, number) in runs.into_iter().zip(0..) {
                tokio::task::yield_now().await;
                match number % 3 {
                    0 => drop(run),
                    1 => run.cancel(),
                    _ => {
                        run.send(Answer(1)).unwrap();
                        assert_eq!(run.await.unwrap(), number + 1);
                    }
                }
            }
        });
        ALLOCATED.current_usage()
    };
    let before = round();
    let after = round();
    assert!(after <= before + 1024, "{} bytes more", after.wrapping_sub(before) as isize);
}
