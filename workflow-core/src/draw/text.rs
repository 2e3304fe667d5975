//! Text: one line a step, with what starts it and what it gives, for a terminal.

use std::fmt;

use crate::graph::{Graph, Role, Shape, StepNode, Takes};

/// Every step in declaration order, as `takes -> step -> gives`, names in columns.
pub(super) fn write(graph: &Graph, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{}", graph.name)?;
    let rows: Vec<_> =
        graph.steps.iter().map(|step| (takes(graph, step), step.name, gives(graph, step))).collect();
    let left = rows.iter().map(|(takes, ..)| takes.chars().count()).max().unwrap_or(0);
    let middle = rows.iter().map(|(_, name, _)| name.chars().count()).max().unwrap_or(0);
    for (takes, name, gives) in rows {
        writeln!(
            f,
            "  {takes:<left$} -> [{name}]{:pad$} -> {gives}",
            "",
            pad = middle - name.chars().count()
        )?;
    }
    doors(graph, f, "to the caller", |event| graph.events[event].published)?;
    doors(graph, f, "from the caller", |event| graph.events[event].received)
}

fn doors(graph: &Graph, f: &mut fmt::Formatter<'_>, title: &str, is: impl Fn(usize) -> bool) -> fmt::Result {
    let names: Vec<_> =
        (0..graph.events.len()).filter(|event| is(*event)).map(|event| graph.events[event].name).collect();
    if names.is_empty() {
        return Ok(());
    }
    writeln!(f, "  {title}: {}", names.join(", "))
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
        Shape::Many(inner) => format!("{} ×n", shape(graph, inner)),
        Shape::OneOf(parts) => parts.iter().map(|part| shape(graph, part)).collect::<Vec<_>>().join(" | "),
        Shape::All(parts) => parts.iter().map(|part| shape(graph, part)).collect::<Vec<_>>().join(" + "),
    }
}
