use workflow_core::prelude::*;

#[event]
struct Draft;

#[workflow(input = String, output = u32)]
struct Flow;

#[step(workflow = Flow)]
async fn write(_: &Flow, _: &Draft) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
