//! Workers: how many executions of a step run at once.

use std::sync::Mutex;
use std::time::Duration;

use workflow_core::prelude::*;

use crate::Log;

#[event]
struct Job(u64);
#[event]
struct Done(u64);

#[derive(Default)]
struct Crew {
    log: Log,
    /// How many run now, and the most that ever did.
    busy: Mutex<(u32, u32)>,
}

impl Crew {
    fn begin(&self) {
        let mut busy = self.busy.lock().unwrap();
        busy.0 += 1;
        busy.1 = busy.1.max(busy.0);
    }

    fn end(&self) {
        self.busy.lock().unwrap().0 -= 1;
    }

    fn most(&self) -> u32 {
        self.busy.lock().unwrap().1
    }
}

twins! {
    mod two: (u64) -> (usize);

    struct Two(Crew);

    #[workflow]

    #[step]
    async fn open(_; jobs: StartEvent<u64>) -> (Vec<Job>) {
        (0..jobs.0).map(Job).collect()
    }

    #[step(workers = 2)]
    async fn work(flow; job: Job) -> (Done) {
        flow.0.begin();
        flow.0.log.note(format!("{}", job.0));
        tokio::time::sleep(Duration::from_millis(10 + job.0 % 2)).await;
        flow.0.end();
        Done(job.0)
    }

    #[step]
    async fn finish(_; all: Vec<Done>) -> (StopEvent<usize>) {
        StopEvent(all.len())
    }

    tests {
        #[tokio::test(start_paused = true)]
        async fn at_most_n_executions_of_a_step_run_at_once_and_the_rest_wait_in_order() {
            let flow = Two(Crew::default());
            assert_eq!(flow.run(7u64).await.unwrap(), 7);
            assert_eq!(flow.0.most(), 2);
            assert_eq!(flow.0.log.take(), ["0", "1", "2", "3", "4", "5", "6"]);
        }

        #[tokio::test(start_paused = true)]
        async fn the_limit_is_per_run() {
            let flow = Two(Crew::default());
            let (one, other) = tokio::join!(flow.run(3u64), flow.run(3u64));
            assert_eq!((one.unwrap(), other.unwrap()), (3, 3));
            assert_eq!(flow.0.most(), 4);
        }
    }
}

twins! {
    mod default4: (u64) -> (usize);

    struct Default4(Crew);

    #[workflow]

    #[step]
    async fn open(_; jobs: StartEvent<u64>) -> (Vec<Job>) {
        (0..jobs.0).map(Job).collect()
    }

    #[step]
    async fn work(flow; job: Job) -> (Done) {
        flow.0.begin();
        tokio::task::yield_now().await;
        flow.0.end();
        Done(job.0)
    }

    #[step]
    async fn finish(_; all: Vec<Done>) -> (StopEvent<usize>) {
        StopEvent(all.len())
    }

    tests {
        #[tokio::test]
        async fn a_step_has_four_workers_when_its_options_do_not_say() {
            let flow = Default4(Crew::default());
            flow.run(20u64).await.unwrap();
            assert_eq!(flow.0.most(), 4);
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("not yet")]
struct NotYet;

fn at_once() -> RetryPolicy {
    RetryPolicy::new().wait(Duration::ZERO)
}

/// One worker; the first job fails once, and is tried again at once or later.
#[derive(Default)]
struct One(Log);

#[event]
struct Late(u64);

#[derive(OneOf)]
enum Kind {
    AtOnce(Job),
    Late(Late),
}

impl One {
    async fn work(&self, ctx: &Context<Self>, number: u64) -> Result<Done, NotYet> {
        let attempt = ctx.attempt().number;
        self.0.note(format!("{number} try {attempt}"));
        ctx.sleep(Duration::from_millis(10)).await;
        if number == 0 && attempt == 1 { Err(NotYet) } else { Ok(Done(number)) }
    }
}

#[workflow]
impl One {
    #[step]
    async fn open(&self, late: StartEvent<bool>) -> Vec<Kind> {
        (0..4).map(|number| if late.0 { Late(number).into() } else { Job(number).into() }).collect()
    }

    #[step(workers = 1, retry = at_once)]
    async fn at_once(&self, ctx: &Context<Self>, job: Job) -> Result<Done, NotYet> {
        self.work(ctx, job.0).await
    }

    #[step(workers = 1, retry(wait = "15ms"))]
    async fn later(&self, ctx: &Context<Self>, late: Late) -> Result<Done, NotYet> {
        self.work(ctx, late.0).await
    }

    #[step]
    async fn finish(&self, all: Vec<Done>) -> StopEvent<usize> {
        StopEvent(all.len())
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_goes_before_the_queue() {
    let flow = One::default();
    assert_eq!(flow.run(false).await.unwrap(), 4);
    assert_eq!(flow.0.take(), ["0 try 1", "0 try 2", "1 try 1", "2 try 1", "3 try 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_is_due_later_holds_no_worker_until_then() {
    let flow = One::default();
    assert_eq!(flow.run(true).await.unwrap(), 4);
    assert_eq!(flow.0.take(), ["0 try 1", "1 try 1", "2 try 1", "0 try 2", "3 try 1"]);
}

/// One worker; the first job waits for the word to go on.
#[derive(Default)]
struct Woken(Log);

#[event]
struct Go;

#[workflow(receives(Go))]
impl Woken {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> Vec<Job> {
        (0..4).map(Job).collect()
    }

    #[step(workers = 1, waits(Go))]
    async fn work(&self, ctx: &Context<Self>, job: Job) -> Done {
        self.0.note(format!("{}", job.0));
        if job.0 == 0 {
            ctx.wait_for::<Go>().await;
            self.0.note("0 goes on");
        }
        ctx.sleep(Duration::from_millis(10)).await;
        self.0.note(format!("{} ends", job.0));
        Done(job.0)
    }

    #[step]
    async fn finish(&self, all: Vec<Done>) -> StopEvent<usize> {
        StopEvent(all.len())
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_has_waited_takes_a_worker_again_before_the_queue() {
    let flow = Woken::default();
    let mut run = flow.run(());
    assert!(tokio::time::timeout(Duration::from_millis(5), &mut run).await.is_err());
    run.send(Go).unwrap();
    assert_eq!(run.await.unwrap(), 4);
    let order = ["0", "1", "1 ends", "0 goes on", "0 ends", "2", "2 ends", "3", "3 ends"];
    assert_eq!(flow.0.take(), order);
}

/// Three at once over all its runs.
struct Shared {
    crew: Crew,
    permits: tokio::sync::Semaphore,
}

#[workflow]
impl Shared {
    #[step]
    async fn open(&self, jobs: StartEvent<u64>) -> Vec<Job> {
        (0..jobs.0).map(Job).collect()
    }

    #[step]
    async fn work(&self, ctx: &Context<Self>, job: Job) -> Done {
        let _permit = self.permits.acquire().await.expect("it is never closed");
        self.crew.begin();
        ctx.sleep(Duration::from_millis(10)).await;
        self.crew.end();
        Done(job.0)
    }

    #[step]
    async fn finish(&self, all: Vec<Done>) -> StopEvent<usize> {
        StopEvent(all.len())
    }
}

#[tokio::test(start_paused = true)]
async fn a_semaphore_of_the_workflow_limits_all_of_its_runs_together() {
    let flow = Shared { crew: Crew::default(), permits: tokio::sync::Semaphore::new(3) };
    let (one, other) = tokio::join!(flow.run(5u64), flow.run(5u64));
    assert_eq!((one.unwrap(), other.unwrap()), (5, 5));
    assert_eq!(flow.crew.most(), 3);
}
