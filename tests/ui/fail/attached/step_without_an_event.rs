use workflow_core::prelude::*;

#[workflow(input = String, output = u32)]
struct Flow;

#[step(workflow = Flow)]
async fn write(_: &Flow) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
