//! Mermaid: steps as boxes, the start and the stop as circles, the caller as a door, events on the arrows.

use std::fmt::Write;

use super::scene::{Arrow, Emphasis, Kind, LineKind, Node, Scene};

/// What the nodes of one kind look like; the colours are read on a light and on a dark page.
const CLASSES: [(&str, &str); 7] = [
    ("start", "fill:#0f766e,stroke:#0b4f4a,color:#ffffff"),
    ("step", "fill:#e3eefa,stroke:#1d5fa8,color:#0b2239"),
    ("stop", "fill:#fdf0e7,stroke:#b3430b,color:#4a1a00"),
    ("caller", "fill:#f0eafc,stroke:#6d45b8,color:#2b1259,stroke-dasharray:5 3"),
    ("event", "fill:#fff6d6,stroke:#8f6a00,color:#3d2c00"),
    ("gaveup", "stroke:#a3245f,stroke-width:3px"),
    ("untaken", "opacity:0.4"),
];

/// The whole flowchart; the same scene gives the same text.
pub(super) fn write(scene: &Scene) -> String {
    let mut text = String::from("flowchart TB\n");
    let mut line = |line: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "    {line}");
    };
    let mut classes: Vec<(&str, Vec<&str>)> = CLASSES.iter().map(|(name, _)| (*name, Vec::new())).collect();
    for (place, node) in scene.nodes.iter().enumerate() {
        let between = node.kind.is_event() && scene.has_line(place, true) && scene.has_line(place, false);
        if !between {
            line(format_args!("{}{}", node.key, shape(node)));
            let of = classes.iter_mut().find(|(name, _)| *name == class(node.kind));
            of.expect("each kind has its class").1.push(&node.key);
            let recorded = match (node.tally, node.emphasis) {
                (Some(_), Emphasis::Faint) => Some("untaken"),
                (Some(tally), _) if tally.gave_up => Some("gaveup"),
                _ => None,
            };
            if let Some((_, keys)) =
                recorded.and_then(|class| classes.iter_mut().find(|(name, _)| *name == class))
            {
                keys.push(&node.key);
            }
        }
    }
    let (mut links, mut taken, mut untaken) = (0, Vec::new(), Vec::new());
    for Arrow { from, event, to, kind, many, emphasis, times } in scene.arrows() {
        match (from.tally, emphasis) {
            (Some(_), Emphasis::Taken) => taken.push(links),
            (Some(_), _) => untaken.push(links),
            (None, _) => (),
        }
        links += 1;
        let times = match times {
            times if times > 1 => format!(" ×{times}"),
            _ if many => " ×n".to_owned(),
            _ => String::new(),
        };
        let (arrow, waits) = match kind {
            LineKind::Flow => ("-->", ""),
            LineKind::Wait => ("-.->", ", waited for"),
            LineKind::Door | LineKind::Failure => ("-.->", ""),
        };
        line(format_args!("{} {arrow}|\"{}{times}{waits}\"| {}", from.key, escaped(&event.name), to.key));
    }
    // An event to which nothing leads, or from which nothing follows, is a node.
    let is_loose = |node: usize| {
        let event = scene.nodes[node].kind.is_event();
        event && !(scene.has_line(node, true) && scene.has_line(node, false))
    };
    for of in scene.lines.iter().filter(|line| is_loose(line.from) || is_loose(line.to)) {
        let arrow = if matches!(of.kind, LineKind::Flow) { "-->" } else { "-.->" };
        line(format_args!("{} {arrow} {}", scene.nodes[of.from].key, scene.nodes[of.to].key));
        match of.emphasis {
            Emphasis::Taken => taken.push(links),
            Emphasis::Faint if scene.nodes[of.from].tally.is_some() => untaken.push(links),
            Emphasis::Faint | Emphasis::Usual => (),
        }
        links += 1;
    }
    for (links, look) in [(taken, "stroke:#1d5fa8,stroke-width:3px"), (untaken, "opacity:0.35")] {
        if !links.is_empty() {
            let links: Vec<_> = links.iter().map(ToString::to_string).collect();
            line(format_args!("linkStyle {} {look}", links.join(",")));
        }
    }
    for ((name, look), (_, keys)) in CLASSES.iter().zip(&classes) {
        if !keys.is_empty() {
            line(format_args!("classDef {name} {look}"));
            line(format_args!("class {} {name}", keys.join(",")));
        }
    }
    text
}

fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Start => "start",
        Kind::Stop => "stop",
        Kind::Caller => "caller",
        Kind::Step { .. } => "step",
        Kind::Event { .. } | Kind::Failure => "event",
    }
}

fn shape(node: &Node) -> String {
    let name = escaped(&node.name);
    match node.kind {
        Kind::Start => format!("(({name}))"),
        Kind::Stop => format!("((({name})))"),
        Kind::Caller => format!("{{{{\"{name}\"}}}}"),
        Kind::Event { .. } | Kind::Failure => format!("([\"{name}\"])"),
        Kind::Step { .. } => {
            let gathers = node.notes.first().filter(|_| matches!(node.kind, Kind::Step { gathers: true }));
            let done = match (node.tally, node.emphasis) {
                (Some(tally), Emphasis::Taken) => format!("<br/>{}", escaped(&tally.long())),
                _ => String::new(),
            };
            match gathers {
                Some(how) => format!("[\"{name} ({how}){done}\"]"),
                None => format!("[\"{name}{done}\"]"),
            }
        }
    }
}

/// Mermaid ends a quoted label at a quote, and reads markup, formulas and icons in it: whatever is no
/// letter and no digit goes by its number.
fn escaped(label: &str) -> String {
    let mut escaped = String::new();
    for char in label.chars() {
        let _ = match char {
            '&' => write!(escaped, "#amp;"),
            '<' => write!(escaped, "#lt;"),
            '>' => write!(escaped, "#gt;"),
            '"' => write!(escaped, "#quot;"),
            '_' | ' ' | ',' => write!(escaped, "{char}"),
            char if char.is_control() => write!(escaped, " "),
            char if char.is_ascii_punctuation() => write!(escaped, "#{};", u32::from(char)),
            char => write!(escaped, "{char}"),
        };
    }
    escaped
}
