use workflow_core::prelude::*;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    fn write(&self, _: StartEvent<String>) -> impl Future<Output = StopEvent<u32>> {
        async { StopEvent(1) }
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
