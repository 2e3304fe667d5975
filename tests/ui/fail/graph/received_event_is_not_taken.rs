use workflow_core::prelude::*;

#[event]
struct Approval;

struct Flow;

#[workflow(receives(Approval))]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates").send(Approval);
}
