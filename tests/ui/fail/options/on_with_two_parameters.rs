use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Revision;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> (Draft, Revision) {
        (Draft, Revision)
    }

    #[step(on(Draft, Revision))]
    async fn print(&self, _: Draft, _: Revision) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
