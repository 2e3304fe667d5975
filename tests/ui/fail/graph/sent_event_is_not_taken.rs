use workflow_core::prelude::*;

#[event]
struct Progress;

struct Flow;

#[workflow]
impl Flow {
    #[step(sends(Progress))]
    async fn write(&self, ctx: &Context<Self>, _: StartEvent<String>) -> StopEvent<u32> {
        let _ = ctx.send(Progress);
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
