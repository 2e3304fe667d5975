//! Table: a graph from rows of text, for pictures of what nobody wants to write as code.
//!
//! A row is `step: what it takes -> what it gives`. It takes `A | B` (any), `A + B` (a join) or `[A]` (a
//! batch); it gives `A | B` (one of them), `A + B` (all of them), `[A]` (a batch) or nothing.

use workflow_core::graph::{EventNode, Graph, Role, Shape, StepNode, Takes};

/// The graph of the rows; `Start` opens a run and `Stop` ends it.
pub fn graph(name: &'static str, rows: &str) -> &'static Graph {
    let mut names: Vec<String> = Vec::new();
    let mut steps = Vec::new();
    for row in rows.lines().filter(|row| !row.is_empty()) {
        let (step, row) = row.split_once(": ").expect("a row begins with its step");
        let (takes, gives) = row.split_once("->").expect("a row has an arrow");
        let takes = takes_of(takes.trim(), &mut names);
        steps.push(StepNode::new(step.trim().to_owned().leak(), takes, shape(gives.trim(), &mut names)));
    }
    let role = |name: &str| match name {
        "Start" => Role::Start,
        "Stop" => Role::Stop,
        _ => Role::Between,
    };
    let events = names.into_iter().map(|name| EventNode::new(name.clone().leak(), role(&name)));
    let events: Vec<_> = events.collect();
    Box::leak(Box::new(Graph { name, events: events.leak(), steps: steps.leak() }))
}

fn place(name: &str, names: &mut Vec<String>) -> u16 {
    let known = names.iter().position(|known| known == name);
    known.unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    }) as u16
}

fn inside(text: &str) -> Option<&str> {
    text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
}

fn takes_of(text: &str, names: &mut Vec<String>) -> Takes {
    if let Some(event) = inside(text) {
        return Takes::Batch { event: place(event, names), first: None };
    }
    let mut all = |between: &str| -> &'static [u16] {
        text.split(between).map(|name| place(name, names)).collect::<Vec<_>>().leak()
    };
    if text.contains(" + ") { Takes::Join(all(" + ")) } else { Takes::Any(all(" | ")) }
}

fn shape(text: &str, names: &mut Vec<String>) -> Shape {
    let mut all = |between: &str| -> &'static [Shape] {
        text.split(between).map(|part| shape(part, names)).collect::<Vec<_>>().leak()
    };
    match text {
        "" => Shape::Nothing,
        _ if text.contains(" | ") => Shape::OneOf(all(" | ")),
        _ if text.contains(" + ") => Shape::All(all(" + ")),
        _ => match inside(text) {
            Some(inner) => Shape::Many(Box::leak(Box::new(shape(inner, names)))),
            None => Shape::Event(place(text, names)),
        },
    }
}
