use workflow_core::prelude::*;

#[event]
struct Draft;

struct Page;

#[derive(OneOf)]
enum Verdict {
    Again(Draft),
    Done(Page),
}

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Verdict {
        Draft.into()
    }

    #[step]
    async fn print(&self, _: Draft) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
