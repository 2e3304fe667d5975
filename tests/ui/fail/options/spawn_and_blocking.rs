use workflow_core::prelude::*;

#[derive(Clone)]
struct Flow;

#[workflow]
impl Flow {
    #[step(spawn, blocking)]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
