use workflow_core::prelude::*;

#[event]
struct Draft;

struct Plain;

#[workflow]
impl Plain {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> (Draft, StopEvent<u32>) {
        (Draft, StopEvent(1))
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
    async fn write(&self, _: StartEvent<String>) -> Result<(Draft, StopEvent<u32>), std::io::Error> {
        Ok((Draft, StopEvent(1)))
    }

    #[step]
    async fn review(&self, _: Draft) -> StopEvent<u32> {
        StopEvent(2)
    }
}

fn main() {
    let _ = Plain.run("pirates");
    let _ = Generic(1).run("pirates");
}
