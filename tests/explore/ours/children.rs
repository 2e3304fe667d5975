//! Runs that a step calls, steps on other threads and tasks, and steps that are free functions.

use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

use super::check;

#[event]
struct Word(String);
#[event]
struct Loud(String);

#[derive(Clone)]
struct Shout;

#[workflow]
impl Shout {
    #[step]
    async fn open(&self, text: StartEvent<String>) -> Word {
        tokio::task::yield_now().await;
        Word(text.0)
    }
    #[step]
    async fn shout(&self, word: Word) -> StopEvent<String> {
        StopEvent(word.0.to_uppercase())
    }
}

#[derive(Clone)]
struct Speech;

#[workflow]
impl Speech {
    #[step]
    async fn open(&self, text: StartEvent<String>) -> Vec<Word> {
        text.0.split(' ').map(|word| Word(word.to_owned())).collect()
    }
    #[step]
    async fn call(&self, ctx: &Context<Self>, word: Word) -> Result<Loud, RunError> {
        Ok(Loud(ctx.call(&Shout, word.0).await?))
    }
    #[step(blocking)]
    fn sort(&self, mut words: Vec<Loud>) -> Sorted {
        words.sort_by(|one, other| one.0.cmp(&other.0));
        Sorted(words.into_iter().map(|word| word.0).collect())
    }
    #[step(spawn)]
    async fn join(&self, sorted: Sorted) -> StopEvent<String> {
        StopEvent(sorted.0.join(" "))
    }
}

#[event]
struct Sorted(Vec<String>);

#[test]
fn called_runs_and_steps_that_run_apart_are_part_of_it() {
    check(|| check_all_orders(|| Speech, "b a".to_owned()), |text| text == "A B");
}

#[workflow]
struct Free;

#[event]
struct Half(u32);

#[step(workflow = Free)]
async fn split(_flow: &Free, whole: StartEvent<u32>) -> (Half, Half) {
    (Half(whole.0 / 2), Half(whole.0 - whole.0 / 2))
}

#[step(workflow = Free)]
async fn add(_flow: &Free, one: Half, other: Half) -> StopEvent<u32> {
    StopEvent(one.0 + other.0)
}

#[test]
fn steps_that_are_free_functions_are_explored_too() {
    let explored = check_all_orders(|| Free, serde_json::json!(7)).crashes().run();
    assert!(explored.is_complete);
}
