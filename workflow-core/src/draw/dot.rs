//! DOT: the language of Graphviz. Steps are boxes, events rounded ones, doors to the outside hexagons.

use std::fmt::Write;

use super::scene::{Emphasis, Kind, Line, LineKind, Node, Scene};

const HEAD: &str = "    graph [rankdir=TB, nodesep=0.35, ranksep=0.3];
    node [fontname=\"Helvetica\", fontsize=13];
    edge [color=\"#5b6778\", arrowsize=0.7];
";

/// The whole graph; the same scene gives the same text.
pub(super) fn write(scene: &Scene) -> String {
    let mut text = format!("digraph {} {{\n{HEAD}", quoted(&scene.name));
    for node in &scene.nodes {
        // Writing to a string does not fail.
        let _ = writeln!(text, "    {} [{}];", node.key, attributes(node));
    }
    for line in &scene.lines {
        let _ = writeln!(text, "    {}", arrow(scene, line));
    }
    text + "}\n"
}

fn attributes(node: &Node) -> String {
    let look = match node.kind {
        Kind::Start => "shape=circle, style=filled, fillcolor=\"#0f766e\", fontcolor=white",
        Kind::Stop => "shape=doublecircle, style=filled, fillcolor=\"#fdf0e7\", color=\"#b3430b\"",
        Kind::Caller => "shape=hexagon, style=\"filled,dashed\", fillcolor=\"#f0eafc\", color=\"#6d45b8\"",
        Kind::Step { gathers: true } => {
            "shape=box, peripheries=2, style=filled, fillcolor=\"#e3eefa\", color=\"#1d5fa8\""
        }
        Kind::Step { .. } => "shape=box, style=filled, fillcolor=\"#e3eefa\", color=\"#1d5fa8\"",
        Kind::Event { .. } => {
            "shape=box, style=\"filled,rounded\", height=0.3, fontsize=11, fillcolor=\"#fff6d6\", color=\"#8f6a00\""
        }
        Kind::Failure => {
            "shape=octagon, style=filled, height=0.3, fontsize=11, fillcolor=\"#fbe9f1\", color=\"#a3245f\""
        }
    };
    let many = if node.kind == (Kind::Event { many: true }) { " ×n" } else { "" };
    let many = match (node.tally, node.kind) {
        (Some(tally), Kind::Event { .. }) if tally.times > 1 => format!(" ×{}", tally.times),
        _ => many.to_owned(),
    };
    let mut label = format!("{}{many}", node.name);
    if let (Some(tally), Kind::Step { .. }, Emphasis::Taken) = (node.tally, node.kind, node.emphasis) {
        label += "\n";
        label += &tally.long();
    }
    if !node.notes.is_empty() {
        label += "\n";
        label += &node.notes.join(" · ");
    }
    let faint = match (node.tally, node.emphasis) {
        (None, Emphasis::Faint) => ", penwidth=0.5",
        (Some(_), Emphasis::Faint) => {
            ", penwidth=0.5, fillcolor=\"#f4f6f8\", color=\"#b6c0cb\", fontcolor=\"#8b97a5\""
        }
        (Some(tally), _) if tally.gave_up => ", penwidth=2.4, color=\"#a3245f\"",
        (Some(_), _) => ", penwidth=2.4",
        (None, _) => "",
    };
    format!("label={}, {look}{faint}, tooltip={}", quoted(&label), quoted(&node.card.text(&node.name)))
}

/// A line that leads back is written the other way round, with its head at the other end, so that what it
/// leads back to stays above.
fn arrow(scene: &Scene, line: &Line) -> String {
    let (mut from, mut to) = (&scene.nodes[line.from], &scene.nodes[line.to]);
    let mut look = match line.kind {
        LineKind::Flow => Vec::new(),
        LineKind::Wait => vec!["style=dotted", "penwidth=1.6"],
        LineKind::Door => vec!["style=dashed"],
        LineKind::Failure => vec!["style=dashed", "color=\"#a3245f\""],
    };
    let times = format!("label=\" ×{}\"", line.times);
    match line.emphasis {
        Emphasis::Usual => (),
        Emphasis::Faint if from.tally.is_none() => (),
        Emphasis::Faint => look.push("color=\"#c3cad3\""),
        Emphasis::Taken => look.push("penwidth=2.4"),
    }
    if line.times > 1 {
        look.extend([&*times, "fontsize=11"]);
    }
    let (head, tail) = (!to.kind.is_event(), line.perhaps);
    if line.back {
        std::mem::swap(&mut from, &mut to);
    }
    // An end is named for its place in the text and not in the picture.
    let ends = match (head, tail, line.back) {
        (true, false, false) => "",
        (true, false, true) => "dir=back",
        (false, false, _) => "dir=none",
        (true, true, false) => "dir=both, arrowtail=odiamond",
        (true, true, true) => "dir=both, arrowhead=odiamond",
        (false, true, false) => "dir=back, arrowtail=odiamond",
        (false, true, true) => "arrowhead=odiamond",
    };
    look.extend((!ends.is_empty()).then_some(ends));
    if look.is_empty() {
        return format!("{} -> {};", from.key, to.key);
    }
    format!("{} -> {} [{}];", from.key, to.key, look.join(", "))
}

/// A string in quotes. Graphviz reads `\N` and the like in a label, and entities as HTML has them.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '\\' => quoted += "\\\\",
            '"' => quoted += "\\\"",
            '&' => quoted += "&amp;",
            '\n' => quoted += "\\n",
            char if char.is_control() => quoted.push(' '),
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}
