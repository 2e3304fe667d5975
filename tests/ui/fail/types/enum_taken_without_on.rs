use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Revision;

#[derive(OneOf)]
enum Text {
    Draft(Draft),
    Revision(Revision),
}

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Text {
        Draft.into()
    }

    #[step]
    async fn print(&self, _: Text) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
