use workflow_core::prelude::*;

#[event]
struct Page;

struct Flow;

#[workflow]
impl Flow {
    #[step(sends(Page))]
    async fn write(&self, ctx: &Context<Self>, _: StartEvent<String>) -> Vec<Page> {
        let _ = ctx.send(Page);
        vec![]
    }

    #[step]
    async fn gather(&self, _: Vec<Page>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
