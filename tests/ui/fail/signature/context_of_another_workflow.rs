use workflow_core::prelude::*;

struct Other;

#[workflow]
impl Other {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: &Context<Other>, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
