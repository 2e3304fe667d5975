use workflow_core::prelude::*;

#[workflow(input = String, output = u32)]
struct Flow;

#[step(workflow = Flow, retry)]
async fn write(_: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

#[step(workflow = Flow)]
#[catch]
async fn rescue(_: StepFailed) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
