//! Script: facts in, orders out, by the names of steps and events.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, Shape};
use crate::machine::{Again, Given, Input, InvocationId, Machine, Outcome, Output, Plan, State, Token};
use crate::{Emission, Members, StepError, StepFailed};

/// One run of a graph, told what has happened and asked what follows.
///
/// An event is written as its name and a number that tells it from others of its kind: `("Draft", 1)`.
/// An execution is named by its step, `"write"`, which is the oldest one of that step that has not ended,
/// or by step and input, `"write(Draft 1)"`.
///
/// ```
/// use workflow_core::graph::{EventNode, Graph, Role, Shape, StepNode, Takes};
/// use workflow_core::testing::{Script, all, one};
///
/// static GRAPH: Graph = Graph {
///     name: "Pair",
///     events: &[
///         EventNode::new("Start", Role::Start),
///         EventNode::new("A", Role::Between),
///         EventNode::new("B", Role::Between),
///         EventNode::new("Stop", Role::Stop),
///     ],
///     steps: &[
///         StepNode::new("split", Takes::Any(&[0]), Shape::All(&[Shape::Event(1), Shape::Event(2)])),
///         StepNode::new("finish", Takes::Join(&[1, 2]), Shape::Event(3)),
///     ],
/// };
///
/// let mut run = Script::of(&GRAPH);
/// run.started("Start", 0);
/// assert_eq!(run.orders(), ["run split(Start 0)", "wait"]);
/// run.returned("split", all([one("A", 1), one("B", 2)]));
/// assert_eq!(run.orders(), ["run finish(A 1, B 2)", "wait"]);
/// run.returned("finish", one("Stop", 3));
/// assert_eq!(run.orders(), ["stop with Stop 3"]);
/// ```
#[derive(Debug)]
pub struct Script {
    plan: &'static Plan,
    machine: Machine<Marked>,
    now: Duration,
    /// What was ordered and has not ended.
    running: Vec<Execution>,
    next_wait: u64,
    /// Open waits, with the execution that each belongs to.
    waiting: Vec<(u64, String)>,
}

#[derive(Debug)]
struct Execution {
    waits: u32,
    step: u16,
    text: String,
    invocation: InvocationId,
}

/// An event of a script: its place in the graph, and the number that tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Marked {
    /// The event's place in [`Graph::events`].
    pub event: u16,
    /// Which one of its kind.
    pub mark: u64,
}

impl Token for Marked {
    fn kind(&self) -> u16 {
        self.event
    }

    /// It tells how many times the step was tried.
    fn failed(kind: u16, failed: impl FnOnce() -> StepFailed) -> Option<Self> {
        Some(Self { event: kind, mark: failed().attempts.into() })
    }
}

