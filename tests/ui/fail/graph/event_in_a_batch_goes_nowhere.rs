use workflow_core::prelude::*;

#[event]
struct Draft;

#[event]
struct Note;

mod batch {
    use super::*;

    struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> Vec<Draft> {
            vec![Draft]
        }

        #[step]
        async fn finish(&self, _: StartEvent<String>) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

mod both {
    use super::*;

    struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn write(&self, _: StartEvent<String>) -> (Draft, Option<Note>) {
            (Draft, None)
        }

        #[step]
        async fn finish(&self, _: Draft) -> StopEvent<u32> {
            StopEvent(1)
        }
    }
}

fn main() {}
