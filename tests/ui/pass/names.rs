//! Types say what a signature means, whatever they are called there.

use workflow_core::prelude::*;
use workflow_core::{StartEvent as Begin, StopEvent as End};

#[derive(Debug)]
struct Oops;

impl std::fmt::Display for Oops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("oops")
    }
}

impl std::error::Error for Oops {}

type Fallible<T> = std::result::Result<T, Oops>;
type Topic = StartEvent<String>;
type Answer = StopEvent<usize>;

mod events {
    #[workflow_core::event]
    pub struct Draft {
        pub text: String,
    }
}

use events::Draft as Text;
type Page = Text;

/// An alias for each type.
struct Aliases;

#[workflow]
impl Aliases {
    #[step]
    async fn write(&self, topic: Topic) -> Fallible<Text> {
        Ok(Text { text: topic.0 })
    }

    #[step]
    async fn count(&self, draft: Text) -> Fallible<Answer> {
        if draft.text.is_empty() { Err(Oops) } else { Ok(StopEvent(draft.text.len())) }
    }
}

/// What is emitted under another name than it is taken.
struct TwoNames;

#[workflow]
impl TwoNames {
    #[step]
    async fn write(&self, topic: Begin<String>) -> Page {
        events::Draft { text: topic.0 }
    }

    #[step]
    async fn count(&self, draft: Text) -> End<usize> {
        StopEvent(draft.text.len())
    }
}

#[derive(OneOf)]
enum Verdict {
    Again(Text),
    Done(Answer),
}

/// The only stop event is in an enum, behind an alias, in a `Result`.
struct Hidden;

#[workflow]
impl Hidden {
    #[step]
    async fn write(&self, topic: Topic) -> Text {
        Text { text: topic.0 }
    }

    #[step]
    async fn judge(&self, draft: Text) -> Fallible<Option<Verdict>> {
        Ok(Some(match draft.text.len() {
            enough @ 10.. => Verdict::Done(StopEvent(enough)),
            _ => Text { text: draft.text + "!" }.into(),
        }))
    }
}

/// Bare start and stop.
struct Bare;

#[workflow]
impl Bare {
    #[step]
    async fn check(&self, fields: StartEvent) -> Fallible<StopEvent> {
        fields.get::<String>("topic").map(|_| StopEvent(())).map_err(|_| Oops)
    }
}

#[event]
struct D(u32);
#[event]
struct S(u32);
#[event]
struct V(u32);

/// Events that are called as type parameters are.
struct Letters;

#[workflow]
impl Letters {
    #[step]
    async fn d(&self, n: StartEvent<u32>) -> D {
        D(n.0)
    }

    #[step]
    async fn s(&self, d: D) -> (S, V) {
        (S(d.0), V(d.0))
    }

    #[step]
    async fn v(&self, s: S, v: V) -> StopEvent<u32> {
        StopEvent(s.0 + v.0)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let counted: usize = Aliases.run("pirates").await?;
    assert_eq!(counted, 7);
    assert_eq!(Aliases.run("").await.unwrap_err().to_string(), "step `count` failed");
    let counted: usize = TwoNames.run("pirates").await?;
    assert_eq!(counted, 7);
    let counted: usize = Hidden.run("pirates").await?;
    assert_eq!(counted, 10);
    let _: () = Bare.run([("topic", "pirates")]).await?;
    assert_eq!(Letters.run(1u32).await?, 2);
    Ok(())
}
