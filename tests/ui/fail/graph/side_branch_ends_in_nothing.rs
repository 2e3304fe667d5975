use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Review;

struct Plain;

#[workflow]
impl Plain {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Draft {
        Draft
    }

    #[step]
    async fn log(&self, _: Draft) {}

    #[step]
    async fn finish(&self, _: Draft) -> StopEvent<u32> {
        StopEvent(1)
    }
}

struct Generic<L>(L);

#[workflow]
impl<L: Send + Sync> Generic<L> {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> (Draft, Option<StopEvent<u32>>) {
        (Draft, Some(StopEvent(1)))
    }

    #[step]
    async fn review(&self, _: Draft) -> Review {
        Review
    }

    #[step]
    async fn log(&self, _: Review) -> Result<(), std::io::Error> {
        Ok(())
    }
}

fn main() {
    let _ = Plain.run("pirates");
    let _ = Generic(1).run("pirates");
}
