use workflow_core::prelude::*;

#[workflow(input = String, output = u32)]
struct Flow;

#[step(workflow = Flow, workrs = 2, workers = 0)]
async fn write(_: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
