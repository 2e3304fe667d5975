use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Picture;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Draft {
        Draft
    }

    #[step]
    async fn print(&self, _: Draft, _: Picture) -> StopEvent<u32> {
        StopEvent(2)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
