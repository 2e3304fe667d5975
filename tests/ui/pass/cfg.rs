//! Steps under conditions: one that does not hold takes the step away with all its types.

use workflow_core::prelude::*;

#[event]
struct Draft;

#[cfg(any())]
#[event]
struct Never;

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Draft {
        Draft
    }

    #[cfg(all())]
    #[step]
    async fn here(&self, _: Draft) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[cfg(any())]
    #[step]
    async fn gone(&self, _: Never) -> StopEvent<u32> {
        StopEvent(2)
    }

    #[step]
    #[cfg(not(all()))]
    async fn gone_too(&self, _: Draft) -> Never {
        Never
    }

    #[cfg(any())]
    #[workflow_core::step]
    async fn gone_by_path(&self, _: Never) -> StopEvent<u32> {
        StopEvent(3)
    }

    #[cfg_attr(all(), allow(dead_code))]
    fn no_step(&self) {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let drawn = Flow::graph().steps.iter().map(|step| step.name).collect::<Vec<_>>();
    assert_eq!(drawn, ["write", "here"]);
    Ok(())
}
