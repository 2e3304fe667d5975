//! Readme: what it shows is what one gets.

use workflow_core::prelude::*;

use crate::flows::{linear, recorded, shop};

#[test]
fn the_picture_in_the_readme_is_the_one_that_the_flow_draws() {
    let readme = include_str!("../../README.md");
    let picture = format!("```mermaid\n{}```\n", linear::JokeFlow::draw().mermaid());
    assert!(readme.contains(&picture), "{picture}");
}

/// After a change to the look: `INSTA_UPDATE=always` writes these too.
#[test]
fn the_pictures_beside_the_readme_are_those_that_its_flow_draws() {
    let pictures =
        [("shop.svg", shop::Shop::draw().svg()), ("refused.svg", recorded::refused().draw().svg())];
    for (name, drawn) in pictures {
        let path = format!("{}/../pictures/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
            std::fs::write(&path, &drawn).expect("the picture can be written");
        }
        assert!(
            std::fs::read_to_string(path).is_ok_and(|saved| saved == drawn),
            "pictures/{name} is another"
        );
    }
}

#[test]
fn the_timeline_in_the_readme_is_the_one_that_is_printed() {
    let timeline = recorded::refused().to_string();
    assert!(include_str!("../../README.md").contains(&timeline), "{timeline}");
}

#[event]
struct Approval;

#[event]
struct Joke;

/// Waits for its caller, and mends its own failures.
struct Asks;

#[workflow(receives(Approval))]
impl Asks {
    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, _topic: StartEvent<String>) -> Result<Joke, std::io::Error> {
        ctx.wait_for::<Approval>().await;
        Ok(Joke)
    }

    #[step]
    async fn tell(&self, _joke: Joke) -> StopEvent<String> {
        StopEvent(String::new())
    }

    #[step]
    #[catch(of(ask))]
    async fn mend(&self, _failed: StepFailed) -> Joke {
        Joke
    }

    #[step]
    #[catch]
    async fn give_up(&self, _failed: StepFailed) -> StopEvent<String> {
        StopEvent(String::new())
    }
}

#[test]
fn a_picture_shows_what_a_step_waits_for_and_where_its_failure_goes() {
    let text = Asks::draw().mermaid();
    let arrows: Vec<_> = text.lines().filter(|line| line.contains("|\"")).map(str::trim).collect();
    assert_eq!(
        arrows,
        [
            "start -->|\"StartEvent#lt;String#gt;\"| s0",
            "s0 -->|\"Joke\"| s1",
            "s1 -->|\"StopEvent#lt;String#gt;\"| stop",
            "s2 -->|\"Joke\"| s1",
            "s3 -->|\"StopEvent#lt;String#gt;\"| stop",
            "caller -.->|\"Approval, waited for\"| s0",
            "s0 -.->|\"StepFailed\"| s2",
            "s1 -.->|\"StepFailed\"| s3",
        ]
    );
}
