use workflow_core::prelude::*;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

#[step(workflow = Flow)]
async fn count(_: StartEvent<String>) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
