use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Approval;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Draft {
        Draft
    }

    #[step]
    async fn print(&self, _: Draft) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let run = Flow.run("pirates");
    let _ = run.send(Draft);
    let _ = run.handle().send(Approval);
}
