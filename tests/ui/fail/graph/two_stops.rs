use workflow_core::prelude::*;

#[event]
struct Draft;

type Done = StopEvent<String>;

#[derive(OneOf)]
enum Verdict {
    Again(Draft),
    Done(StopEvent<String>),
}

mod spelled {
    use super::*;

    struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> (Draft, Option<StopEvent<u32>>) {
            (Draft, Some(StopEvent(1)))
        }

        #[step]
        async fn review(&self, _: Draft) -> Result<StopEvent<String>, std::io::Error> {
            Ok(StopEvent(String::new()))
        }
    }
}

mod alias {
    use super::*;

    struct Flow<L>(L);

    #[workflow]
    impl<L: Send + Sync> Flow<L> {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> (Draft, Option<StopEvent<u32>>) {
            (Draft, Some(StopEvent(1)))
        }

        #[step]
        async fn review(&self, _: Draft) -> Done {
            StopEvent(String::new())
        }
    }
}

mod hidden {
    use super::*;

    struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> (Draft, Option<StopEvent<u32>>) {
            (Draft, Some(StopEvent(1)))
        }

        #[step]
        async fn review(&self, _: Draft) -> Verdict {
            Draft.into()
        }
    }
}

mod said {
    use super::*;

    struct Flow;

    #[workflow(output = u64)]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

fn main() {}
