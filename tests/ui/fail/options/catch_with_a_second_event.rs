use workflow_core::prelude::*;

#[event]
struct Page;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn fetch(&self, _: StartEvent<String>) -> Page {
        Page
    }

    #[step]
    async fn count(&self, _: Page) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[catch]
    #[step]
    async fn mend(&self, _: StepFailed, _: Page) -> StopEvent<u32> {
        StopEvent(0)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
