use workflow_core::prelude::*;

#[event]
struct Approval;

struct Flow;

#[workflow]
impl Flow {
    #[step(timeout = "10s")]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step(retry(times = 3))]
    async fn try_often(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step(blocking)]
    fn count(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step(spawn)]
    async fn compute(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step(waits(Approval))]
    async fn wait(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
