use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Review;

struct Plain;

#[workflow]
impl Plain {
    #[step]
    async fn begin(&self, _: StartEvent<String>) -> (Draft, Option<StopEvent<u32>>) {
        (Draft, Some(StopEvent(1)))
    }

    #[step]
    async fn write(&self, _: Draft) -> Review {
        Review
    }

    #[step]
    async fn review(&self, _: Review) -> Draft {
        Draft
    }
}

struct Generic<L>(L);

#[workflow]
impl<L: Send + Sync> Generic<L> {
    #[step]
    async fn begin(&self, _: StartEvent<String>) -> (Draft, Option<StopEvent<u32>>) {
        (Draft, Some(StopEvent(1)))
    }

    #[step]
    async fn write(&self, _: Draft) -> Option<Draft> {
        None
    }
}

fn main() {
    let _ = Plain.run("pirates");
    let _ = Generic(1).run("pirates");
}
