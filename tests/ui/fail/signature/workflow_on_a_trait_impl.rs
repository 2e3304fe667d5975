use workflow_core::prelude::*;

struct Flow;

trait Writes {
    fn write(&self, _: StartEvent<String>) -> StopEvent<u32>;
}

#[workflow]
impl Writes for Flow {
    #[step]
    fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
