//! Text: a drawing for the terminal where it fits, and one line a step, with what starts it and what it gives.

use std::fmt;

use super::label::columns;
use super::scene::{Emphasis, Node, Row, Scene};
use crate::graph::{Graph, Role, Shape, StepNode, Takes};

/// How wide a terminal is.
const COLUMNS: usize = 80;

/// The drawing, and then every step in declaration order.
pub(super) fn write(scene: &Scene, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{}", printable(&scene.name))?;
    if let Some(drawing) = drawing(scene) {
        writeln!(f, "\n{drawing}")?;
    }
    let rows: Vec<(&Node, &Row)> =
        scene.nodes.iter().filter_map(|node| Some((node, node.row.as_ref()?))).collect();
    let widest = |of: &dyn Fn(&(&Node, &Row)) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let name = widest(&|(node, _)| columns(&node.name));
    let (takes, gives) = (widest(&|(_, row)| columns(&row.takes)), widest(&|(_, row)| columns(&row.gives)));
    let marks = widest(&|(node, _)| columns(&mark(node)));
    let fits = takes + name + gives + 12 + marks <= COLUMNS;
    for (node, row) in &rows {
        let mark = mark(node);
        if fits {
            let pad = |text: &str, room: usize| " ".repeat(room - columns(text));
            let (ahead, before, after) = (pad(&mark, marks), pad(&row.takes, takes), pad(&node.name, name));
            writeln!(f, "  {mark}{ahead}{}{before} -> [{}]{after} -> {}", row.takes, node.name, row.gives)?;
        } else {
            writeln!(f, "  {mark}{}[{}]", " ".repeat(marks - columns(&mark)), node.name)?;
            wrapped(f, "    <- ", &row.takes)?;
            wrapped(f, "    -> ", &row.gives)?;
        }
    }
    doors(f, "  to the caller: ", &scene.published)?;
    doors(f, "  from the caller: ", &scene.received)
}

/// What a recorded run has done at the step, in front of it; nothing where nothing is recorded.
fn mark(node: &Node) -> String {
    match (&node.tally, node.emphasis) {
        (None, _) => String::new(),
        (Some(tally), Emphasis::Taken) => format!("{} ", tally.short()),
        (Some(_), _) => "· ".to_owned(),
    }
}

/// What a step takes and gives.
pub(super) fn row(graph: &Graph, step: &StepNode) -> Row {
    Row { takes: printable(&takes(graph, step)), gives: printable(&gives(graph, step)) }
}

#[cfg(feature = "draw")]
fn drawing(scene: &Scene) -> Option<String> {
    super::terminal::drawing(scene)
}

#[cfg(not(feature = "draw"))]
fn drawing(_: &Scene) -> Option<String> {
    None
}

/// What is no character to look at would move the cursor about.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

/// The words after a title, in lines that fit.
fn wrapped(f: &mut fmt::Formatter<'_>, title: &str, words: &str) -> fmt::Result {
    let indent = columns(title);
    let (mut used, mut first) = (indent, true);
    write!(f, "{title}")?;
    for word in words.split(' ') {
        if !first && used + 1 + columns(word) > COLUMNS {
            write!(f, "\n{}", " ".repeat(indent))?;
            (used, first) = (indent, true);
        }
        write!(f, "{}{word}", if first { "" } else { " " })?;
        used += columns(word) + usize::from(!first);
        first = false;
    }
    writeln!(f)
}

fn doors(f: &mut fmt::Formatter<'_>, title: &str, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    wrapped(f, title, &printable(&names.join(", ")))
}

fn takes(graph: &Graph, step: &StepNode) -> String {
    let names: Vec<_> = step.takes.events().iter().map(|event| graph.event_name(*event)).collect();
    match step.takes {
        Takes::Any(_) => names.join(" | "),
        Takes::Join(_) => names.join(" + "),
        Takes::Batch { first: None, .. } => format!("all {}", names.join("")),
        Takes::Batch { first: Some(first), .. } => format!("first {first} {}", names.join("")),
    }
}

fn gives(graph: &Graph, step: &StepNode) -> String {
    let mut text = shape(graph, &step.emits);
    for sent in step.sends {
        text += &format!(", sends {}", graph.event_name(*sent));
    }
    for waited in step.waits {
        text += &format!(", waits for {}", graph.event_name(*waited));
    }
    text
}

fn shape(graph: &Graph, of: &Shape) -> String {
    match of {
        Shape::Nothing => "nothing".to_owned(),
        Shape::Event(event) => match graph.events[*event as usize].role {
            Role::Stop => format!("{} (end)", graph.event_name(*event)),
            _ => graph.event_name(*event).to_owned(),
        },
        Shape::Many(inner) => format!("{} ×n", part(graph, inner)),
        Shape::OneOf(parts) => parts.iter().map(|of| part(graph, of)).collect::<Vec<_>>().join(" | "),
        Shape::All(parts) => parts.iter().map(|of| part(graph, of)).collect::<Vec<_>>().join(" + "),
    }
}

/// A shape inside of another.
fn part(graph: &Graph, of: &Shape) -> String {
    match of {
        Shape::OneOf([_, _, ..]) | Shape::All([_, _, ..]) => format!("({})", shape(graph, of)),
        _ => shape(graph, of),
    }
}
