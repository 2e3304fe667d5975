//! Function agent: a model that calls functions, several at once, and remembers what was said before.
//!
//! `cargo run --example function_agent`, or with questions of your own, one an argument. What the model calls
//! is a batch: `call` works on each member, and `remember` takes their results together.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde::{Deserialize, Serialize};
use workflow_core::prelude::*;
use workflow_examples::{
    AnyLlm, Canned, Chat, Failure, Line, Llm, LlmError, Message, ToolCall, ToolResult, Toolbox, atlas,
    program, save_picture,
};

/// What was said so far. What one run leaves, the next one begins with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Memory {
    messages: Vec<Message>,
}

impl Memory {
    /// How often the model has spoken since the user did.
    fn rounds(&self) -> usize {
        let since = self.messages.iter().rev().take_while(|message| !matches!(message, Message::User(_)));
        since.filter(|message| matches!(message, Message::Assistant(_))).count()
    }
}

/// It is the model's turn to speak.
#[event]
struct Turn;

/// A piece of what the model is saying.
#[event]
struct Token(String);

/// The model begins once more, since this went wrong.
#[event]
struct Again(String);

/// The model has spoken: these are the tools that it calls, or this is its answer.
#[derive(OneOf)]
enum Spoken {
    Calls(Vec<ToolCall>),
    Answer(StopEvent<String>),
}

/// The model does not come to an end.
#[derive(Debug, thiserror::Error)]
#[error("the model has called tools {0} times and gives no answer; raise --rounds or ask for less")]
struct TooManyRounds(usize);

struct Agent<L> {
    llm: L,
    tools: Toolbox,
    rounds: usize,
}

#[workflow(state = Memory, publishes(Token, Again, ToolCall, ToolResult))]
impl<L: Llm> Agent<L> {
    /// Hears what the user says.
    #[step]
    async fn listen(&self, ctx: &Context<Self>, said: StartEvent<String>) -> Turn {
        ctx.state(|memory| memory.messages.push(Message::User(said.0)));
        Turn
    }

    /// Lets the model speak. The caller gets what it says token by token.
    #[step(retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn ask(&self, ctx: &Context<Self>, _turn: Turn) -> Result<Spoken, LlmError> {
        if let Some(error) = &ctx.attempt().last_error {
            ctx.publish(Again(error.clone()));
        }
        let task = "You answer questions about distances. Look them up and calculate with your tools.";
        let mut messages = vec![Message::System(task.to_owned())];
        messages.extend(ctx.state(|memory| memory.messages.clone()));
        let chat = Chat::new(messages).tools(&self.tools);

        let reply = match self.llm.stream(&chat, |token| ctx.publish(Token(token.to_owned()))).await {
            Ok(reply) => reply,
            Err(error) => return Err(error.heeded().await),
        };
        ctx.state(|memory| memory.messages.push(Message::Assistant(reply.clone())));
        if reply.calls.is_empty() {
            return Ok(Spoken::Answer(StopEvent(reply.text)));
        }
        Ok(Spoken::Calls(reply.calls))
    }

    /// Calls one tool. What goes wrong is a result like another: the model reads it and does better.
    #[step]
    async fn call(&self, call: ToolCall) -> ToolResult {
        self.tools.call(call)
    }

    /// Takes the results of all calls together, so that the model can speak again.
    #[step]
    async fn remember(&self, ctx: &Context<Self>, results: Vec<ToolResult>) -> Result<Turn, TooManyRounds> {
        let rounds = ctx.state(|memory| {
            memory.messages.extend(results.into_iter().map(Message::Tool));
            memory.rounds()
        });
        if rounds >= self.rounds {
            return Err(TooManyRounds(rounds));
        }
        Ok(Turn)
    }
}

/// The questions, unless the caller brings some.
const QUESTIONS: [&str; 2] =
    ["How far is it from Lisboa to Oslo, and how far from Oslo to Athens?", "And both together?"];

/// What to say to these questions when there is no model. One city is spelt wrongly, so that a tool fails.
const CANNED: Canned = Canned::dialogue(&[
    Line::User(QUESTIONS[0]),
    Line::Calls(&[
        ("distance", r#"{"from": "Lisboa", "to": "Oslo"}"#),
        ("distance", r#"{"from": "Oslo", "to": "Athens"}"#),
    ]),
    Line::Calls(&[("distance", r#"{"from": "Lisbon", "to": "Oslo"}"#)]),
    Line::Model("It is {} from Oslo to Athens, and {} from Lisbon to Oslo."),
    Line::User(QUESTIONS[1]),
    Line::Calls(&[("calculate", r#"{"left": 2605, "operation": "add", "right": 2738}"#)]),
    Line::Model("Both together are {} km."),
]);

/// Answers questions about distances, with tools.
#[derive(Parser)]
struct Options {
    /// The questions, each an argument; without any, two that belong together.
    questions: Vec<String>,

    /// How often the model may call tools for one question.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// Where the picture of the flow goes: .html, .svg, .md, .mmd, .dot or .txt.
    #[arg(long, default_value = "function_agent.html")]
    picture: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    program(answer).await
}

async fn answer(options: Options) -> Result<(), Failure> {
    let mut questions = options.questions;
    if questions.is_empty() {
        questions = QUESTIONS.map(str::to_owned).to_vec();
    }
    if questions.iter().any(|question| question.trim().is_empty()) {
        return Err("a question is empty; leave it out, or ask for a distance".into());
    }
    let llm = AnyLlm::from_env(CANNED)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", llm.describe())?;

    let agent = Agent { llm, tools: atlas(), rounds: options.rounds.into() };
    let mut memory = Memory::default();
    for question in questions {
        writeln!(out, "\nuser: {question}")?;
        let mut run = agent.run(question).state(memory).timeout(Duration::from_secs(300));
        while let Some(event) = run.next().await {
            match event {
                AgentEvent::Token(Token(text)) => write!(out, "{text}")?,
                AgentEvent::Again(Again(error)) => writeln!(out, "\n(once more: {error})")?,
                AgentEvent::ToolCall(call) => writeln!(out, "-> {} {}", call.name, call.arguments)?,
                AgentEvent::ToolResult(result) => writeln!(out, "<- {}", result.text)?,
                _ => (),
            }
            out.flush()?;
        }
        (&mut run).await?;
        writeln!(out)?;
        memory = run.into_state();
    }

    writeln!(out, "\n{}", save_picture(&Agent::<AnyLlm>::draw(), &options.picture)?)?;
    Ok(())
}
