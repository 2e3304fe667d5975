use workflow_core::prelude::*;

struct Model;

struct Flow {
    model: Model,
}

#[workflow]
impl Flow {
    #[step(spawn)]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<u32> {
        let _ = &self.model;
        StopEvent(1)
    }

    #[step(blocking, allow(unreachable))]
    fn count(&self, _: Page) -> StopEvent<u32> {
        StopEvent(1)
    }
}

#[event]
struct Page;

fn main() {}
