use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Review;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step]
    async fn revise(&self, _: Review) -> Draft {
        Draft
    }

    #[step]
    async fn review(&self, _: Draft) -> (Review, Option<StopEvent<u32>>) {
        (Review, Some(StopEvent(2)))
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
