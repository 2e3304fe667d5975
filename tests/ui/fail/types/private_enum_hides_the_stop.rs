use workflow_core::prelude::*;

#[derive(OneOf)]
enum Ends {
    Done(StopEvent<u32>),
}

pub struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Ends {
        Ends::Done(StopEvent(1))
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
