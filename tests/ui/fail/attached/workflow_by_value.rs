use workflow_core::prelude::*;

#[workflow(input = String, output = u32)]
struct Flow;

#[step(workflow = Flow)]
async fn write(_: Flow, _: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

#[step(workflow = Flow)]
async fn count(_: &mut Flow, _: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

#[step(workflow = Flow)]
async fn both(_: &Flow, _: &Flow, _: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
