use workflow_core::prelude::*;

#[event]
struct Draft;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Draft {
        Draft
    }

    #[step(on = Draft)]
    async fn print(&self, _: Draft) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
