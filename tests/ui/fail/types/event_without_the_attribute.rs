use workflow_core::prelude::*;

struct Draft;

mod taken {
    use super::*;

    struct Flow;

    #[workflow(receives(Draft))]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
            StopEvent(1)
        }

        #[step]
        async fn print(&self, _: Draft) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

mod emitted {
    use super::*;

    struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> (Draft, Option<StopEvent<u32>>) {
            (Draft, Some(StopEvent(1)))
        }
    }
}

mod both {
    use super::*;

    pub struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> Draft {
            Draft
        }

        #[step]
        async fn print(&self, _: Draft) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

mod generic {
    use super::*;

    pub struct Flow<L>(pub L);

    #[workflow]
    impl<L: Send + Sync> Flow<L> {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> Result<Draft, std::io::Error> {
            Ok(Draft)
        }

        #[step]
        async fn print(&self, _: Draft) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

fn main() {
    let _ = both::Flow.run("pirates");
    let _ = generic::Flow(1).run("pirates");
}
