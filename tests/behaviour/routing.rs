//! Routing: which step gets which event, in which order, and when a run ends.

use std::sync::Mutex;

use workflow_core::prelude::*;

#[event]
struct Draft {
    text: String,
}

#[derive(Default)]
struct Two {
    seen: Mutex<Vec<&'static str>>,
}

#[derive(OneOf)]
enum Verdict {
    Again(Draft),
    Done(StopEvent<String>),
}

#[workflow(output = String)]
impl Two {
    #[step]
    async fn write(&self, topic: StartEvent<String>) -> Result<Draft, std::fmt::Error> {
        self.seen.lock().unwrap().push("write");
        Ok(Draft { text: topic.0 })
    }

    #[step]
    async fn judge(&self, draft: Draft) -> Verdict {
        self.seen.lock().unwrap().push("judge");
        if draft.text.len() > 10 {
            StopEvent(draft.text).into()
        } else {
            Verdict::Again(Draft { text: draft.text + "!" })
        }
    }
}

#[tokio::test]
async fn a_loop_goes_on_until_the_stop_event() {
    let flow = Two::default();
    assert_eq!(flow.run("pirates").await.unwrap(), "pirates!!!!");
    assert_eq!(flow.seen.lock().unwrap().len(), 6);
}
