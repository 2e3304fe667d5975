use workflow_core::prelude::*;

struct Flow<L>(L);

#[workflow]
impl<L: Send + Sync> Flow<L> {
    #[step]
    async fn write(&mut self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow(1).run("pirates");
}
