//! Workflows with parameters: what is shared decides whether a run can be, not the block.

use std::error::Error;

use workflow_core::prelude::*;

trait Llm {
    type Error: Error + Send + Sync + 'static;

    fn complete(&self, prompt: &str) -> impl Future<Output = Result<String, Self::Error>> + Send;
}

struct Echo;

impl Llm for Echo {
    type Error = std::num::ParseIntError;

    async fn complete(&self, prompt: &str) -> Result<String, Self::Error> {
        Ok(prompt.to_owned())
    }
}

#[event]
struct Joke {
    text: String,
}

struct Jokes<L> {
    llm: L,
}

#[workflow]
impl<L: Llm> Jokes<L> {
    #[step]
    async fn write(&self, topic: StartEvent<String>) -> Result<Joke, L::Error> {
        Ok(Joke { text: self.llm.complete(&topic).await? })
    }

    #[step]
    async fn critique(&self, joke: Joke) -> Result<StopEvent<String>, L::Error> {
        self.llm.complete(&joke.text).await.map(StopEvent)
    }
}

/// A block that names the context says what can be shared.
struct WithContext<L>(L);

#[workflow]
impl<L: Llm + Send + Sync> WithContext<L> {
    #[step]
    async fn write(&self, ctx: &Context<Self>, topic: StartEvent<String>) -> Result<StopEvent<String>, L::Error> {
        self.0.complete(&format!("{} {topic}", ctx.run_id())).await.map(StopEvent)
    }
}

struct Bounded<'a, L, const TIMES: usize>
where
    L: ?Sized,
{
    llm: &'a L,
}

#[workflow]
impl<'a, L, const TIMES: usize> Bounded<'a, L, TIMES>
where
    L: Llm + ?Sized,
{
    #[step]
    async fn write(&self, topic: StartEvent<String>) -> Result<StopEvent<String>, <L as Llm>::Error> {
        Ok(StopEvent(self.llm.complete(&topic.repeat(TIMES)).await?))
    }
}

struct Borrowed<'a> {
    prefix: &'a str,
}

#[workflow]
impl<'a> Borrowed<'a> {
    #[step]
    async fn write(&self, topic: StartEvent<String>) -> StopEvent<String> {
        StopEvent(format!("{}{topic}", self.prefix))
    }
}

struct Elided<'a>(&'a str);

#[workflow]
impl Elided<'_> {
    #[step]
    async fn write(&self, topic: StartEvent<String>) -> StopEvent<String> {
        StopEvent(format!("{}{topic}", self.0))
    }
}

struct Counts<T>(T);

/// One block for one type.
#[workflow]
impl Counts<u8> {
    #[step]
    async fn count(&self, more: StartEvent<u8>) -> StopEvent<u8> {
        StopEvent(self.0 + *more)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    assert_eq!(Jokes { llm: Echo }.run("pirates").await?, "pirates");
    assert_eq!(Bounded::<_, 2> { llm: &Echo }.run("ha").await?, "haha");
    assert_eq!(WithContext(Echo).run("pirates").id("7").await?, "7 pirates");
    let prefix = String::from("on ");
    assert_eq!(Borrowed { prefix: &prefix }.run("pirates").await?, "on pirates");
    assert_eq!(Elided(&prefix).run("pirates").await?, "on pirates");
    assert_eq!(Counts(2).run(3).await?, 5);
    Ok(())
}
