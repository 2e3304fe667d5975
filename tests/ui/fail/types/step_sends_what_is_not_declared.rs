use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Progress;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, ctx: &Context<Self>, _: StartEvent<String>) -> Draft {
        let _ = ctx.send(Draft);
        let _ = ctx.send(Progress);
        Draft
    }

    #[step]
    async fn print(&self, _: Draft) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
