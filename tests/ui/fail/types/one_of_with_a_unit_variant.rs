use workflow_core::prelude::*;

#[event]
struct Draft;

#[derive(OneOf)]
enum Verdict {
    Again(Draft),
    Done,
}

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Verdict {
        Verdict::Done
    }

    #[step]
    async fn print(&self, _: Draft) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
