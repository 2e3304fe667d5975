//! Recording: what a run has done, as data.

use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::recording::{Ended, Execution, Outcome, Recording, WaitEnded};

use crate::Log;

#[event]
struct Part(u32);
#[event]
struct Done(u32);
#[event]
struct Sum(u32);
#[event]
struct Asked(u32);
#[event]
struct Approval(u32);
#[event(transient)]
struct Handle(fn() -> u32);

#[derive(Debug, thiserror::Error)]
#[error("part {0} is broken")]
struct Broken(u32);

/// Works on parts, side by side; the one with the number 2 fails at first, or always.
#[derive(Clone, Default)]
struct Factory {
    always: bool,
}

#[workflow(publishes(Asked), receives(Approval))]
impl Factory {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> Vec<Part> {
        (1..=count.0).map(Part).collect()
    }

    #[step(workers = 2, retry(attempts = 2, wait = "5s"))]
    async fn work(&self, ctx: &Context<Self>, part: Part) -> Result<Done, Broken> {
        ctx.sleep(Duration::from_secs(part.0.into())).await;
        if part.0 == 2 && (self.always || ctx.attempt().number == 1) { Err(Broken(2)) } else { Ok(Done(part.0)) }
    }

    #[step(waits(Approval))]
    async fn gather(&self, ctx: &Context<Self>, done: Vec<Done>) -> Sum {
        ctx.publish(Asked(done.len() as u32));
        let approval = ctx.wait_for::<Approval>().timeout(Duration::from_secs(60)).await;
        Sum(approval.map_or(0, |approval| approval.0) + done.iter().map(|done| done.0).sum::<u32>())
    }

    #[step]
    async fn finish(&self, sum: Sum) -> StopEvent<u32> {
        StopEvent(sum.0)
    }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Each execution as: step, number, try, when it began, how long it took.
fn rows(recording: &Recording) -> Vec<(&str, u64, u32, u64, u64)> {
    let row = |one: &Execution| (one.invocation(), one.attempt(), one.began().as_secs(), one.lasted().as_secs());
    let all = recording.executions().iter();
    all.map(|one| {
        let (number, attempt, began, lasted) = row(one);
        (match one.step() { "split" => "split", "work" => "work", "gather" => "gather", _ => "finish" }, number, attempt, began, lasted)
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn each_try_of_each_step_is_there_with_its_time_and_order() {
    let flow = Factory::default();
    let mut run = flow.run(3u32).id("order-42").record();
    run.send(Approval(100)).unwrap();
    assert_eq!((&mut run).await.unwrap(), 106);
    let recording = run.recording();
    assert_eq!((recording.workflow(), recording.run_id()), ("Factory", "order-42"));
    assert_eq!(
        rows(&recording),
        [
            ("split", 0, 1, 0, 0),
            ("work", 1, 1, 0, 1),
            ("work", 2, 1, 0, 2),
            ("work", 3, 1, 1, 3),
            ("work", 2, 2, 7, 2),
            ("gather", 4, 1, 9, 0),
            ("finish", 5, 1, 9, 0),
        ]
    );
    assert_eq!(recording.lasted(), secs(9));
    assert!(matches!(recording.outcome(), Outcome::Stopped(event) if event.json() == Some("106")));
    println!("{recording}");
    println!("{}", recording.draw());
}
