//! Terminal: the scene as a drawing of characters, where a terminal has the room for it.
//!
//! `ascii-dag` gives everything its place. What it cannot show in the room there is, the table of `text`
//! says in words.

use ascii_dag::render::engine::{NodePaintCtx, NodeRegion};
use ascii_dag::{AUTO, CustomNode, Graph, RenderOptions};

use super::label::{columns, cut};
use super::scene::{Emphasis, Kind, Node, Scene};

/// The most columns and rows of a drawing.
const COLUMNS: usize = 80;
const ROWS: usize = 120;

/// The most columns of a name in it.
const NAME: usize = 30;

/// More nodes than this do not fit, and need not be tried.
const NODES: usize = 80;

/// The drawing, with `[steps]`, events as words and `((ends))`; none where it does not fit.
pub(super) fn drawing(scene: &Scene) -> Option<String> {
    if scene.nodes.len() > NODES {
        return None;
    }
    let names: Vec<String> = scene.nodes.iter().map(name).collect();
    // A cell holds one character, whatever its width.
    if names.iter().any(|name| columns(name) != name.chars().count()) {
        return None;
    }
    let mut graph = Graph::new();
    let mut added = Vec::new();
    for label in &names {
        let width = label.chars().count();
        let node = CustomNode { label, width, height: 1, painter: Some(paint), payload: "" };
        added.push(graph.add_node(AUTO, node).node);
    }
    // A line from each step to what happens when it fails would only be in the way.
    for line in scene.lines.iter().filter(|line| scene.nodes[line.to].kind != Kind::Failure) {
        graph.add_edge(added[line.from], added[line.to], None);
    }
    let drawn = graph.compute_layout().render_string(&RenderOptions::plain());
    let rows: Vec<&str> = drawn.lines().map(str::trim_end).collect();
    let left = rows.iter().filter(|row| !row.is_empty());
    let left = left.map(|row| row.chars().take_while(|char| *char == ' ').count()).min()?;
    let rows: Vec<String> = rows.iter().map(|row| row.chars().skip(left).collect()).collect();
    let fits = rows.len() <= ROWS && rows.iter().all(|row| columns(row) + 2 <= COLUMNS);
    let rows = rows.iter().map(|row| if row.is_empty() { String::new() } else { format!("  {row}") });
    fits.then(|| format!("{}\n", rows.collect::<Vec<_>>().join("\n").trim_end()))
}

fn name(node: &Node) -> String {
    let name = cut(&node.name, NAME);
    let name = match (node.tally, node.kind) {
        (Some(tally), Kind::Step { .. }) if node.emphasis == Emphasis::Taken => {
            format!("{name} {}", tally.short())
        }
        (Some(tally), Kind::Event { .. }) if tally.times > 1 => return format!("{name} ×{}", tally.times),
        _ => name,
    };
    match node.kind {
        Kind::Start | Kind::Stop => format!("(({name}))"),
        Kind::Caller => format!("<{name}>"),
        Kind::Step { gathers: true } => match node.notes.first() {
            Some(how) => format!("[{name}: {how}]"),
            None => format!("[{name}]"),
        },
        Kind::Step { .. } => format!("[{name}]"),
        Kind::Event { many: true } => format!("{name} ×n"),
        Kind::Event { .. } | Kind::Failure => name,
    }
}

fn paint(region: &mut NodeRegion<'_, '_>, context: NodePaintCtx<'_>) {
    region.write_str(0, 0, context.label);
}
