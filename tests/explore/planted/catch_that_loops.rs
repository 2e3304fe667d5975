//! A catch that sends what has failed round again, for ever.

use workflow_core::prelude::*;

use super::{found, holds};

#[event]
struct Fetch(String);

#[derive(Debug, thiserror::Error)]
#[error("there is no such page")]
struct Missing;

struct Looping;

#[workflow]
impl Looping {
    #[step]
    async fn open(&self, url: StartEvent<String>) -> Fetch {
        Fetch(url.0)
    }
    #[step]
    async fn fetch(&self, fetch: Fetch) -> Result<StopEvent<String>, Missing> {
        if fetch.0 == "home" { Ok(StopEvent(fetch.0)) } else { Err(Missing) }
    }
    #[step]
    #[catch(of(fetch), times = 1_000_000)]
    async fn again(&self, _failed: StepFailed) -> Fetch {
        Fetch("lost".to_owned())
    }
}

struct Ending;

#[workflow]
impl Ending {
    #[step]
    async fn open(&self, url: StartEvent<String>) -> Fetch {
        Fetch(url.0)
    }
    #[step]
    async fn fetch(&self, fetch: Fetch) -> Result<StopEvent<String>, Missing> {
        if fetch.0 == "home" { Ok(StopEvent(fetch.0)) } else { Err(Missing) }
    }
    #[step]
    #[catch(of(fetch))]
    async fn again(&self, _failed: StepFailed) -> Fetch {
        Fetch("home".to_owned())
    }
}

#[test]
fn a_catch_that_loops_is_found() {
    let broken = found(|| Looping, "lost".to_owned(), |check| check);
    assert_eq!(broken.schedules(), 1);
    assert!(broken.to_string().contains("goes on and on"), "{broken}");
    holds(|| Ending, "lost".to_owned(), |check| check);
}
