//! ReAct agent: a model that thinks, acts and observes in plain text, for models that have no function calls.
//!
//! `cargo run --example react_agent`, or with a question of your own. `read` makes an action or an answer out of
//! what the model says; when it is neither, `correct` tells it how to write, and it speaks again.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::Value;
use workflow_core::prelude::*;
use workflow_examples::{
    AnyLlm, Canned, Chat, Failure, Line, Llm, LlmError, Message, Reply, Said, ToolCall, Toolbox, atlas,
    program, save_picture,
};

/// The conversation so far; the model may speak for the `number`-th time.
#[event]
struct Turn {
    messages: Vec<Message>,
    number: u32,
}

/// What the model said.
#[event]
struct Speech {
    turn: Turn,
    text: String,
}

/// It wants to use a tool.
#[event]
struct Action {
    speech: Speech,
    tool: String,
    input: Value,
}

/// It is not clear what it wants.
#[event]
struct Unclear {
    speech: Speech,
    error: String,
}

/// What it sees next.
#[event]
struct Observation {
    speech: Speech,
    text: String,
}

#[derive(OneOf)]
enum Meaning {
    Action(Action),
    Unclear(Unclear),
    Answer(StopEvent<String>),
}

/// The model does not come to an end.
#[derive(Debug, thiserror::Error)]
#[error("the model has spoken {0} times and gives no answer; raise --steps or ask for less")]
struct TooManySteps(u32);

struct Agent<L> {
    llm: L,
    tools: Toolbox,
    steps: u32,
}

#[workflow(publishes(Speech, Observation))]
impl<L: Llm> Agent<L> {
    /// Says how to write, and what the question is.
    #[step]
    async fn begin(&self, question: StartEvent<String>) -> Turn {
        let messages = vec![Message::System(Said::rules(&self.tools)), Message::User(question.0)];
        Turn { messages, number: 1 }
    }

    /// Lets the model think, and act or answer. It stops where it would make up what it observes.
    #[step(retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn think(&self, turn: Turn) -> Result<Speech, LlmError> {
        let chat = Chat::new(turn.messages.clone()).stop(Said::STOP);
        match self.llm.reply(&chat).await {
            Ok(reply) => Ok(Speech { turn, text: reply.text }),
            Err(error) => Err(error.heeded().await),
        }
    }

    /// Finds out what the model wants.
    #[step]
    async fn read(&self, speech: Speech) -> Meaning {
        match Said::read(&speech.text) {
            Ok(Said::Action { tool, input, .. }) => Meaning::Action(Action { speech, tool, input }),
            Ok(Said::Answer { answer, .. }) => Meaning::Answer(StopEvent(answer)),
            Err(error) => Meaning::Unclear(Unclear { speech, error: error.to_string() }),
        }
    }

    /// Uses the tool.
    #[step]
    async fn act(&self, action: Action) -> Observation {
        let Action { speech, tool: name, input: arguments } = action;
        let result = self.tools.call(ToolCall { id: speech.turn.number.to_string(), name, arguments });
        Observation { speech, text: result.text }
    }

    /// Tells the model how to write, so that it is asked again.
    #[step]
    async fn correct(&self, unclear: Unclear) -> Observation {
        let Unclear { speech, error } = unclear;
        let advice = "Write `Thought:`, `Action:` and `Action Input:`, or `Thought:` and `Answer:`.";
        Observation { speech, text: format!("error: {error}. {advice}") }
    }

    /// Puts what was said and seen into the conversation.
    #[step]
    async fn observe(&self, seen: Observation) -> Result<Turn, TooManySteps> {
        let Speech { mut turn, text } = seen.speech;
        if turn.number >= self.steps {
            return Err(TooManySteps(turn.number));
        }
        turn.messages.push(Message::Assistant(Reply::text(text)));
        turn.messages.push(Message::User(format!("{} {}", Said::STOP, seen.text)));
        Ok(Turn { number: turn.number + 1, ..turn })
    }
}

/// The question, unless the caller brings one.
const QUESTION: &str = "How much further is it from Madrid to Warsaw than from Paris to Rome?";

/// What to say to it when there is no model. The first reply has no form, so that the agent asks again.
const CANNED: Canned = Canned::dialogue(&[
    Line::User(QUESTION),
    Line::Model("I look both distances up: distance(Madrid, Warsaw) and distance(Paris, Rome)."),
    Line::Model(
        "Thought: One at a time, then.\nAction: distance\nAction Input: {\"from\": \"Madrid\", \"to\": \"Warsaw\"}",
    ),
    Line::Model(
        "Thought: Now the other.\nAction: distance\nAction Input: {\"from\": \"Paris\", \"to\": \"Rome\"}",
    ),
    Line::Model(
        "Thought: The difference is left.\nAction: calculate\n\
         Action Input: {\"left\": 2289, \"operation\": \"subtract\", \"right\": 1106}",
    ),
    Line::Model(
        "Thought: I know the answer.\nAnswer: It is {} to Warsaw and {} to Rome, so it is {} km further.",
    ),
]);

/// Answers a question about distances, with tools, in plain text.
#[derive(Parser)]
struct Options {
    /// The question; without one, one about four cities.
    question: Vec<String>,

    /// How often the model may speak.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,

    /// Where the picture of the flow goes: .html, .svg, .md, .mmd, .dot or .txt.
    #[arg(long, default_value = "react_agent.html")]
    picture: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    program(answer).await
}

async fn answer(options: Options) -> Result<(), Failure> {
    let question = if options.question.is_empty() { QUESTION.to_owned() } else { options.question.join(" ") };
    if question.trim().is_empty() {
        return Err("the question is empty; leave it out, or ask for a distance".into());
    }
    let llm = AnyLlm::from_env(CANNED)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", llm.describe())?;
    writeln!(out, "\nQuestion: {question}")?;

    let agent = Agent { llm, tools: atlas(), steps: options.steps };
    let mut run = agent.run(question).timeout(Duration::from_secs(300));
    while let Some(event) = run.next().await {
        match event {
            AgentEvent::Speech(speech) => writeln!(out, "{}", speech.text)?,
            AgentEvent::Observation(seen) => writeln!(out, "{} {}", Said::STOP, seen.text)?,
            _ => (),
        }
    }
    writeln!(out, "\nanswer: {}", run.await?)?;

    writeln!(out, "\n{}", save_picture(&Agent::<AnyLlm>::draw(), &options.picture)?)?;
    Ok(())
}
