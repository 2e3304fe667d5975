//! Gather: events and steps that were written down one by one, as one graph.

use std::any::TypeId;
use std::collections::HashMap;

use super::{AttachedStep, Options, Spelled};
use crate::Outline;
use crate::graph::{Catches, EventNode, Graph, Role, Shape, StepNode, Takes};
use crate::outline::EventInfo;

/// What was put together, and what is odd about it.
pub(super) struct Wiring {
    pub(super) graph: &'static Graph,
    /// What opens a run, by name and type.
    pub(super) starts: Vec<(&'static str, TypeId)>,
    /// What ends a run, first what `output` says.
    pub(super) stops: Vec<u16>,
    /// What is emitted and goes nowhere.
    pub(super) strays: Vec<u16>,
}

/// Gives every event its place, as an `impl` block does: first what steps take, in their order, then what
/// passes the doors or is sent, then what ends a run.
pub(super) fn put_together(options: &Options, entries: &[&'static AttachedStep]) -> (Placed, Wiring) {
    let mut events = Placed::default();
    place_what_is_named(options, entries, &mut events);
    let outlines: Vec<Outline> = entries.iter().map(|entry| (entry.outline)()).collect();
    let stops = place_stops(options, entries, &outlines, &mut events);
    let named = events.all.len();
    for outline in &outlines {
        outline.visit(&mut |info, _| {
            events.found(info);
        });
    }
    let strays = (named..events.all.len()).map(|event| event as u16).collect();
    let starts = events.all.iter().filter(|event| event.info.opens);
    let starts = starts.map(|event| (event.node.name, event.info.id)).collect();
    let rows = entries.iter().zip(&outlines).map(|(entry, outline)| row(entry, outline, entries, &events));
    let nodes = kept(events.all.iter().map(|event| event.node).collect());
    let uncaught = Graph { name: options.name, events: nodes, steps: kept(rows.collect()) };
    let graph = Box::leak(Box::new(Graph { steps: with_failures(&uncaught), ..uncaught }));
    (events, Wiring { graph, starts, stops, strays })
}

fn place_what_is_named(options: &Options, entries: &[&AttachedStep], events: &mut Placed) {
    for entry in entries {
        for taken in entry.row.takes.events() {
            events.spelled(&entry.events[usize::from(*taken)]);
        }
    }
    for event in options.publishes {
        events.spelled(event).published = true;
    }
    for event in options.receives {
        events.spelled(event).received = true;
    }
    for event in entries.iter().flat_map(|entry| entry.events) {
        events.spelled(event);
    }
}

/// The places of what ends a run: first what `output` says, then what is returned, then what is sent.
fn place_stops(
    options: &Options,
    entries: &[&AttachedStep],
    outlines: &[Outline],
    events: &mut Placed,
) -> Vec<u16> {
    let mut stops = Vec::new();
    if let Some(output) = &options.output {
        events.spelled(output);
        stops.push(output.info.id);
    }
    for outline in outlines {
        outline.visit(&mut |info, _| {
            if info.closes {
                events.found(info);
                stops.push(info.id);
            }
        });
    }
    let named = entries.iter().flat_map(|entry| entry.events);
    stops.extend(named.filter(|event| event.info.closes).map(|event| event.info.id));
    let mut places = Vec::new();
    for place in stops.iter().map(|id| events.places[id]) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// The events of a workflow, each once, and their places.
#[derive(Default)]
pub(super) struct Placed {
    pub(super) all: Vec<PlacedEvent>,
    pub(super) places: HashMap<TypeId, u16>,
}

pub(super) struct PlacedEvent {
    pub(super) info: EventInfo,
    node: EventNode,
}

impl Placed {
    /// The event as a step or an option names it; a new one gets the next place.
    fn spelled(&mut self, event: &Spelled) -> &mut EventNode {
        self.place(&event.info, || event.name)
    }

    /// The event as a return type has it.
    fn found(&mut self, info: &EventInfo) -> &mut EventNode {
        self.place(info, || info.spelled().leak())
    }

    fn place(&mut self, info: &EventInfo, name: impl FnOnce() -> &'static str) -> &mut EventNode {
        let place = *self.places.entry(info.id).or_insert_with(|| {
            let role = match info {
                EventInfo { opens: true, .. } => Role::Start,
                EventInfo { closes: true, .. } => Role::Stop,
                _ => Role::Between,
            };
            self.all.push(PlacedEvent { info: *info, node: EventNode::new(name(), role) });
            (self.all.len() - 1) as u16
        });
        &mut self.all[usize::from(place)].node
    }

    /// The type's name for each event, with its arguments or a number where that is not enough.
    pub(super) fn names(&self) -> &'static [&'static str] {
        let alike = |name: &str| self.all.iter().filter(|event| event.info.name == name).count() > 1;
        let name = |info: &EventInfo| if alike(info.name) { info.spelled() } else { info.name.to_owned() };
        let mut names: Vec<String> = self.all.iter().map(|event| name(&event.info)).collect();
        for event in 1..names.len() {
            let before = names[..event].iter().filter(|other| **other == names[event]).count();
            if before > 0 {
                names[event] = format!("{}{}", names[event], before + 1);
            }
        }
        kept(names.into_iter().map(|name| &*name.leak()).collect())
    }
}

/// The rows, in which a step that is caught may emit its failure in place of what it emits.
fn with_failures(graph: &Graph) -> &'static [StepNode] {
    let rows = graph.steps.iter().enumerate().map(|(place, row)| {
        let failed = graph.catcher(place).and_then(|catch| graph.steps[catch].takes.events().first());
        match failed {
            Some(failed) => {
                let emits = Shape::OneOf(kept(vec![row.emits, Shape::Event(*failed)]));
                StepNode { emits, ..*row }
            }
            None => *row,
        }
    });
    kept(rows.collect())
}

/// The step's row, with the places that events and steps have in the whole.
fn row(
    entry: &AttachedStep,
    outline: &Outline,
    entries: &[&'static AttachedStep],
    events: &Placed,
) -> StepNode {
    let place = |local: &u16| events.places[&entry.events[usize::from(*local)].info.id];
    let places = |locals: &[u16]| kept(locals.iter().map(place).collect());
    let takes = match entry.row.takes {
        Takes::Any(taken) => Takes::Any(places(taken)),
        Takes::Join(taken) => Takes::Join(places(taken)),
        Takes::Batch { event, first } => Takes::Batch { event: place(&event), first },
    };
    let named = |name: &&str| entries.iter().position(|entry| entry.row.name == *name);
    let catches = entry.catches.map(|caught| Catches {
        of: kept(caught.of.iter().filter_map(named).map(|step| step as u16).collect()),
        times: caught.times,
    });
    StepNode {
        takes,
        emits: shape(outline, events),
        sends: places(entry.row.sends),
        waits: places(entry.row.waits),
        catches,
        ..entry.row
    }
}

fn shape(outline: &Outline, events: &Placed) -> Shape {
    let all = |parts: &[Outline]| kept(parts.iter().map(|part| shape(part, events)).collect());
    match outline {
        Outline::Known(shape) => *shape,
        Outline::Nothing => Shape::Nothing,
        Outline::Event(info, _) => Shape::Event(events.places[&info.id]),
        Outline::OneOf(parts) => Shape::OneOf(all(parts)),
        Outline::All(parts) => Shape::All(all(parts)),
        Outline::Many(inner) => Shape::Many(Box::leak(Box::new(shape(inner, events)))),
    }
}

/// `String` of `StartEvent<String>`; a bare one stands for that of `Fields`.
pub(super) fn input_name(start: &str) -> &str {
    let inner = start.split_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    inner.unwrap_or(if start.ends_with("StartEvent") { "Fields" } else { start })
}

/// For as long as the program runs.
fn kept<T>(all: Vec<T>) -> &'static [T] {
    all.leak()
}
