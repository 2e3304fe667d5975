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
