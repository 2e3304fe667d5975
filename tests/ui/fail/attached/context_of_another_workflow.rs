use workflow_core::prelude::*;

#[workflow(input = String, output = u32)]
struct Flow;

#[workflow]
struct Other;

#[step(workflow = Flow)]
async fn write(_: &Context<Other>, _: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
