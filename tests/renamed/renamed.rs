//! Renamed: a user's crate that knows `workflow-core` by another name.

use flows::prelude::*;

#[event]
struct Draft(String);

#[event(transient)]
struct Handle(std::sync::Arc<str>);

#[derive(OneOf)]
enum Verdict {
    Again(Handle),
    Done(StopEvent<String>),
}

struct Flow;

#[workflow(output = String)]
impl Flow {
    #[step]
    async fn write(&self, topic: StartEvent) -> Result<Draft, flows::FieldError> {
        Ok(Draft(topic.get("topic")?))
    }

    #[step]
    async fn judge(&self, draft: Draft) -> Verdict {
        Handle(draft.0.into()).into()
    }

    #[step]
    async fn close(&self, handle: Handle) -> Verdict {
        StopEvent(handle.0.to_string()).into()
    }
}

#[tokio::test]
async fn the_macros_work_under_another_name_of_the_crate() {
    assert_eq!(Flow.run([("topic", "pirates")]).await.unwrap(), "pirates");
}

#[workflow(output = String)]
struct Attached;

#[step(workflow = Attached)]
async fn close(handle: Handle) -> StopEvent<String> {
    StopEvent(handle.0.to_string())
}

#[step(workflow = Attached)]
async fn open(_: &Attached, topic: StartEvent) -> Result<Handle, flows::FieldError> {
    Ok(Handle(topic.get::<String>("topic")?.into()))
}

#[tokio::test]
async fn functions_are_attached_under_another_name_of_the_crate() {
    assert_eq!(Attached.run(fields! { "topic" => "pirates" }).await.unwrap(), "pirates");
}
