//! Mermaid: steps as boxes, the start and the stop as circles, the caller as a door, events on the arrows.

use std::fmt::Write;

use crate::graph::{Graph, Role, StepNode, Takes};

/// The whole flowchart; the same graph gives the same text.
pub(super) fn write(graph: &Graph) -> String {
    let mut text = String::from("flowchart TB\n");
    let mut line = |line: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "    {line}");
    };
    line(format_args!("start(((start)))"));
    line(format_args!("stop(((stop)))"));
    for (index, step) in graph.steps.iter().enumerate() {
        line(format_args!("s{index}[\"{}\"]", escaped(&label(step))));
    }
    let has_doors = graph.events.iter().any(|event| event.published || event.received);
    if has_doors {
        line(format_args!("caller[/\"caller\"/]"));
    }
    for Source { from, step: source, event, many } in sources(graph) {
        let node = &graph.events[event as usize];
        let name = escaped(node.name);
        let times = if many { " ×n" } else { "" };
        if matches!(node.role, Role::Stop) {
            line(format_args!("{from} -->|\"{name}{times}\"| stop"));
            continue;
        }
        if node.published {
            line(format_args!("{from} -.->|\"{name}{times}\"| caller"));
        }
        for (to, step) in graph.steps.iter().enumerate() {
            let is_its = step.catches.is_none() || source.is_some_and(|from| graph.catcher(from) == Some(to));
            if step.takes.events().contains(&event) && is_its {
                line(format_args!("{from} -->|\"{name}{times}\"| s{to}"));
            }
            if step.waits.contains(&event) {
                line(format_args!("{from} -.->|\"{name}{times}, waited for\"| s{to}"));
            }
        }
    }
    if has_doors {
        line(format_args!("classDef door stroke-dasharray: 4 3"));
        line(format_args!("class caller door"));
    }
    text
}

/// A place that an event comes from.
struct Source {
    /// The node.
    from: String,
    /// The step, if it is one.
    step: Option<usize>,
    event: u16,
    many: bool,
}

/// Every place that an event comes from: the start, the caller, and each step once for each event.
fn sources(graph: &Graph) -> Vec<Source> {
    let outside = |from: &str, event: usize| Source {
        from: from.to_owned(),
        step: None,
        event: event as u16,
        many: false,
    };
    let mut sources = Vec::new();
    for (event, node) in graph.events.iter().enumerate() {
        if matches!(node.role, Role::Start) {
            sources.push(outside("start", event));
        }
        if node.received {
            sources.push(outside("caller", event));
        }
    }
    for (index, step) in graph.steps.iter().enumerate() {
        let mut seen = Vec::new();
        let mut note = |event: u16, many: bool| {
            if !seen.contains(&(event, many)) {
                seen.push((event, many));
                sources.push(Source { from: format!("s{index}"), step: Some(index), event, many });
            }
        };
        step.emits.visit(&mut note, false);
        step.sends.iter().for_each(|event| note(*event, false));
    }
    sources
}

fn label(step: &StepNode) -> String {
    match step.takes {
        Takes::Any(_) => step.name.to_owned(),
        Takes::Join(_) => format!("{} (join)", step.name),
        Takes::Batch { first: None, .. } => format!("{} (whole batch)", step.name),
        Takes::Batch { first: Some(first), .. } => format!("{} (first {first})", step.name),
    }
}

/// Mermaid ends a quoted label at a quote and reads markup in it.
fn escaped(label: &str) -> String {
    label.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
