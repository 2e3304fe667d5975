use workflow_core::prelude::*;

struct Oops;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Result<StopEvent<u32>, Oops> {
        Err(Oops)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
