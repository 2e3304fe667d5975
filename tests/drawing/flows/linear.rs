//! Linear: two steps in a row.

use workflow_core::prelude::*;

#[event]
pub struct Joke {
    text: String,
}

pub struct JokeFlow;

#[workflow(timeout = "60s")]
impl JokeFlow {
    /// Writes the best joke it can about the topic.
    #[step]
    async fn generate_joke(&self, topic: StartEvent<String>) -> Result<Joke, std::io::Error> {
        Ok(Joke { text: topic.0 })
    }

    /// Says what is good and what is bad about the joke.
    #[step(timeout = "20s", retry(attempts = 3, base = "100ms", jitter))]
    async fn critique_joke(&self, joke: Joke) -> Result<StopEvent<String>, std::io::Error> {
        Ok(StopEvent(joke.text))
    }
}
