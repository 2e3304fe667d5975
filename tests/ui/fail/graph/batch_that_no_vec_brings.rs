use workflow_core::prelude::*;

#[event]
struct Draft;

mod plain {
    use super::*;

    struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> Draft {
            Draft
        }

        #[step]
        async fn gather(&self, _: Vec<Draft>) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

mod generic {
    use super::*;

    struct Flow<L>(L);

    #[workflow]
    impl<L: Send + Sync> Flow<L> {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> Result<Draft, std::io::Error> {
            Ok(Draft)
        }

        #[step]
        async fn gather(&self, #[take(2)] _: Vec<Draft>) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

fn main() {}
