//! Scene: what a picture shows, before anything has a place.
//!
//! Every form of picture is written from this and not from the graph, so that all of them show the same.
//! Steps and events are nodes: an arrow goes from what gives an event to the event, and from there to
//! what takes it. A line in an alternative form of text may go through the event ([`Scene::arrows`]).

use super::card::{self, Card};
use super::loops;
use crate::graph::{Graph, Role, Shape, StepNode, Takes};

/// Nodes and the lines between them.
#[derive(Debug)]
pub(super) struct Scene {
    /// The workflow's name.
    pub(super) name: &'static str,
    /// What stands in the picture, in declaration order.
    pub(super) nodes: Vec<Node>,
    /// What connects it, from the sources of events to the events, and from events to what takes them.
    pub(super) lines: Vec<Line>,
}

/// One thing in the picture.
#[derive(Debug)]
pub(super) struct Node {
    /// What no other node of the picture is called: `start`, `s0`, `e0`.
    pub(super) key: String,
    pub(super) kind: Kind,
    /// What it is called, in full.
    pub(super) name: String,
    /// What is said below its name.
    pub(super) notes: Vec<String>,
    /// What is said of it on demand.
    pub(super) card: Card,
    pub(super) emphasis: Emphasis,
    /// It stands elsewhere in the picture too.
    pub(super) again: bool,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Start,
    Stop,
    /// What is outside of the workflow, on the other side of a door.
    Caller,
    /// A step; `gathers` when it waits for several events: a join or a batch.
    Step {
        gathers: bool,
    },
    /// An event; `many` when it comes in batches.
    Event {
        many: bool,
    },
    /// The failure of a step.
    Failure,
}

/// How loud a node or a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emphasis {
    Usual,
    /// No run comes here.
    Faint,
}

/// A line between two nodes, by their places.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: LineKind,
    /// A batch goes along it.
    pub(super) many: bool,
    /// The step from which it comes may give something else instead, or nothing.
    pub(super) perhaps: bool,
    /// It leads back to what comes before.
    pub(super) back: bool,
    pub(super) emphasis: Emphasis,
}

/// What goes along a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    /// An event that starts a step.
    Flow,
    /// An event for which a step waits that runs already.
    Wait,
    /// An event that passes a door to the outside.
    Door,
    /// A failure on its way to the step that catches it.
    Failure,
}

/// A way from node to node through one event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrow<'a> {
    pub(super) from: &'a Node,
    pub(super) event: &'a Node,
    pub(super) to: &'a Node,
    pub(super) kind: LineKind,
    pub(super) many: bool,
}

impl Scene {
    /// All that `graph` can do; `shapes` says what the fields of its events are.
    pub(super) fn new(graph: &Graph, shapes: &[String]) -> Self {
        let mut scene = Builder::new(graph, shapes).build();
        loops::find(&mut scene);
        scene
    }

    /// Every way from node to node through an event, in the order of the lines that lead to the events.
    pub(super) fn arrows(&self) -> impl Iterator<Item = Arrow<'_>> {
        self.lines.iter().filter(|line| self.nodes[line.to].kind.is_event()).flat_map(move |first| {
            let second = self.lines.iter().filter(move |line| line.from == first.to);
            second.map(move |second| Arrow {
                from: &self.nodes[first.from],
                event: &self.nodes[first.to],
                to: &self.nodes[second.to],
                kind: second.kind,
                many: first.many,
            })
        })
    }

    /// Whether a line ends (or begins) at the node.
    pub(super) fn has_line(&self, node: usize, begins: bool) -> bool {
        self.lines.iter().any(|line| node == if begins { line.from } else { line.to })
    }
}

impl Kind {
    pub(super) const fn is_event(self) -> bool {
        matches!(self, Self::Event { .. } | Self::Failure)
    }
}

/// With more doors than this, each has a caller of its own, lest lines cross the whole picture.
const DOORS_OF_ONE_CALLER: usize = 3;

/// With more steps than this, a catch says in words what it catches.
const LINES_TO_A_CATCH: usize = 3;

struct Builder<'a> {
    graph: &'a Graph,
    shapes: &'a [String],
    nodes: Vec<Node>,
    lines: Vec<Line>,
    /// By event: its node.
    events: Vec<usize>,
    /// By step: its node.
    steps: Vec<usize>,
    callers: Vec<usize>,
}

