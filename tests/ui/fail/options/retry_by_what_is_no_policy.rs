use workflow_core::prelude::*;

struct Flow;

#[workflow]
impl Flow {
    fn policy() -> u32 {
        3
    }

    #[step(retry = Self::policy)]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
