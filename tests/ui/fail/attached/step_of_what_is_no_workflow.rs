use workflow_core::prelude::*;

struct Flow;

#[step(workflow = Flow)]
async fn write(_: &Flow, _: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
