//! Model: what a workflow is once it has been read; the only types that pass between the stages.

use std::time::Duration;

use proc_macro2::Span;
use syn::visit::Visit;
use syn::{ExprPath, Generics, Ident, ItemImpl, Lifetime, Path, Type};

/// A whole `#[workflow]` block.
pub struct Workflow {
    /// The user's block, without our attributes.
    pub block: ItemImpl,
    /// `JokeFlow<L>` in `impl<L: Llm> JokeFlow<L>`.
    pub self_type: Type,
    pub generics: Generics,
    /// The name for people: `"JokeFlow"`.
    pub name: String,
    /// The generated enum: `JokeFlowEvent`.
    pub enum_name: Ident,
    pub timeout: Option<Duration>,
    /// `state = T`.
    pub state: Option<Type>,
    /// What `run` takes: the `T` of a spelled `StartEvent<T>`.
    pub input: Option<Type>,
    /// What a run gives: the `T` of a spelled `StopEvent<T>`, or `output = T`, or where neither is there a
    /// search through the return types.
    pub output: Type,
    /// Each event once, in the order in which they are first taken; then those that only pass the doors,
    /// then the stop.
    pub events: Vec<Event>,
    /// In source order.
    pub steps: Vec<Step>,
    /// The names of the steps whose `#[cfg]` does not hold.
    pub gone: Vec<Ident>,
}

impl Workflow {
    /// The place of the event that catches take.
    pub fn failed_event(&self) -> Option<usize> {
        self.steps.iter().find(|step| step.catch.is_some())?.takes.events().first().copied()
    }

    /// The lifetime, other than `'static`, for which the workflow borrows something.
    pub fn borrows_for(&self) -> Option<Lifetime> {
        struct Borrows(Option<Lifetime>);
        impl Visit<'_> for Borrows {
            fn visit_lifetime(&mut self, lifetime: &Lifetime) {
                if lifetime.ident != "static" {
                    self.0.get_or_insert_with(|| lifetime.clone());
                }
            }
        }
        let mut borrows = Borrows(None);
        borrows.visit_type(&self.self_type);
        borrows.0
    }

    /// Whether failures of the step go to a catch, as `Graph::catcher` of the core has it.
    pub fn is_caught(&self, step: &Step) -> bool {
        let mut catches = self.steps.iter().filter_map(|step| step.catch.as_ref());
        step.catch.is_none() && catches.any(|catch| catch.of.is_empty() || catch.of.contains(&step.ident))
    }

    /// Whether the step starts as its event comes and is over as it returns, as `Graph::is_plain` of the
    /// core has it.
    pub fn is_plain(&self, step: &Step) -> bool {
        step.timeout.is_none() && step.retry.is_none() && !self.is_caught(step)
    }
}

/// One event of a workflow.
pub struct Event {
    /// As the user spelled it first: `joke::Joke`.
    pub ty: Type,
    /// Its variant: `Joke`.
    pub variant: Ident,
    /// Its name for people: `"joke::Joke"`.
    pub name: String,
    pub role: Role,
    pub published: bool,
    pub received: bool,
    /// Some step declares that it sends it.
    pub sent: bool,
    /// Some step declares that it waits for it.
    pub waited: bool,
    /// Whether it starts one step, which is plain, and nothing else is done with it.
    pub direct: bool,
}

/// What an event is to a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Spelled neither `StartEvent` nor `StopEvent`; another name may stand for the first.
    Between,
    Start,
    Stop,
}

/// One `#[step]` method.
pub struct Step {
    pub ident: Ident,
    /// `step` in `#[step(workers = 4)]`.
    pub attribute: Path,
    pub is_async: bool,
    /// The first paragraph of the doc comment.
    pub doc: String,
    /// Its signature with its options above, as text for people.
    pub signature: String,
    pub parameters: Vec<Parameter>,
    pub takes: Takes,
    /// What it gives when it does not fail: `Joke` in `Result<Joke, LlmError>`.
    pub emits: Type,
    /// Its place in `Workflow::events`, when that is one event, spelled as where it is taken.
    pub emits_event: Option<usize>,
    /// The type of its error, when the return type is spelled `Result`.
    pub fails_with: Option<Type>,
    /// Places in `Workflow::events`.
    pub sends: Vec<usize>,
    /// Places in `Workflow::events`.
    pub waits: Vec<usize>,
    pub workers: Option<u32>,
    /// How long one try may take.
    pub timeout: Option<Duration>,
    pub retry: Option<Retry>,
    pub apart: Option<Apart>,
    pub catch: Option<Catch>,
    pub allow_unreachable: bool,
    pub allow_dead_end: bool,
}

