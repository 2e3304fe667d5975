//! Graphs: random ones, as the macros could have written them.

use workflow_core::graph::{EventNode, Graph, Role, Shape, StepNode, Takes};

use super::source::Source;

/// The place of the event that opens a run.
pub const START: u16 = 0;
/// The place of the event that ends a run.
pub const STOP: u16 = 1;

/// What may occur in a random graph.
#[derive(Clone, Copy, Debug)]
pub struct Kinds {
    pub steps: usize,
    pub joins: bool,
    /// Joins of two events of one type.
    pub twins: bool,
    /// Joins of three.
    pub triples: bool,
    pub batches: bool,
    /// Events to and from the caller.
    pub doors: bool,
    pub sends: bool,
    /// As many workers as there could be work: no queue.
    pub unlimited: bool,
}

impl Kinds {
    pub const ALL: Self = Self {
        steps: 6,
        joins: true,
        twins: true,
        triples: true,
        batches: true,
        doors: true,
        sends: true,
        unlimited: false,
    };
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const EVENTS: [&str; 8] = ["Start", "Stop", "A", "B", "C", "D", "E", "F"];

/// A graph in which every event that is emitted is taken or goes to the caller.
pub fn graph(source: &mut Source, kinds: Kinds) -> &'static Graph {
    let count = 1 + source.pick(kinds.steps);
    let between: Vec<u16> = (2..3 + source.pick(count.min(5)) as u16).collect();
    let takes: Vec<Takes> = (0..count).map(|step| takes(source, kinds, step, &between)).collect();
    let mut events: Vec<EventNode> = vec![
        EventNode::new(EVENTS[START as usize], Role::Start),
        EventNode::new(EVENTS[STOP as usize], Role::Stop),
    ];
    let mut emitted = vec![STOP];
    for event in between {
        let is_taken = takes.iter().any(|takes| takes.events().contains(&event));
        let is_gathered =
            takes.iter().any(|takes| matches!(takes, Takes::Batch { event: taken, .. } if *taken == event));
        let mut node = EventNode::new(EVENTS[event as usize], Role::Between);
        node.published = kinds.doors && source.once_in(12);
        node.received = kinds.doors && is_taken && !is_gathered && source.once_in(12);
        if is_taken || node.published {
            emitted.push(event);
        }
        events.push(node);
    }
    let likely: Vec<u16> = takes.iter().map(|takes| takes.events()[0]).collect();
    let steps: Vec<StepNode> = takes
        .into_iter()
        .enumerate()
        .map(|(index, takes)| {
            let next = likely.get(index + 1).copied().filter(|next| emitted.contains(next));
            let palette = Palette { emitted: &emitted, likely: next.unwrap_or(STOP) };
            let mut step = StepNode::new(NAMES[index], takes, shape(source, kinds, palette));
            step.workers = if kinds.unlimited { u32::MAX } else { 1 + source.pick(3) as u32 };
            if kinds.sends && source.once_in(10) {
                step.sends = vec![palette.event(source)].leak();
            }
            step
        })
        .collect();
    Box::leak(Box::new(Graph { name: "Random", events: events.leak(), steps: steps.leak() }))
}

/// What a step may emit, and what the next step waits for.
#[derive(Clone, Copy)]
struct Palette<'a> {
    emitted: &'a [u16],
    likely: u16,
}

impl Palette<'_> {
    fn event(self, source: &mut Source) -> u16 {
        if source.pick(2) == 0 { self.likely } else { source.of(self.emitted) }
    }
}

fn takes(source: &mut Source, kinds: Kinds, step: usize, between: &[u16]) -> Takes {
    if step == 0 {
        return Takes::Any(&[START]);
    }
    let event = source.of(between);
    let other = source.of(between);
    match source.pick(10) {
        4 if event != other => Takes::Any(vec![event, other].leak()),
        5 if kinds.joins && event != other => Takes::Join(vec![event, other].leak()),
        6 if kinds.twins => Takes::Join(vec![event, event].leak()),
        3 | 6 | 7 if kinds.joins && event != other => Takes::Join(vec![event, other].leak()),
        7 if kinds.triples && source.once_in(2) => Takes::Join(vec![event, other, source.of(between)].leak()),
        8 if kinds.batches => Takes::Batch { event, first: None },
        9 if kinds.batches => Takes::Batch { event, first: Some(1 + source.pick(2) as u32) },
        _ if source.once_in(12) => Takes::Any(&[START]),
        _ => Takes::Any(vec![event].leak()),
    }
}

fn shape(source: &mut Source, kinds: Kinds, palette: Palette<'_>) -> Shape {
    match source.pick(12) {
        3 | 9 | 10 => Shape::All(vec![part(source, palette), part(source, palette)].leak()),
        4 => Shape::OneOf(vec![part(source, palette), part(source, palette)].leak()),
        5 => Shape::OneOf(
            vec![
                part(source, palette),
                Shape::All(vec![part(source, palette), part(source, palette)].leak()),
            ]
            .leak(),
        ),
        6 if kinds.batches => many(source, palette),
        7 if kinds.batches => Shape::All(vec![part(source, palette), many(source, palette)].leak()),
        8 if kinds.batches => Shape::OneOf(vec![part(source, palette), many(source, palette)].leak()),
        _ => part(source, palette),
    }
}

fn many(source: &mut Source, palette: Palette<'_>) -> Shape {
    let member = match source.pick(3) {
        0 => Shape::Event(palette.event(source)),
        1 => Shape::OneOf(
            vec![Shape::Event(palette.event(source)), Shape::Event(palette.event(source))].leak(),
        ),
        _ => {
            Shape::All(vec![Shape::Event(palette.event(source)), Shape::Event(palette.event(source))].leak())
        }
    };
    Shape::Many(Box::leak(Box::new(member)))
}

fn part(source: &mut Source, palette: Palette<'_>) -> Shape {
    match source.pick(8) {
        6 => Shape::Nothing,
        7 => Shape::OneOf(vec![Shape::Nothing, Shape::Event(palette.event(source))].leak()),
        _ => Shape::Event(palette.event(source)),
    }
}

/// The graph as a table, an event or a step a line.
pub fn table(graph: &Graph) -> String {
    let mut table = String::from("\n");
    for event in graph.events {
        let doors = [(event.published, ", published"), (event.received, ", received")];
        let doors: String = doors.iter().filter(|(is, _)| *is).map(|(_, door)| *door).collect();
        table += &format!("{:?} {}{doors}\n", event.role, event.name);
    }
    for step in graph.steps {
        table += &format!("{}: {:?} -> {:?}", step.name, step.takes, step.emits);
        table += &format!(", sends {:?}, {} workers\n", step.sends, step.workers);
    }
    table
}
