use workflow_core::prelude::*;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step]
    async fn after(&self, _: StopEvent<u32>) -> StopEvent<u32> {
        StopEvent(2)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
