use workflow_core::prelude::*;

#[workflow(input = String, output = u32)]
struct Flow;

impl Flow {
    #[step(workflow = Flow)]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {}
