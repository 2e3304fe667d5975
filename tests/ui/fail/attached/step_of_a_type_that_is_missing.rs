use workflow_core::prelude::*;

#[step(workflow = Flow)]
async fn write(_: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