/// What a step returns in a script: see [`one`], [`all`], [`batch`] and [`nothing`].
#[derive(Clone, Debug)]
pub enum Returned {
    /// Nothing.
    Nothing,
    /// One event.
    One(&'static str, u64),
    /// Several things at once, as a tuple gives them.
    All(Vec<Returned>),
    /// A batch of events, as a `Vec` gives it.
    Batch(Vec<(&'static str, u64)>),
}

/// The step returns nothing.
#[must_use]
pub const fn nothing() -> Returned {
    Returned::Nothing
}

/// The step returns one event.
#[must_use]
pub const fn one(event: &'static str, mark: u64) -> Returned {
    Returned::One(event, mark)
}

/// The step returns all of these, in this order.
#[must_use]
pub fn all(parts: impl IntoIterator<Item = Returned>) -> Returned {
    Returned::All(parts.into_iter().collect())
}

/// The step returns a batch.
#[must_use]
pub fn batch(members: impl IntoIterator<Item = (&'static str, u64)>) -> Returned {
    Returned::Batch(members.into_iter().collect())
}

impl Script {
    /// A run that has not started.
    #[must_use]
    pub fn of(graph: &'static Graph) -> Self {
        let plan: &'static Plan = Box::leak(Box::new(Plan::new(graph)));
        Self {
            plan,
            machine: Machine::resumable(plan),
            now: Duration::ZERO,
            running: Vec::new(),
            next_wait: 0,
            waiting: Vec::new(),
        }
    }

    /// Sets the time after which the run times out.
    pub fn limit(&mut self, limit: Duration) {
        self.machine.set_deadline(Some(limit));
    }

    /// Fact: the caller gave the input.
    pub fn started(&mut self, event: &str, mark: u64) {
        let event = self.event(event, mark);
        self.fact(Input::Started { event });
    }

    /// Fact: an event came from the caller.
    pub fn received(&mut self, event: &str, mark: u64) {
        let event = self.event(event, mark);
        self.fact(Input::Received { event });
    }

    /// Fact: a step sent an event: the one that was ordered last, or one that has ended.
    pub fn sent(&mut self, event: &str, mark: u64) {
        let ended = InvocationId { number: u64::MAX, slot: u32::MAX };
        let invocation = self.running.last().map_or(ended, |running| running.invocation);
        let event = self.event(event, mark);
        self.fact(Input::StepSent { invocation, event });
    }

    /// Fact: a running execution began to wait for an event, for so long at most. It wants whatever comes.
    ///
    /// # Panics
    ///
    /// When no such execution is under way.
    pub fn waits(&mut self, execution: &str, event: &str, timeout: Option<Duration>) {
        let place = self.find(execution);
        let (wait, event) = (self.next_wait, self.event(event, 0).event);
        self.next_wait += 1;
        let running = &mut self.running[place];
        let (invocation, index) = (running.invocation, running.waits);
        running.waits += 1;
        self.waiting.push((wait, running.text.clone()));
        self.fact(Input::StepWaits { invocation, wait, index, event, timeout });
    }

    /// Fact: every execution that waits does nothing else.
    pub fn waits_are_all(&mut self) {
        self.fact(Input::WaitsAreAll);
    }

    /// Fact: an execution has failed, and its policy has said after how long it is tried again.
    ///
    /// # Panics
    ///
    /// When no such execution was ordered, or it has ended.
    pub fn failed_for_now(&mut self, execution: &str, wait: Duration) {
        let invocation = self.end(execution).invocation;
        self.fact(Input::StepFailed { invocation, error: StepError::new("failed"), again: Some(wait) });
    }

    /// Fact: an execution has returned.
    ///
    /// # Panics
    ///
    /// When no such execution was ordered, or it has ended.
    pub fn returned(&mut self, execution: &str, returned: Returned) {
        let Execution { step, invocation, .. } = self.end(execution);
        let emission = self.emission(step, returned);
        self.fact(Input::StepReturned { invocation, emission });
    }

    /// Fact: an execution has failed.
    ///
    /// # Panics
    ///
    /// When no such execution was ordered, or it has ended.
    pub fn failed(&mut self, execution: &str) {
        let invocation = self.end(execution).invocation;
        self.fact(Input::StepFailed { invocation, error: StepError::new("failed"), again: None });
    }

    /// Fact: it is now this long since the run's start.
    pub fn time_passed(&mut self, now: Duration) {
        self.now = now;
        self.fact(Input::TimePassed);
    }

    /// Fact: the caller does not want the result any more.
    pub fn cancelled(&mut self) {
        self.fact(Input::Cancelled);
    }

    /// Writes the state down as JSON, forgets everything, and goes on from what was written. What was
    /// running is ordered again.
    ///
    /// # Panics
    ///
    /// When the state cannot be written or read, which would be a mistake of this library.
    pub fn cut(&mut self) {
        let written = serde_json::to_string(self.machine.state()).expect("a state can be written down");
        let state: State<Marked> = serde_json::from_str(&written).expect("a state can be read back");
        self.machine = Machine::resume(self.plan, state, self.now);
        self.running.clear();
        self.waiting.clear();
    }

    /// The orders that follow from the facts so far, up to the one to wait or the end, in words.
    pub fn orders(&mut self) -> Vec<String> {
        let mut orders = Vec::new();
        loop {
            let order = self.machine.poll_output();
            match order {
                Output::Match { offer, waits } => {
                    let waits = waits.into_iter().map(|(wait, _)| wait).collect();
                    self.fact(Input::Matched { offer, waits });
                    continue;
                }
                Output::MatchKept { wait } => {
                    let taken = self.machine.kept(wait).next().map(|_| 0);
                    self.fact(Input::MatchedKept { wait, taken });
                    continue;
                }
                _ => (),
            }
            let last = matches!(order, Output::Wait { .. } | Output::Finish(_));
            orders.push(self.words(order));
            if last {
                return orders;
            }
        }
    }

    /// The machine itself.
    #[must_use]
    pub fn machine(&self) -> &Machine<Marked> {
        &self.machine
    }

    fn fact(&mut self, fact: Input<Marked>) {
        self.machine.handle_input(self.now, fact);
    }

    fn end(&mut self, execution: &str) -> Execution {
        let found = self.find(execution);
        self.running.remove(found)
    }

    fn find(&self, execution: &str) -> usize {
        let steps = self.plan.graph().steps;
        let meant = self.running.iter().position(|running| {
            running.text == execution || steps[usize::from(running.step)].name == execution
        });
        match meant {
            Some(found) => found,
            None => panic!("no execution `{execution}` is under way"),
        }
    }

    fn words(&mut self, order: Output<Marked>) -> String {
        let graph = self.plan.graph();
        match order {
            Output::Match { .. } | Output::MatchKept { .. } => unreachable!("answered before"),
            Output::Wake { wait, event, .. } => {
                let place = self.waiting.iter().position(|(name, _)| *name == wait);
                let execution = place.map_or_else(String::new, |place| self.waiting.remove(place).1);
                match event {
                    Some(event) => format!("wake {execution} with {}", self.name(event)),
                    None => format!("wake {execution}: time is over"),
                }
            }
            Output::RunStep { invocation, step, given, again } => {
                let given = match given {
                    Given::One(event) => vec![event],
                    Given::Several(events) => events,
                };
                let given: Vec<_> = given.into_iter().map(|event| self.name(event)).collect();
                let text = format!("{}({})", graph.steps[usize::from(step)].name, given.join(", "));
                let order = match again.as_deref() {
                    Some(Again { attempt, .. }) if attempt.number > 1 => {
                        format!("run {text}, try {}", attempt.number)
                    }
                    _ => format!("run {text}"),
                };
                self.running.push(Execution { waits: 0, step, text, invocation });
                order
            }
            Output::Publish { event } => format!("publish {}", self.name(event)),
            Output::Wait { until: None } => "wait".to_owned(),
            Output::Wait { until: Some(until) } => format!("wait until {until:?}"),
            Output::Finish(outcome) => self.outcome(outcome),
        }
    }

    fn outcome(&self, outcome: Outcome<Marked>) -> String {
        let graph = self.plan.graph();
        let step_name = |step: u16| graph.steps[usize::from(step)].name;
        match outcome {
            Outcome::Stopped(event) => format!("stop with {}", self.name(event)),
            Outcome::Failed(gave_up) => format!("fail: {}", step_name(gave_up.step)),
            Outcome::Stalled(why) => format!("stall: {why}"),
            Outcome::OutsideBatch { step, event } => {
                format!("fail: {} came to {} outside a batch", graph.event_name(event), step_name(step))
            }
            Outcome::TimedOut { running } => {
                let running: Vec<_> = running.into_iter().map(step_name).collect();
                format!("time out: {}", running.join(", "))
            }
            Outcome::Cancelled => "cancel".to_owned(),
        }
    }

    fn name(&self, event: Marked) -> String {
        format!("{} {}", self.plan.graph().event_name(event.event), event.mark)
    }

    fn event(&self, name: &str, mark: u64) -> Marked {
        match self.plan.graph().events.iter().position(|event| event.name == name) {
            Some(event) => Marked { event: event as u16, mark },
            None => panic!("the graph has no event `{name}`"),
        }
    }

    fn emission(&self, step: u16, returned: Returned) -> Emission<Marked> {
        match returned {
            Returned::Nothing => Emission::None,
            Returned::One(event, mark) => Emission::One(self.event(event, mark)),
            Returned::All(parts) => {
                Emission::All(parts.into_iter().map(|part| self.emission(step, part)).collect())
            }
            Returned::Batch(members) => {
                let members: Vec<_> =
                    members.into_iter().map(|(event, mark)| self.event(event, mark)).collect();
                let shape = self.plan.graph().steps[usize::from(step)].emits;
                let Some(inner) = batch_of(&shape, &members) else {
                    panic!("the step returns no such batch");
                };
                Emission::Many(members, Members::of(inner))
            }
        }
    }
}

/// The first batch in the shape whose members these can be.
fn batch_of<'s>(shape: &'s Shape, members: &[Marked]) -> Option<&'s Shape> {
    match shape {
        Shape::Nothing | Shape::Event(_) => None,
        Shape::Many(inner) => members.iter().all(|member| inner.has(member.event)).then_some(inner),
        Shape::OneOf(parts) | Shape::All(parts) => parts.iter().find_map(|part| batch_of(part, members)),
    }
}
