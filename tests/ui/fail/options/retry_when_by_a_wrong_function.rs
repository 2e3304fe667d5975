use workflow_core::prelude::*;

fn is_busy(error: &std::fmt::Error) -> u32 {
    error.to_string().len() as u32
}

struct Flow;

#[workflow]
impl Flow {
    #[step(retry(when = is_busy))]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
