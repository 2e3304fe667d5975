//! Order: which of several functions is declared first.

use workflow_core::prelude::*;

use crate::Log;

#[event]
struct Tick;

/// Its steps stand in three modules; what they note is in the order in which they start.
#[derive(Default)]
#[workflow(input = (), output = ())]
struct Clock(Log);

#[step(workflow = Clock, allow(dead_end))]
async fn z_stands_first_here(flow: &Clock, _: Tick) {
    flow.0.note("outside, first");
}

mod second {
    use super::*;

    #[step(workflow = Clock)]
    async fn stop(flow: &Clock, _: Tick) -> StopEvent<()> {
        tokio::task::yield_now().await;
        flow.0.note("second");
        StopEvent(())
    }
}

mod first {
    use super::*;

    #[step(workflow = Clock, allow(dead_end))]
    async fn tick(flow: &Clock, _: Tick) {
        flow.0.note("first");
    }
}

#[step(workflow = Clock, allow(dead_end))]
async fn a_stands_last_here(flow: &Clock, _: Tick) {
    flow.0.note("outside, last");
}

#[step(workflow = Clock)]
async fn open(_: StartEvent<()>) -> Tick {
    Tick
}

#[tokio::test]
async fn steps_are_declared_in_the_order_of_their_modules_and_in_a_module_in_source_order() {
    let clock = Clock::default();
    clock.run(()).await.unwrap();
    assert_eq!(clock.0.take(), ["outside, first", "outside, last", "first", "second"]);
}