impl<'a> Builder<'a> {
    fn new(graph: &'a Graph, shapes: &'a [String]) -> Self {
        let (nodes, lines, events, steps, callers) = Default::default();
        Self { graph, shapes, nodes, lines, events, steps, callers }
    }

    fn build(mut self) -> Scene {
        let start = self.graph.start().map(|_| self.add("start", Kind::Start, "start", Card::start()));
        for step in 0..self.graph.steps.len() {
            self.add_step(step);
        }
        for event in 0..self.graph.events.len() {
            self.add_event(event);
        }
        let stop = self.graph.stop().map(|_| self.add("stop", Kind::Stop, "stop", Card::stop()));
        if let (Some(start), Some(event)) = (start, self.graph.start()) {
            self.line(start, self.events[usize::from(event)], LineKind::Flow, false);
        }
        for step in 0..self.graph.steps.len() {
            self.lines_from(step);
        }
        for event in 0..self.graph.events.len() {
            self.lines_from_event(event, stop);
        }
        self.failures();
        Scene { name: self.graph.name, nodes: self.nodes, lines: self.lines }
    }

    fn add(&mut self, key: &str, kind: Kind, name: &str, card: Card) -> usize {
        let key = key.to_owned();
        // What cannot be looked at is replaced, lest it moves a cursor or breaks a line.
        let name = name.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect();
        let (notes, emphasis, again) = (Vec::new(), Emphasis::Usual, false);
        self.nodes.push(Node { key, kind, name, notes, card, emphasis, again });
        self.nodes.len() - 1
    }

    fn line(&mut self, from: usize, to: usize, kind: LineKind, many: bool) {
        let (back, perhaps, emphasis) = (false, false, Emphasis::Usual);
        self.lines.push(Line { from, to, kind, many, perhaps, back, emphasis });
    }

    fn add_step(&mut self, step: usize) {
        let row = &self.graph.steps[step];
        let gathers = !matches!(row.takes, Takes::Any(_));
        let card = card::of_step(self.graph, step);
        let node = self.add(&format!("s{step}"), Kind::Step { gathers }, row.name, card);
        self.nodes[node].notes = notes(row);
        self.steps.push(node);
    }

    /// An event without a line is left out, and so is the failure of a step, which has a node for each
    /// step that catches it.
    fn add_event(&mut self, event: usize) {
        let row = &self.graph.events[event];
        let mut many = false;
        for step in self.graph.steps {
            step.emits.visit(&mut |emitted, batch| many |= batch && usize::from(emitted) == event, false);
        }
        let fields = self.shapes.get(event).map_or("", String::as_str);
        let card = card::of_event(self.graph, event, fields);
        if self.is_failure(event as u16) {
            self.events.push(usize::MAX);
            return;
        }
        let node = self.add(&format!("e{event}"), Kind::Event { many }, row.name, card);
        self.events.push(node);
    }

    fn is_failure(&self, event: u16) -> bool {
        self.graph.steps.iter().any(|step| step.catches.is_some() && step.takes.events().contains(&event))
    }

    fn lines_from(&mut self, step: usize) {
        let row = &self.graph.steps[step];
        let mut given: Vec<Given> = Vec::new();
        let mut note = |one: Given| match given
            .iter_mut()
            .find(|known| (known.event, known.many) == (one.event, one.many))
        {
            Some(known) => known.perhaps &= one.perhaps,
            None => given.push(one),
        };
        visit(&row.emits, Given { event: 0, many: false, perhaps: false }, &mut note, &|event| {
            self.is_failure(event)
        });
        row.sends.iter().for_each(|event| note(Given { event: *event, many: false, perhaps: false }));
        for Given { event, many, perhaps } in given {
            self.line(self.steps[step], self.events[usize::from(event)], LineKind::Flow, many);
            if let Some(line) = self.lines.last_mut() {
                line.perhaps = perhaps;
            }
        }
    }

