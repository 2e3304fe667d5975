use workflow_core::prelude::*;

#[event]
struct Draft;

struct Plain;

#[workflow]
impl Plain {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Draft {
        Draft
    }

    #[step]
    async fn finish(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

struct Generic<L>(L);

#[workflow]
impl<L: Send + Sync> Generic<L> {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Draft {
        Draft
    }

    #[step]
    async fn finish(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Plain.run("pirates");
    let _ = Generic(1).run("pirates");
}
