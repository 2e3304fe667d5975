use workflow_core::prelude::*;

struct Broken;

#[workflow(input = String, output = u32)]
struct Flow;

#[step(workflow = Flow)]
async fn write(_: StartEvent<String>) -> Result<StopEvent<u32>, Broken> {
    Err(Broken)
}

fn main() {}
