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
        ctx.publish(Draft);
        ctx.publish(Progress);
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
