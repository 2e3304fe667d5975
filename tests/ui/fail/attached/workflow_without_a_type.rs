use workflow_core::prelude::*;

#[workflow(input)]
struct Flow;

#[step(workers = 2, workflow)]
async fn write(_: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
