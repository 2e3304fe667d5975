//! Walk: one run of a graph, in which every choice comes from a [`Source`].

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use workflow_core::graph::{Graph, Shape, Takes};
use workflow_core::machine::{Given, Input, InvocationId, Machine, Output, Plan, Token};
use workflow_core::{Emission, Members, StepError};

use super::graphs::{START, table};
use super::source::Source;

/// An event that can be told from all others of its run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ev {
    pub kind: u16,
    /// Counted over the run in the order in which events are emitted.
    pub id: u64,
    /// The batches that it is a member of, outermost first, where that is plain: not behind a join of
    /// several events, nor behind the join of an empty batch.
    pub lineage: Option<Vec<u64>>,
    /// The steps that it follows from, one bit each.
    pub after: u64,
}

impl Token for Ev {
    fn kind(&self) -> u16 {
        self.kind
    }
}

/// Something that passed between the machine and the outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Fact(Input<Ev>),
    Order(Output<Ev>),
}

/// An execution that was ordered.
#[derive(Clone, Debug)]
pub struct Execution {
    pub invocation: InvocationId,
    pub step: u16,
    origin: Origin,
}

/// Where what an execution emits comes from: the batches that it is in, and the steps behind it.
#[derive(Clone, Debug)]
struct Origin {
    lineage: Option<Vec<u64>>,
    after: u64,
}

/// How long a try waits that is not at once.
pub const SECOND: Duration = Duration::from_secs(1);

/// One run, as it is walked.
pub struct Walk {
    pub graph: &'static Graph,
    pub machine: Machine<Ev>,
    pub log: Vec<Entry>,
    pub running: Vec<Execution>,
    /// Nothing runs, nothing can come, and yet the run is not over.
    pub hangs: bool,
    /// By batch: its shape's members.
    pub opened: Vec<Members>,
    /// Steps that return last, one bit each, so that a search finds what goes on meanwhile.
    pub slow: u64,
    /// Whether steps may fail, and be tried again at once or after a second.
    pub fails: bool,
    /// The time since the run's start; a second goes by with each [`Input::TimePassed`].
    now: Duration,
    /// How many executions are to be tried again later.
    delayed: usize,
    /// The execution that returned last, and the steps behind it.
    told_last: u64,
    next_id: u64,
}

impl Walk {
    pub fn new(plan: &'static Plan) -> Self {
        Self {
            graph: plan.graph(),
            machine: Machine::resumable(plan),
            log: Vec::new(),
            running: Vec::new(),
            opened: Vec::new(),
            hangs: false,
            slow: 0,
            fails: false,
            now: Duration::ZERO,
            delayed: 0,
            told_last: 0,
            next_id: 0,
        }
    }

    /// Walks to the end, or until `fuel` facts have been told and the caller cancels.
    pub fn run_to_its_end(&mut self, source: &mut Source, fuel: usize) {
        let event = self.event(START, &Origin::OUTSIDE);
        self.tell(Input::Started { event });
        for _ in 0..fuel {
            if self.drain() {
                return;
            }
            let Some(fact) = self.choose(source) else {
                self.hangs = true;
                break;
            };
            self.tell(fact);
        }
        if !self.drain() {
            self.tell(Input::Cancelled);
            assert!(self.drain(), "a run that was cancelled is over at once");
        }
    }

    /// Asks for orders until there are none; whether the run is over.
    pub fn drain(&mut self) -> bool {
        let mut settled = false;
        loop {
            settled |= !self.machine.is_busy();
            let order = self.machine.poll_output();
            self.log.push(Entry::Order(order.clone()));
            match order {
                Output::RunStep { invocation, step, given, .. } => {
                    let takes = self.graph.steps[step as usize].takes;
                    let mut origin = Origin::of(takes, events(&given));
                    if matches!(takes, Takes::Batch { .. }) && !settled {
                        origin.after |= self.told_last; // What ended last has closed the batch.
                    }
                    origin.after |= 1 << step;
                    self.running.push(Execution { invocation, step, origin });
                }
                Output::Publish { .. } => (),
                Output::Match { .. } | Output::MatchKept { .. } | Output::Wake { .. } => {
                    unreachable!("no step of a walk waits")
                }
                Output::Finish(_) => return true,
                Output::Wait { .. } => return false,
            }
        }
    }

    pub fn tell(&mut self, fact: Input<Ev>) {
        self.log.push(Entry::Fact(fact.clone()));
        if fact == Input::TimePassed {
            self.now += SECOND;
            self.delayed = 0;
        }
        self.machine.handle_input(self.now, fact);
    }

