use workflow_core::prelude::*;

struct Answer;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<Answer> {
        StopEvent(Answer)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
