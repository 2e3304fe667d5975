use workflow_core::prelude::*;

#[event]
struct Ask;

#[event]
struct Answer;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn begin(&self, _: StartEvent<String>) -> (Ask, Option<StopEvent<u32>>) {
        (Ask, None)
    }

    #[step]
    async fn answer(&self, _: Ask) -> Answer {
        Answer
    }

    #[step(waits(Answer))]
    async fn wait(&self, _: Ask) {}
}

fn main() {
    let _ = Flow.run("pirates");
}
