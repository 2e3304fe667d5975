use workflow_core::prelude::*;

struct Flow;

#[workflow]
impl Flow {
    #[step(retry(attempts = 0, wait = 5), timeout = "soon")]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
