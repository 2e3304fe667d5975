use workflow_core::prelude::*;
use workflow_core::StartEvent as Begin;

type Order = StartEvent<u32>;

mod spelled {
    use super::*;

    pub struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
            StopEvent(1)
        }

        #[step]
        async fn count(&self, _: StartEvent<u32>) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

mod alias {
    use super::*;

    pub struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: Begin<String>) -> StopEvent<u32> {
            StopEvent(1)
        }

        #[step]
        async fn count(&self, _: Order) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

mod half {
    use super::*;

    pub struct Flow<L>(pub L);

    #[workflow]
    impl<L: Send + Sync> Flow<L> {
        #[step]
        async fn count(&self, _: Order) -> StopEvent<u32> {
            StopEvent(1)
        }

        #[step]
        async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

fn main() {
    let _ = spelled::Flow.run("pirates");
    let _ = alias::Flow.run("pirates");
    let _ = half::Flow(1).run("pirates");
}
