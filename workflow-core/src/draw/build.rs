//! Build: a graph becomes a scene, one node a step and one an event.

use super::card::{self, Card};
use super::scene::{Emphasis, Kind, Line, LineKind, Node, Scene};
use super::text;
use crate::graph::{EventNode, Graph, Role, Shape, StepNode, Takes};

/// With more doors than this, each has a caller of its own, lest lines cross the whole picture.
const DOORS_OF_ONE_CALLER: usize = 3;

/// With more steps than this, a catch says in words what it catches.
const LINES_TO_A_CATCH: usize = 3;

/// A scene under way.
pub(super) struct Builder<'a> {
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
    pub(super) fn new(graph: &'a Graph, shapes: &'a [String]) -> Self {
        let (nodes, lines, events, steps, callers) = Default::default();
        Self { graph, shapes, nodes, lines, events, steps, callers }
    }

    pub(super) fn build(mut self) -> Scene {
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
        let names = |is: fn(&EventNode) -> bool| {
            self.graph.events.iter().filter(|event| is(event)).map(|event| event.name.to_owned()).collect()
        };
        let (published, received) = (names(|event| event.published), names(|event| event.received));
        let name = self.graph.name.to_owned();
        Scene { name, published, received, nodes: self.nodes, lines: self.lines }
    }

    fn add(&mut self, key: &str, kind: Kind, name: &str, card: Card) -> usize {
        let key = key.to_owned();
        // What cannot be looked at is replaced, lest it moves a cursor or breaks a line.
        let name = name.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect();
        self.nodes.push(Node {
            key,
            place: 0,
            kind,
            name,
            notes: Vec::new(),
            row: None,
            card,
            emphasis: Emphasis::Usual,
            #[cfg(feature = "draw")]
            again: false,
            tally: None,
        });
        self.nodes.len() - 1
    }

    fn line(&mut self, from: usize, to: usize, kind: LineKind, many: bool) {
        let (back, perhaps, emphasis) = (false, false, Emphasis::Usual);
        self.lines.push(Line { from, to, kind, many, perhaps, back, emphasis, times: 0 });
    }

    fn add_step(&mut self, step: usize) {
        let row = &self.graph.steps[step];
        let gathers = !matches!(row.takes, Takes::Any(_));
        let card = card::of_step(self.graph, step);
        let node = self.add(&format!("s{step}"), Kind::Step { gathers }, row.name, card);
        self.nodes[node].notes = notes(row);
        self.nodes[node].row = Some(text::row(self.graph, row));
        self.nodes[node].place = step as u16;
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
        self.nodes[node].place = event as u16;
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
            self.nodes[failure].place = place as u16;
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
