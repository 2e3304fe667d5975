use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Review;

struct Plain;

#[workflow]
impl Plain {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step]
    async fn review(&self, _: Draft) -> StopEvent<u32> {
        StopEvent(2)
    }
}

struct Generic<L>(L);

#[workflow]
impl<L: Send + Sync> Generic<L> {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step]
    async fn review(&self, _: Draft) -> Review {
        Review
    }

    #[step]
    async fn answer(&self, _: Review) -> StopEvent<u32> {
        StopEvent(2)
    }
}

fn main() {
    let _ = Plain.run("pirates");
    let _ = Generic(1).run("pirates");
}
