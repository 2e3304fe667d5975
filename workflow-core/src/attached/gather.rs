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
    for entry in entries {
        entry.row.takes.events().iter().for_each(|taken| {
            events.spelled(&entry.events[usize::from(*taken)]);
        });
    }
    for event in options.publishes {
        let place = events.spelled(event);
        events.all[usize::from(place)].node.published = true;
    }
    for event in options.receives {
        let place = events.spelled(event);
        events.all[usize::from(place)].node.received = true;
    }
    for event in entries.iter().flat_map(|entry| entry.events) {
        events.spelled(event);
    }
    let taken_or_named = events.all.len();
    if let Some(output) = &options.output {
        events.spelled(output);
    }
    let outlines: Vec<Outline> = entries.iter().map(|entry| (entry.outline)()).collect();
    let mut stops: Vec<u16> = Vec::from_iter(options.output.as_ref().map(|output| events.spelled(output)));
    for closes in [true, false] {
        for outline in &outlines {
            outline.visit(&mut |info, _| {
                if info.closes == closes {
                    let place = events.place(*info, || info.spelled().leak());
                    if closes && !stops.contains(&place) {
                        stops.push(place);
                    }
                }
            });
        }
    }
    for event in entries.iter().flat_map(|entry| entry.events).filter(|event| event.info.closes) {
        let place = events.places[&event.info.id];
        if !stops.contains(&place) {
            stops.push(place);
        }
    }
    let starts = events.all.iter().filter(|event| event.info.opens);
    let starts = starts.map(|event| (event.node.name, event.info.id)).collect();
    let strays = (taken_or_named..events.all.len())
        .filter(|event| events.all[*event].node.role != Role::Stop)
        .map(|event| event as u16)
        .collect();
    let rows = entries.iter().zip(&outlines).map(|(entry, outline)| row(entry, outline, entries, &events));
    let steps = kept(rows.collect());
    let nodes = kept(events.all.iter().map(|event| event.node).collect());
    let graph = Box::leak(Box::new(Graph { name: options.name, events: nodes, steps }));
    (events, Wiring { graph, starts, stops, strays })
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
    /// The event's place; a new one goes to the end.
    fn place(&mut self, info: EventInfo, name: impl FnOnce() -> &'static str) -> u16 {
        *self.places.entry(info.id).or_insert_with(|| {
            let role = match info {
                EventInfo { opens: true, .. } => Role::Start,
                EventInfo { closes: true, .. } => Role::Stop,
                _ => Role::Between,
            };
            self.all.push(PlacedEvent { info, node: EventNode::new(name(), role) });
            (self.all.len() - 1) as u16
        })
    }

    fn spelled(&mut self, event: &Spelled) -> u16 {
        self.place(event.info, || event.name)
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
