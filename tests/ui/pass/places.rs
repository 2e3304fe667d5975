//! Where workflows and events may stand, and who may see them.

use workflow_core::prelude::*;

mod first {
    #[workflow_core::event]
    pub struct Draft(pub u32);
}

mod second {
    #[workflow_core::event]
    pub struct Draft(pub u32);

    #[workflow_core::event]
    pub struct Counted<T>(pub T);
}

use second::Counted;

/// Two events of one name, and two of one generic type.
struct SameNames;

#[workflow]
impl SameNames {
    #[step]
    async fn begin(&self, start: StartEvent<u32>) -> (first::Draft, second::Draft) {
        (first::Draft(*start), second::Draft(*start + 1))
    }

    #[step]
    async fn one(&self, draft: first::Draft) -> Counted<u32> {
        Counted(draft.0)
    }

    #[step]
    async fn other(&self, draft: second::Draft) -> Counted<String> {
        Counted(draft.0.to_string())
    }

    #[step]
    async fn both(&self, a: Counted<u32>, b: Counted<String>) -> StopEvent<String> {
        StopEvent(format!("{} {}", a.0, b.0))
    }
}

/// A second workflow of the module, public, with private events and a private enum that hides the stop.
pub struct Public;

#[event]
struct Private;

#[derive(OneOf)]
enum Ends {
    Again(Private),
    Done(StopEvent<u32>),
}

#[workflow(events = EventOfPublic, output = u32)]
impl Public {
    #[step]
    async fn begin(&self, _: StartEvent<u32>) -> Private {
        Private
    }

    #[step]
    async fn end(&self, _: Private) -> Ends {
        let _ = Ends::Again;
        StopEvent(1).into()
    }
}

mod public {
    use super::*;

    #[derive(OneOf)]
    pub enum Ends {
        Done(StopEvent<u32>),
    }

    /// What hides the stop is public, so its type is found.
    pub struct Flow;

    #[workflow]
    impl Flow {
        #[step]
        async fn begin(&self, _: StartEvent<u32>) -> Private {
            Private
        }

        #[step]
        async fn end(&self, _: Private) -> Option<Ends> {
            Some(StopEvent(1).into())
        }
    }
}

mod inner {
    use workflow_core::{StartEvent, StopEvent, step, workflow};

    /// No prelude, no name of the core in scope but those that are written.
    #[derive(Debug)]
    pub(crate) enum Kind {
        Plain,
    }

    #[workflow]
    impl Kind {
        #[step]
        async fn only(&self, start: StartEvent<u32>) -> StopEvent<String> {
            StopEvent(format!("{self:?} {start}"))
        }
    }
}

macro_rules! flow {
    ($name:ident, $method:ident, $result:expr) => {
        struct $name;

        #[workflow]
        impl $name {
            #[step]
            async fn $method(&self, _: &Context<Self>, start: StartEvent<u32>) -> Result<StopEvent<u32>, RunError> {
                Ok(StopEvent(*start + $result))
            }
        }
    };
}

flow!(Made, add, 4);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    assert_eq!(SameNames.run(1_u32).await?, "1 2");
    assert_eq!(Public.run(1_u32).await?, 1);
    assert_eq!(public::Flow.run(1_u32).await?, 1);
    assert!(Public::graph().event_name(1) == "Private");
    assert_eq!(inner::Kind::Plain.run(1_u32).await?, "Plain 1");
    assert_eq!(Made.run(1_u32).await?, 5);

    #[event]
    struct Local(u32);

    struct InAFunction;

    #[workflow]
    impl InAFunction {
        #[step]
        async fn begin(&self, start: StartEvent<u32>) -> Local {
            Local(*start)
        }

        #[step]
        async fn end(&self, Local(number): Local) -> StopEvent<u32> {
            StopEvent(number * 2)
        }
    }

    assert_eq!(InAFunction.run(4_u32).await?, 8);
    let _: Option<EventOfPublic> = None;
    Ok(())
}
