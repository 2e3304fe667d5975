//! Attached: workflows whose steps are free functions, gathered when the program is linked.

use workflow_core::prelude::*;

use crate::Log;

#[event]
struct Joke {
    text: String,
}

/// Writes a joke and looks at it, as the first of all workflows did.
#[workflow(timeout = "60s", output = String)]
struct JokeFlow {
    opinion: &'static str,
}

/// Writes a joke.
#[step(workflow = JokeFlow)]
async fn generate_joke(topic: StartEvent) -> Result<Joke, workflow_core::FieldError> {
    let topic: String = topic.get("topic")?;
    Ok(Joke { text: format!("a joke about {topic}") })
}

#[step(workflow = JokeFlow)]
async fn critique_joke(flow: &JokeFlow, joke: Joke) -> StopEvent<String> {
    StopEvent(format!("{} is {}", joke.text, flow.opinion))
}

#[tokio::test]
async fn free_functions_are_the_steps_of_a_workflow() {
    let flow = JokeFlow { opinion: "old" };
    assert_eq!(flow.run(fields! { "topic" => "pirates" }).await.unwrap(), "a joke about pirates is old");
    let draft = critique_joke(&flow, Joke { text: "this".into() }).await;
    assert_eq!(draft.0, "this is old");
    println!("{}", JokeFlow::draw());
}