/// One parameter of a step.
pub enum Parameter {
    /// `ctx: &Context<Self>`
    Context(Box<Type>),
    /// An event, or whatever `Takes` says.
    Input,
}

/// Which events start a step, as places in `Workflow::events`.
pub enum Takes {
    One(usize),
    /// `on(A, B)`, with the parameter's type.
    On(Vec<usize>, Type),
    Join(Vec<usize>),
    Batch {
        event: usize,
        /// `#[take(n)]`
        first: Option<u32>,
        /// The parameter's type, where a finding about the batch is shown.
        at: Type,
    },
}

impl Takes {
    /// The events, in the order of the parameters.
    pub fn events(&self) -> &[usize] {
        match self {
            Self::One(event) | Self::Batch { event, .. } => std::slice::from_ref(event),
            Self::On(events, _) | Self::Join(events) => events,
        }
    }
}

/// What decides whether a step that failed is tried again.
pub enum Retry {
    /// `retry = path::to::policy`
    By(ExprPath),
    /// `retry` or `retry(attempts = 5, ..)`
    With(Box<RetryOptions>),
}

/// The options of `retry(..)`; what is not set is left to the core.
#[derive(Default)]
pub struct RetryOptions {
    pub attempts: Option<u32>,
    pub wait: Option<RetryWait>,
    pub jitter: bool,
    pub within: Option<Duration>,
    /// The errors after which it is tried again; empty for all.
    pub on: Vec<Type>,
    /// `when = path::to::function`
    pub when: Option<ExprPath>,
}

/// How long a failed step waits before its next try.
pub enum RetryWait {
    /// `wait = "5s"`
    Fixed(Duration),
    /// `base = "100ms", multiplier = 2, max = "10s"`
    Exponential { base: Duration, multiplier: Option<f64>, max: Option<Duration> },
}

/// A step that does not run where its run is driven, and the option that says so.
pub struct Apart {
    pub at: Span,
    pub on: ApartOn,
}

/// Where such a step runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ApartOn {
    /// `spawn`: on a task of its own.
    Task,
    /// `blocking`: on a thread that may block.
    Pool,
}

/// A `#[workflow]` struct, to which functions are attached.
pub struct AttachedWorkflow {
    pub ident: Ident,
    /// The name for people: `"JokeFlow"`.
    pub name: String,
    pub timeout: Option<Duration>,
    /// `state = T`.
    pub state: Option<Type>,
    /// `input = T`; without it, whatever JSON has a form for.
    pub input: Option<Type>,
    /// `output = T`; without it, JSON.
    pub output: Option<Type>,
    pub publishes: Vec<Type>,
    pub receives: Vec<Type>,
}

/// One `#[step(workflow = ..)]` function.
pub struct AttachedStep {
    /// `JokeFlow` in `#[step(workflow = JokeFlow)]`.
    pub flow: Type,
    /// In the order of the parameters.
    pub arguments: Vec<Argument>,
    /// What it gives when it does not fail.
    pub emits: Type,
    /// A workflow of this one step, as a block would hold it: its events are those that the step names. It
    /// emits nothing here, since a place of an event that it emits is known only at run time.
    pub workflow: Workflow,
}

/// What one parameter of such a function is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// `flow: &JokeFlow`
    Flow,
    /// `ctx: &Context<JokeFlow>`
    Context,
    /// An event, or whatever `Takes` says.
    Input,
}

/// `#[catch]` or `#[catch(of(a, b), times = 2)]` above a step.
pub struct Catch {
    pub at: Span,
    /// The steps that it is for; empty for the general one.
    pub of: Vec<Ident>,
    /// How often it may run in one line of events.
    pub times: u32,
}

/// The options of `#[workflow(..)]`.
#[derive(Default)]
pub struct WorkflowOptions {
    pub name: Option<String>,
    pub events: Option<Ident>,
    pub timeout: Option<Duration>,
    pub state: Option<Type>,
    pub output: Option<Type>,
    pub publishes: Vec<Type>,
    pub receives: Vec<Type>,
    /// Which of the block's `#[cfg]`s hold, once that is known.
    pub cfg: Vec<bool>,
    /// The steps that are not there because of that.
    pub gone: Vec<Ident>,
}

/// The options of `#[step(..)]`.
#[derive(Default)]
pub struct StepOptions {
    pub workers: Option<u32>,
    pub timeout: Option<Duration>,
    pub retry: Option<Retry>,
    pub on: Option<(Vec<Type>, Span)>,
    pub sends: Vec<Type>,
    pub waits: Vec<Type>,
    pub blocking: Option<Span>,
    pub spawn: Option<Span>,
    pub allow_unreachable: bool,
    pub allow_dead_end: bool,
}
