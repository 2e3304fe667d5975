use workflow_core::prelude::*;

struct Flow;

#[workflow]
impl Flow {
    #[step(retry(base = "20s", max = "10s"))]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
