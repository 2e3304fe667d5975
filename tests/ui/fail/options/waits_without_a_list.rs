use workflow_core::prelude::*;

struct Flow;

#[workflow]
impl Flow {
    #[step(waits)]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
