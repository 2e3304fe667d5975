//! A result that depends on which of two branches is first.

use workflow_core::prelude::*;

use super::{found, holds};

#[event]
struct AskBig(String);
#[event]
struct AskSmall(String);
#[event]
struct BigSays(String);
#[event]
struct SmallSays(String);

struct Racing;

#[workflow]
impl Racing {
    #[step]
    async fn ask(&self, question: StartEvent<String>) -> (AskBig, AskSmall) {
        (AskBig(question.0.clone()), AskSmall(question.0))
    }
    #[step]
    async fn big(&self, ask: AskBig) -> StopEvent<String> {
        StopEvent(format!("{}: surely", ask.0))
    }
    #[step]
    async fn small(&self, ask: AskSmall) -> StopEvent<String> {
        StopEvent(format!("{}: perhaps", ask.0))
    }
}

struct Preferring;

#[workflow]
impl Preferring {
    #[step]
    async fn ask(&self, question: StartEvent<String>) -> (AskBig, AskSmall) {
        (AskBig(question.0.clone()), AskSmall(question.0))
    }
    #[step]
    async fn big(&self, ask: AskBig) -> BigSays {
        BigSays(format!("{}: surely", ask.0))
    }
    #[step]
    async fn small(&self, ask: AskSmall) -> SmallSays {
        SmallSays(format!("{}: perhaps", ask.0))
    }
    #[step]
    async fn prefer(&self, big: BigSays, _small: SmallSays) -> StopEvent<String> {
        StopEvent(big.0)
    }
}

#[test]
fn a_result_of_the_first_branch_is_found() {
    let broken = found(|| Racing, "rain".to_owned(), |check| check.deterministic());
    assert_eq!((broken.schedules(), broken.schedule()), (2, "ask small"));
    holds(|| Preferring, "rain".to_owned(), |check| check.deterministic());
}
