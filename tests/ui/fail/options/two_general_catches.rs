use workflow_core::prelude::*;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[catch]
    #[step]
    async fn mend(&self, _: StepFailed) -> StopEvent<u32> {
        StopEvent(0)
    }

    #[catch]
    #[step]
    async fn mend_more(&self, _: StepFailed) -> StopEvent<u32> {
        StopEvent(0)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
