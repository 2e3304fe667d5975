use workflow_core::prelude::*;

type Fallible<T> = std::result::Result<T, std::io::Error>;

#[event]
struct Draft;

mod plain {
    use super::*;

    struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> Result<Draft, std::io::Error> {
            Ok(Draft)
        }

        #[step]
        async fn finish(&self, _: StartEvent<String>) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

mod alias {
    use super::*;

    struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> Fallible<Draft> {
            Ok(Draft)
        }

        #[step]
        async fn finish(&self, _: StartEvent<String>) -> Fallible<StopEvent<u32>> {
            Ok(StopEvent(1))
        }
    }
}

fn main() {}
