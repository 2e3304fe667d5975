use workflow_core::prelude::*;

#[event]
struct Joke;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Joke {
        Joke
    }

    #[step]
    async fn laugh(&self, _: Joke) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step]
    async fn groan(&self, _: crate::Joke) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
