use workflow_core::prelude::*;

#[event]
struct Approval;

struct Flow;

#[workflow]
impl Flow {
    #[step(waits(Approval))]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