    fn lines_from_event(&mut self, event: usize, stop: Option<usize>) {
        if self.is_failure(event as u16) {
            return;
        }
        let (row, node) = (&self.graph.events[event], self.events[event]);
        if let (Role::Stop, Some(stop)) = (row.role, stop) {
            self.line(node, stop, LineKind::Flow, false);
        }
        if row.published {
            let caller = self.caller();
            self.line(node, caller, LineKind::Door, false);
        }
        if row.received {
            let caller = self.caller();
            self.line(caller, node, LineKind::Door, false);
        }
        for (step, row) in self.graph.steps.iter().enumerate() {
            if row.takes.events().contains(&(event as u16)) {
                self.line(node, self.steps[step], LineKind::Flow, false);
            }
            if row.waits.contains(&(event as u16)) {
                self.line(node, self.steps[step], LineKind::Wait, false);
            }
        }
    }

    /// The caller for one more door.
    fn caller(&mut self) -> usize {
        let doors: usize = self
            .graph
            .events
            .iter()
            .map(|event| usize::from(event.published) + usize::from(event.received))
            .sum();
        match self.callers.first() {
            Some(caller) if doors <= DOORS_OF_ONE_CALLER => *caller,
            _ => {
                let key = match self.callers.len() {
                    0 => "caller".to_owned(),
                    more => format!("caller{more}"),
                };
                let caller = self.add(&key, Kind::Caller, "caller", Card::caller());
                self.callers.push(caller);
                caller
            }
        }
    }

    /// For each step that catches: the failure, and the steps from which it comes.
    fn failures(&mut self) {
        for (place, row) in self.graph.steps.iter().enumerate() {
            let (Some(_), Some(event)) = (row.catches, row.takes.events().first()) else { continue };
            let caught = (0..self.graph.steps.len()).filter(|step| self.graph.catcher(*step) == Some(place));
            let caught: Vec<usize> = caught.collect();
            let card = card::of_failure(self.graph, &caught, self.shapes.get(usize::from(*event)));
            let name = self.graph.event_name(*event);
            let name = match caught.len() {
                count if count > LINES_TO_A_CATCH => format!("{name} of {count} steps"),
                _ => name.to_owned(),
            };
            let failure = self.add(&format!("f{place}"), Kind::Failure, &name, card);
            if caught.len() <= LINES_TO_A_CATCH {
                for step in caught {
                    self.line(self.steps[step], failure, LineKind::Failure, false);
                }
            }
            self.line(failure, self.steps[place], LineKind::Failure, false);
        }
    }
}

/// What a step's options come to, where they are not what goes without saying.
fn notes(row: &StepNode) -> Vec<String> {
    let mut notes = Vec::new();
    match row.takes {
        Takes::Any(_) => (),
        Takes::Join(_) => notes.push("join".to_owned()),
        Takes::Batch { first: None, .. } => notes.push("whole batch".to_owned()),
        Takes::Batch { first: Some(first), .. } => notes.push(format!("first {first}")),
    }
    if row.catches.is_some() {
        notes.push("catch".to_owned());
    }
    if row.workers != StepNode::WORKERS {
        notes.push(if row.workers == 1 { "1 worker".to_owned() } else { format!("{} workers", row.workers) });
    }
    if row.retries {
        notes.push("retry".to_owned());
    }
    if let Some(timeout) = row.timeout {
        notes.push(format!("{timeout:?}"));
    }
    notes
}

/// An event in what a step gives.
#[derive(Clone, Copy)]
struct Given {
    event: u16,
    many: bool,
    perhaps: bool,
}

/// Every event of a shape but the failure, which is no alternative to what the step returns.
fn visit(shape: &Shape, so_far: Given, each: &mut impl FnMut(Given), is_failure: &impl Fn(u16) -> bool) {
    let is_failed = |part: &&Shape| matches!(part, Shape::Event(event) if is_failure(*event));
    match shape {
        Shape::Nothing => (),
        Shape::Event(event) if is_failure(*event) => (),
        Shape::Event(event) => each(Given { event: *event, ..so_far }),
        Shape::Many(inner) => visit(inner, Given { many: true, ..so_far }, each, is_failure),
        Shape::All(parts) => parts.iter().for_each(|part| visit(part, so_far, each, is_failure)),
        Shape::OneOf(parts) => {
            let ways = parts.iter().filter(|part| !is_failed(part));
            let perhaps = so_far.perhaps || ways.clone().count() > 1;
            ways.for_each(|part| visit(part, Given { perhaps, ..so_far }, each, is_failure));
        }
    }
}
