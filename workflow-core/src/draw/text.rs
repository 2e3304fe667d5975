//! Text: a drawing for the terminal where it fits, and one line a step, with what starts it and what it gives.

use std::fmt;

use super::label::columns;
use super::scene::Scene;
use crate::graph::{Graph, Role, Shape, StepNode, Takes};

/// How wide a terminal is.
const COLUMNS: usize = 80;

/// The drawing, and then every step in declaration order.
pub(super) fn write(graph: &Graph, scene: &Scene, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{}", printable(graph.name))?;
    if let Some(drawing) = drawing(scene) {
        writeln!(f, "\n{drawing}")?;
    }
    let rows: Vec<Row> = graph.steps.iter().map(|step| Row::new(graph, step)).collect();
    let widest = |of: fn(&Row) -> &String| rows.iter().map(|row| columns(of(row))).max().unwrap_or(0);
    let (takes, name) = (widest(|row| &row.takes), widest(|row| &row.name));
    let fits = takes + name + widest(|row| &row.gives) + 12 <= COLUMNS;
    for row in &rows {
        if fits {
            let (before, after) =
                (" ".repeat(takes - columns(&row.takes)), " ".repeat(name - columns(&row.name)));
            writeln!(f, "  {}{before} -> [{}]{after} -> {}", row.takes, row.name, row.gives)?;
        } else {
            writeln!(f, "  [{}]", row.name)?;
            wrapped(f, "    <- ", &row.takes)?;
            wrapped(f, "    -> ", &row.gives)?;
        }
    }
    doors(graph, f, "  to the caller: ", |event| graph.events[event].published)?;
    doors(graph, f, "  from the caller: ", |event| graph.events[event].received)
}

#[cfg(feature = "draw")]
fn drawing(scene: &Scene) -> Option<String> {
    super::terminal::drawing(scene)
}

#[cfg(not(feature = "draw"))]
fn drawing(_: &Scene) -> Option<String> {
    None
}

/// A step in words.
struct Row {
    name: String,
    takes: String,
    gives: String,
}

impl Row {
    fn new(graph: &Graph, step: &StepNode) -> Self {
        Self {
            name: printable(step.name),
            takes: printable(&takes(graph, step)),
            gives: printable(&gives(graph, step)),
        }
    }
}

/// What is no character to look at would move the cursor about.
fn printable(text: &str) -> String {
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

fn doors(graph: &Graph, f: &mut fmt::Formatter<'_>, title: &str, is: impl Fn(usize) -> bool) -> fmt::Result {
    let names: Vec<_> =
        (0..graph.events.len()).filter(|event| is(*event)).map(|event| graph.events[event].name).collect();
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
