use workflow_core::prelude::*;

struct Flow;

#[workflow]
impl Flow {
    #[step(retry = 3)]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
