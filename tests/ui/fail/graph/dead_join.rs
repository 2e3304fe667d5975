use workflow_core::prelude::*;

#[event]
struct Good;

#[event]
struct Bad;

#[derive(OneOf)]
enum Verdict {
    Good(Good),
    Bad(Bad),
}

type Fallible<T> = Result<T, std::io::Error>;

mod plain {
    use super::*;

    struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn judge(&self, _: StartEvent<String>) -> Verdict {
            Good.into()
        }

        #[step]
        async fn print(&self, _: Good, _: Bad) -> StopEvent<u32> {
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
        async fn judge(&self, _: StartEvent<String>) -> Fallible<Verdict> {
            Ok(Good.into())
        }

        #[step]
        async fn print(&self, _: Good, _: Bad) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

fn main() {}
