use workflow_core::prelude::*;

#[event]
struct Draft;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Vec<Vec<Draft>> {
        vec![]
    }

    #[step]
    async fn gather(&self, _: Vec<Draft>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
