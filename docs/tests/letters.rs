//! Letters: the tests that the chapter "Testing a workflow" shows, to the letter.
//!
//! Change both together: `guide/chapters.rs` holds the one against the other.

use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::{Snapshot, StepTimedOut};

trait Model: Send + Sync {
    fn complete(&self, prompt: &str) -> impl Future<Output = Result<String, Busy>> + Send;
}

#[derive(Debug, thiserror::Error)]
#[error("the model is busy")]
struct Busy;

#[event]
struct Draft(String);

#[event]
struct Approval(bool);

struct Letters<M> {
    model: M,
}

#[workflow(receives(Approval))]
impl<M: Model> Letters<M> {
    #[step(timeout = "30s", retry(attempts = 3, wait = "10s"))]
    async fn write(&self, topic: StartEvent<String>) -> Result<Draft, Busy> {
        Ok(Draft(self.model.complete(&format!("Write about {topic}.")).await?))
    }

    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, draft: Draft) -> StopEvent<Option<String>> {
        let approval = ctx.wait_for::<Approval>().await;
        StopEvent(approval.0.then_some(draft.0))
    }
}

struct Canned;

impl Model for Canned {
    async fn complete(&self, prompt: &str) -> Result<String, Busy> {
        match prompt {
            "Write about silence." => std::future::pending().await,
            "Write about queues." => Err(Busy),
            _ => Ok("Once upon a time.".to_owned()),
        }
    }
}

const LETTERS: Letters<Canned> = Letters { model: Canned };

#[tokio::test]
async fn a_draft_is_what_the_model_says() {
    let draft = LETTERS.write(StartEvent("ships".to_owned())).await.unwrap();
    assert_eq!(draft.0, "Once upon a time.");
}

#[tokio::test]
async fn a_letter_that_is_approved_is_the_result() {
    let run = LETTERS.run("ships");
    run.send(Approval(true)).unwrap();
    assert_eq!(run.await.unwrap(), Some("Once upon a time.".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_is_silent_is_asked_three_times() {
    let began = tokio::time::Instant::now();
    let error = LETTERS.run("silence").await.unwrap_err();
    assert!(matches!(error, RunError::Step { step: "write", attempts: 3, .. }));
    assert!(error.step_error::<StepTimedOut>().is_some());
    assert_eq!(began.elapsed(), Duration::from_secs(30 + 10 + 30 + 10 + 30));
}

#[tokio::test(start_paused = true)]
async fn a_busy_model_is_asked_again() {
    let mut run = LETTERS.run("queues");
    let first = run.step().await.unwrap();
    assert_eq!(
        first.to_string(),
        "`write` took `StartEvent<String>`, failed: the model is busy; tried again in 10s"
    );
    assert_eq!(run.step().await.unwrap().attempt, 2);
}

#[tokio::test]
async fn a_letter_survives_a_restart_after_any_delivery() {
    for deliveries in 0..=2 {
        let mut run = LETTERS.run("ships");
        for _ in 0..deliveries {
            run.step().await;
        }
        let written = serde_json::to_string(&run.snapshot().unwrap()).unwrap();
        drop(run);

        let snapshot: Snapshot = serde_json::from_str(&written).unwrap();
        let run = LETTERS.resume(snapshot).unwrap();
        run.send(Approval(true)).unwrap();
        assert!(run.await.unwrap().is_some());
    }
}

#[test]
fn a_letter_is_right_in_every_order_and_after_every_crash() {
    use workflow_core::testing::check_all_orders;

    check_all_orders(|| LETTERS, "ships")
        .crashes()
        .receives(Approval(true))
        .expect(|letter| matches!(letter, Ok(Some(_))))
        .run();
}

#[test]
fn a_model_that_fails_twice_is_asked_a_third_time() {
    use workflow_core::testing::check_all_orders;

    check_all_orders(|| LETTERS, "queues")
        .step("write", |topic: StartEvent<String>| Draft(topic.0))
        .fails("write", 2)
        .receives(Approval(false))
        .expect(|letter| matches!(letter, Ok(None)))
        .run();
}

#[test]
fn a_letter_that_waits_goes_on_when_it_is_approved() {
    use workflow_core::testing::{Script, one};

    let mut run = Script::of(Letters::<Canned>::graph());
    run.started("StartEvent<String>", 1);
    assert_eq!(run.orders(), ["run write(StartEvent<String> 1)", "wait"]);

    run.returned("write", one("Draft", 2));
    assert_eq!(run.orders(), ["run ask(Draft 2)", "wait"]);

    run.waits("ask", "Approval", None);
    run.waits_are_all();
    assert_eq!(run.orders(), ["wait"]);

    run.received("Approval", 3);
    assert_eq!(run.orders(), ["wake ask(Draft 2) with Approval 3", "wait"]);
}

#[test]
fn every_workflow_of_the_program_can_run() {
    for flow in workflow_core::workflows() {
        flow.check().unwrap();
    }
}
