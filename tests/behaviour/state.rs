//! State: what the steps of a run share, typed and under dynamic keys.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use workflow_core::prelude::*;
use workflow_core::{StepPanicked, ValueError};

#[event]
struct Add(u64);

/// Twenty steps add to one number at once, each on a task of its own.
#[derive(Clone)]
struct Sum;

#[workflow(state = u64)]
impl Sum {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> Vec<Add> {
        (1..=20).map(Add).collect()
    }

    #[step(workers = 20, spawn)]
    async fn add(&self, ctx: &Context<Self>, add: Add) {
        tokio::task::yield_now().await;
        ctx.state(|sum| *sum += add.0);
    }

    #[step]
    async fn finish(&self, _none: Vec<Add>, ctx: &Context<Self>) -> StopEvent<u64> {
        StopEvent(ctx.state(|sum| *sum))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_increments_at_once_are_twenty() {
    assert_eq!(Arc::new(Sum).start(()).await.unwrap(), 210);
}

#[tokio::test]
async fn a_run_begins_with_the_state_given_and_gives_back_what_it_left() {
    let mut run = Sum.run(()).state(1000);
    assert_eq!((&mut run).await.unwrap(), 1210);
    assert_eq!(run.into_state(), 1210);
}

/// A conversation that goes on from run to run.
struct Talk;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Lines(Vec<String>);

#[workflow(state = Lines)]
impl Talk {
    #[step]
    async fn answer(&self, ctx: &Context<Self>, said: StartEvent<String>) -> StopEvent<usize> {
        StopEvent(ctx.state(|lines| {
            lines.0.push(said.0);
            lines.0.len()
        }))
    }
}

#[tokio::test]
async fn a_conversation_goes_on_from_the_state_of_the_run_before() {
    let mut first = Talk.run("hello");
    assert_eq!((&mut first).await.unwrap(), 1);
    let mut second = Talk.run("what was that?").state(first.into_state());
    assert_eq!((&mut second).await.unwrap(), 2);
    assert_eq!(second.into_state(), Lines(vec!["hello".to_owned(), "what was that?".to_owned()]));
    assert_eq!(Talk.run("and you are?").await.unwrap(), 1);
}

/// Panics in the middle of a change: in the first try of a step, in a step that is caught, in neither.
struct Torn;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Halves {
    left: u32,
    right: BTreeMap<u32, u32>,
}

impl Halves {
    fn change(&mut self, panics: bool) {
        self.left += 1;
        assert!(!panics, "in the middle");
        self.right.insert(self.left, self.left);
    }
}

#[event]
struct Tried;
#[event]
struct Caught;

#[workflow(state = Halves)]
impl Torn {
    #[step(retry(attempts = 2, wait = "1s"))]
    async fn tried(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> Tried {
        ctx.state(|halves| halves.change(ctx.attempt().number == 1));
        Tried
    }

    #[step]
    async fn caught(&self, ctx: &Context<Self>, _ev: Tried) -> Caught {
        ctx.state(|halves| halves.change(true));
        Caught
    }

    #[step]
    #[catch(of(caught))]
    async fn mend(&self, failed: StepFailed) -> Caught {
        assert_eq!(failed.error.downcast_ref::<StepPanicked>().unwrap().message, "in the middle");
        Caught
    }

    #[step]
    async fn finish(&self, _ev: Caught) -> StopEvent<()> {
        StopEvent(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_change_fails_the_step_and_leaves_the_state_as_it_was() {
    let mut run = Torn.run(());
    (&mut run).await.unwrap();
    assert_eq!(run.into_state(), Halves { left: 1, right: BTreeMap::from([(1, 1)]) });
}

/// Goes on by itself after a panic in a change.
struct Careless;

#[workflow(state = Halves)]
impl Careless {
    #[step]
    async fn only(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> StopEvent<bool> {
        let changed = std::panic::catch_unwind(AssertUnwindSafe(|| ctx.state(|halves| halves.change(true))));
        ctx.state(|halves| halves.right.insert(7, 7));
        StopEvent(changed.is_ok())
    }
}

#[tokio::test]
async fn the_lock_on_the_state_outlives_a_panic_under_it() {
    assert!(!Careless.run(()).await.unwrap());
}

/// Reads what was set under dynamic keys.
struct Keys;

#[workflow]
impl Keys {
    #[step]
    async fn set(&self, ctx: &Context<Self>, input: StartEvent<String>) -> Result<Add, ValueError> {
        ctx.set("query", &"an earlier one")?;
        ctx.set("query", &input.0)?;
        Ok(Add(1))
    }

    #[step]
    async fn get(
        &self,
        ctx: &Context<Self>,
        _ev: Add,
    ) -> Result<StopEvent<(Option<String>, Option<u8>)>, ValueError> {
        Ok(StopEvent((ctx.get("query")?, ctx.get("missing")?)))
    }
}

#[tokio::test]
async fn a_value_is_there_for_every_step_and_a_missing_one_is_none() {
    assert_eq!(Keys.run("tea").await.unwrap(), (Some("tea".to_owned()), None));
}

/// Reads a key as what it is not, or sets what cannot be written.
struct WrongKey;

#[workflow]
impl WrongKey {
    #[step]
    async fn only(&self, ctx: &Context<Self>, input: StartEvent<bool>) -> Result<StopEvent<u8>, ValueError> {
        if input.0 {
            ctx.set("pairs", &BTreeMap::from([((1, 2), 3)]))?;
        }
        ctx.set("query", &"tea")?;
        Ok(StopEvent(ctx.get("query")?.unwrap_or(0)))
    }
}

#[tokio::test]
async fn a_wrong_type_is_an_error_that_names_both() {
    let error = WrongKey.run(false).await.unwrap_err();
    let wrong = error.step_error::<ValueError>().unwrap();
    assert_eq!(wrong.to_string(), "the value `query` is no `u8`");
    let source = std::error::Error::source(wrong).unwrap().to_string();
    assert_eq!(source, "invalid type: string \"tea\", expected u8");
}

#[tokio::test]
async fn a_value_that_cannot_be_written_is_an_error_that_names_its_key() {
    let error = WrongKey.run(true).await.unwrap_err();
    let unwritable = error.step_error::<ValueError>().unwrap();
    assert_eq!(unwritable.to_string(), "the value for `pairs` cannot be written down");
}

/// Sets a value in a try that fails.
struct Kept;

#[workflow]
impl Kept {
    #[step(retry(wait = "1s"))]
    async fn only(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> Result<StopEvent<u32>, ValueError> {
        let tries = ctx.get("tries")?.unwrap_or(0) + 1;
        ctx.set("tries", &tries)?;
        assert_eq!(tries, 3, "not yet");
        Ok(StopEvent(tries))
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_try_that_fails_has_set_stays() {
    assert_eq!(Kept.run(()).await.unwrap(), 3);
}
