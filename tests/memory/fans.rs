//! Fans: what a large batch takes at most.

use workflow_core::prelude::*;

use crate::ALLOCATED;

const MEMBERS: u64 = 100_000;

#[event]
struct Part(u64);
#[event]
struct Done(u64);

struct Fan;

#[workflow]
impl Fan {
    #[step]
    async fn split(&self, members: StartEvent<u64>) -> Vec<Part> {
        (0..*members).map(Part).collect()
    }

    #[step]
    async fn work(&self, part: Part) -> Done {
        Done(part.0 + 1)
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> StopEvent<u64> {
        StopEvent(done.iter().map(|done| done.0).sum())
    }
}

/// The step's own list, and one of the same events in the workflow's enum: results take the room of members,
/// and the join is given that.
pub fn a_batch_and_its_results_take_the_room_of_its_members() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let run = |members| runtime.block_on(async { Fan.run(members).await.expect("no step fails") });
    run(10);
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    assert_eq!(run(MEMBERS), MEMBERS * (MEMBERS + 1) / 2);
    let taken = ALLOCATED.peak_usage() - before;
    let room = MEMBERS as usize * (size_of::<Part>() + size_of::<FanEvent>());
    println!("    {taken} bytes for {MEMBERS} members, of which {room} for the events");
    assert!(taken < room + room / 20, "{taken} bytes, {room} for the events");
}