    fn choose(&mut self, source: &mut Source) -> Option<Input<Ev>> {
        if self.delayed > 0 && (self.running.is_empty() || source.once_in(4)) {
            return Some(Input::TimePassed);
        }
        let received: Vec<u16> = (0..self.graph.events.len() as u16)
            .filter(|event| self.graph.events[*event as usize].received)
            .collect();
        let waits = self.running.iter().all(|running| self.slow >> running.step & 1 == 1);
        if (!received.is_empty() && (waits || source.once_in(6))) || self.running.is_empty() {
            if received.is_empty() {
                return None;
            }
            let event = self.event(source.of(&received), &Origin::OUTSIDE);
            return Some(Input::Received { event });
        }
        let mut chosen = source.pick(self.running.len());
        if self.slow >> self.running[chosen].step & 1 == 1 {
            let quick = self.running.iter().position(|running| self.slow >> running.step & 1 == 0);
            chosen = quick.unwrap_or(chosen);
        }
        let step = &self.graph.steps[self.running[chosen].step as usize];
        if !step.sends.is_empty() && source.once_in(2) {
            let sent = Origin { after: self.running[chosen].origin.after, ..Origin::OUTSIDE };
            let event = self.event(source.of(step.sends), &sent);
            return Some(Input::StepSent { invocation: self.running[chosen].invocation, event });
        }
        let Execution { invocation, origin, .. } = self.running.remove(chosen);
        if self.fails && source.once_in(3) {
            let again = source.of(&[Some(Duration::ZERO), Some(SECOND), Some(SECOND), None]);
            self.delayed += usize::from(again == Some(SECOND));
            return Some(Input::StepFailed { invocation, error: StepError::new("failed"), again });
        }
        self.told_last = origin.after;
        let emission = self.emission(source, &step.emits, &origin);
        Some(Input::StepReturned { invocation, emission })
    }

    fn emission(&mut self, source: &mut Source, shape: &Shape, origin: &Origin) -> Emission<Ev> {
        match shape {
            Shape::Nothing => Emission::None,
            Shape::Event(event) => Emission::One(self.event(*event, origin)),
            Shape::OneOf(parts) => {
                let part = source.pick(parts.len());
                self.emission(source, &parts[part], origin)
            }
            Shape::All(parts) => {
                Emission::All(parts.iter().map(|part| self.emission(source, part, origin)).collect())
            }
            Shape::Many(inner) => {
                let mut inside = origin.clone();
                inside.lineage.iter_mut().for_each(|lineage| lineage.push(self.opened.len() as u64));
                self.opened.push(Members::of(inner));
                let mut members = Vec::new();
                for _ in 0..source.of(&[0, 1, 2, 3, 5]) {
                    flatten(self.emission(source, inner, &inside), &mut members);
                }
                Emission::Many(members, Members::of(inner))
            }
        }
    }

    fn event(&mut self, kind: u16, origin: &Origin) -> Ev {
        self.next_id += 1;
        Ev { kind, id: self.next_id, lineage: origin.lineage.clone(), after: origin.after }
    }
}

impl Origin {
    const OUTSIDE: Self = Self { lineage: Some(Vec::new()), after: 0 };

    /// What is plain of it from what the execution was given.
    fn of(takes: Takes, given: &[Ev]) -> Self {
        let lineage = match (takes, given) {
            (Takes::Any(_), [only]) => only.lineage.clone(),
            // What a batch join returns belongs to the batch around.
            (Takes::Batch { .. }, [first, ..]) => {
                first.lineage.as_ref().and_then(|lineage| Some(lineage.split_last()?.1.to_vec()))
            }
            _ => None,
        };
        Self { lineage, after: given.iter().fold(0, |after, event| after | event.after) }
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table(self.graph))?;
        self.log.iter().try_for_each(|entry| writeln!(f, "{entry:?}"))
    }
}

/// The events of a given input, in order.
pub fn events(given: &Given<Ev>) -> &[Ev] {
    match given {
        Given::One(event) => std::slice::from_ref(event),
        Given::Several(events) => events,
    }
}

/// The plan of a graph that is kept for the rest of the process.
pub fn plan(graph: &'static Graph) -> &'static Plan {
    Box::leak(Box::new(Plan::new(graph)))
}

fn flatten(emission: Emission<Ev>, members: &mut Vec<Ev>) {
    match emission {
        Emission::None => (),
        Emission::One(event) => members.push(event),
        Emission::Many(events, _) => members.extend(events),
        Emission::All(parts) => parts.into_iter().for_each(|part| flatten(part, members)),
    }
}
