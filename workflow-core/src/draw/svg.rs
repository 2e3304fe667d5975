//! SVG: the scene as a picture of its own, light or dark as the reader's screen is.
//!
//! No script, no reference to anything outside and no name that another picture on the same page could
//! use: what tells kinds of nodes apart is shape first, then colour.

use std::fmt::Write;

use super::label::{columns, cut};
use super::layout::{Placed, Size, place};
use super::route::{Point, Route};
use super::scene::{Emphasis, Kind, Line, LineKind, Node, Scene};
use super::timeline;
use crate::Recording;

/// The colours and fonts, and those that only a recording needs.
const LOOK: &str = include_str!("look.css");
const RECORDED: &str = include_str!("recorded.css");

/// How wide one column of text is in pixels, by size of the font: fixed fonts differ by a hundredth or so.
const COLUMN: f64 = 0.61;
const STEP_FONT: f64 = 14.0;
const EVENT_FONT: f64 = 12.5;
const NOTE_FONT: f64 = 11.5;

/// The most columns of a name; what is longer is cut.
const STEP_ROOM: usize = 30;
const EVENT_ROOM: usize = 32;
const NOTE_ROOM: usize = 38;

/// How wide a timeline is at least, and how many bars of their own it has.
const TIMELINE_WIDTH: f64 = 760.0;
const BARS: usize = 300;

/// How long the head of an arrow is, and the mark at the beginning of a line.
const HEAD: f64 = 9.0;
const MARK: f64 = 11.0;

/// The picture as a file; each node says on hover what is known of it.
pub(super) fn write(scene: &Scene, recording: Option<&Recording>) -> String {
    let mut picture = draw(scene, recording, true);
    picture.push('\n');
    picture
}

/// The picture, with a timeline below it where something was recorded; without titles it stands in a page that
/// has words of its own for each node.
pub(super) fn draw(scene: &Scene, recording: Option<&Recording>, titles: bool) -> String {
    let sizes: Vec<Size> = scene.nodes.iter().map(size).collect();
    let placed = place(scene, &sizes);
    let graph = placed.size;
    let below = recording.map(|recording| below(recording, graph));
    let recorded = if scene.nodes.iter().any(|node| node.tally.is_some()) { RECORDED } else { "" };
    let Size { width, height } = below.as_ref().map_or(graph, |(_, size)| *size);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"workflow\" role=\"img\" aria-label=\"{}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n<style>\n{LOOK}{recorded}</style>\n",
        escaped(&scene.name),
    );
    if titles {
        // Writing to a string does not fail.
        let _ = writeln!(svg, "<title>{}</title>", escaped(&scene.name));
    }
    let _ = writeln!(svg, "<rect class=\"page\" width=\"{width:.0}\" height=\"{height:.0}\"/>");
    // The graph stands in the middle above the timeline.
    let aside = ((width - graph.width) / 2.0).round();
    if aside > 0.0 {
        let _ = writeln!(svg, "<g transform=\"translate({aside:.0} 0)\">");
    }
    // What was taken is drawn over what was not.
    let mut lines: Vec<_> = scene.lines.iter().zip(&placed.routes).collect();
    lines.sort_by_key(|(line, _)| line.emphasis == Emphasis::Taken);
    for (line, route) in &lines {
        write_line(&mut svg, scene, line, route);
    }
    for (place, node) in scene.nodes.iter().enumerate() {
        write_node(&mut svg, node, Box::new(&placed, &sizes, place), titles);
    }
    for (line, route) in lines {
        write_times(&mut svg, scene, line, route);
    }
    if aside > 0.0 {
        svg += "</g>\n";
    }
    if let Some((below, _)) = below {
        svg += &below;
    }
    svg + "</svg>"
}

/// The timeline below the graph, and the size of both.
fn below(recording: &Recording, graph: Size) -> (String, Size) {
    let run = recording.recorded();
    let width = graph.width.max(TIMELINE_WIDTH);
    let timeline = timeline::draw(run, width, BARS, true);
    let mut svg = format!("<g class=\"timeline\" transform=\"translate(0 {:.0})\">\n", graph.height);
    let mut y = 14.0;
    for (place, words) in timeline::head(run, timeline.merged).iter().enumerate() {
        if !words.is_empty() {
            let class = if place == 0 { "who" } else { "about" };
            let words = escaped(&cut(words, ((width - 24.0) / 7.1) as usize));
            let _ = writeln!(svg, "<text class=\"{class}\" x=\"12\" y=\"{y:.0}\">{words}</text>");
            y += 18.0;
        }
    }
    let _ = writeln!(svg, "<g transform=\"translate(0 {y:.0})\">\n{}</g>\n</g>", timeline.svg);
    (svg, Size { width, height: graph.height + y + timeline.height + 10.0 })
}

/// How often a line was taken, where that is not what the event says itself.
fn write_times(svg: &mut String, scene: &Scene, line: &Line, route: &Route) {
    let event = [line.from, line.to].into_iter().find(|node| scene.nodes[*node].kind.is_event());
    let known = event.and_then(|event| scene.nodes[event].tally).map(|tally| tally.times);
    if line.times == 0 || known == Some(line.times) {
        return;
    }
    let middle = route.points.len() / 2;
    let (one, other) = (route.points[middle - 1], route.points[middle]);
    let (x, y) = ((one.x + other.x) / 2.0, (one.y + other.y) / 2.0 + 4.0);
    // On the outer side of two lines that run to and fro.
    let (x, anchor) = if line.back { (x - 7.0, "end") } else { (x + 7.0, "start") };
    let _ = writeln!(
        svg,
        "<text class=\"taken-times\" x=\"{x:.1}\" y=\"{y:.1}\" style=\"text-anchor:{anchor}\">×{}</text>",
        line.times
    );
}

/// A node alone, to explain what it stands for.
pub(super) fn sample(kind: Kind, again: bool) -> String {
    let size = Size { width: 32.0, height: 19.0 };
    let mut svg = String::from("<svg class=\"workflow\" width=\"44\" height=\"32\" viewBox=\"0 0 44 32\">");
    svg += if again { "<g class=\"again\">" } else { "<g>" };
    shape(&mut svg, kind, Box { x: 5.0, y: 8.0, size });
    svg + "</g></svg>"
}

/// A line alone, to explain what it stands for.
pub(super) fn sample_line(kind: LineKind, perhaps: bool, emphasis: &str) -> String {
    let points = vec![Point { x: 10.0, y: 2.0 }, Point { x: 10.0, y: 30.0 }];
    let mut svg = String::from("<svg class=\"workflow\" width=\"20\" height=\"32\" viewBox=\"0 0 20 32\">");
    let _ = write!(svg, "<g class=\"{}{emphasis}\">", line_class(kind));
    stroke(&mut svg, &Route { points }, true, perhaps);
    svg + "</g></svg>"
}

/// The upper left corner of a node, and how large it is.
#[derive(Clone, Copy)]
struct Box {
    x: f64,
    y: f64,
    size: Size,
}

impl Box {
    fn new(placed: &Placed, sizes: &[Size], node: usize) -> Self {
        let (Point { x, y }, size) = (placed.nodes[node], sizes[node]);
        Self { x: x - size.width / 2.0, y: y - size.height / 2.0, size }
    }

    fn middle(self) -> Point {
        Point { x: self.x + self.size.width / 2.0, y: self.y + self.size.height / 2.0 }
    }
}

fn size(node: &Node) -> Size {
    let wide =
        |text: &str, room: usize, font: f64| (columns(&cut(text, room)) as f64 * font * COLUMN).round();
    let notes = node.notes.join(" · ");
    match node.kind {
        Kind::Start | Kind::Stop => Size { width: 52.0, height: 52.0 },
        Kind::Caller => Size { width: wide(&node.name, EVENT_ROOM, EVENT_FONT) + 52.0, height: 34.0 },
        Kind::Step { .. } => {
            let (name, below) = (wide(&node.name, STEP_ROOM, STEP_FONT), wide(&notes, NOTE_ROOM, NOTE_FONT));
            let done = wide(&done(node), NOTE_ROOM, NOTE_FONT);
            let rows = usize::from(!notes.is_empty()) + usize::from(done > 0.0);
            Size { width: name.max(below).max(done).max(60.0) + 32.0, height: 38.0 + 16.0 * rows as f64 }
        }
        Kind::Event { .. } => {
            let times = columns(&times(node)) as f64 * EVENT_FONT * COLUMN;
            Size { width: (wide(&node.name, EVENT_ROOM, EVENT_FONT) + times + 26.0).round(), height: 26.0 }
        }
        Kind::Failure => Size { width: wide(&node.name, EVENT_ROOM, EVENT_FONT) + 36.0, height: 28.0 },
    }
}

/// What a recorded run has done at the node, below its name.
fn done(node: &Node) -> String {
    match node.tally {
        Some(tally) if node.emphasis == Emphasis::Taken => tally.long(),
        _ => String::new(),
    }
}

/// How often there was the event, or that it comes in batches.
fn times(node: &Node) -> String {
    match (node.tally, node.kind) {
        (Some(tally), _) if tally.times > 1 => format!(" ×{}", tally.times),
        (_, Kind::Event { many: true }) => " ×n".to_owned(),
        _ => String::new(),
    }
}

fn write_node(svg: &mut String, node: &Node, at: Box, titles: bool) {
    let class = match node.kind {
        Kind::Start => "start",
        Kind::Stop => "stop",
        Kind::Caller => "caller",
        Kind::Step { .. } => "step",
        Kind::Event { .. } => "event",
        Kind::Failure => "failure",
    };
    let (faint, again) = (faint(node.emphasis), if node.again { " again" } else { "" });
    let gave_up = if node.tally.is_some_and(|tally| tally.gave_up) { " gave-up" } else { "" };
    let _ = write!(svg, "<g class=\"node {class}{again}{faint}{gave_up}\" data-node=\"{}\">", node.key);
    if titles {
        let _ = write!(svg, "<title>{}</title>", escaped(&node.card.text(&node.name)));
    }
    shape(svg, node.kind, at);
    let Point { x, y } = at.middle();
    let mut text = |class: &str, y: f64, words: &str| {
        let _ = write!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>");
    };
    let notes = node.notes.join(" · ");
    match node.kind {
        Kind::Start | Kind::Stop => text("end", y + 4.3, &escaped(&node.name)),
        Kind::Caller => text("label", y + 4.3, &escaped(&cut(&node.name, EVENT_ROOM))),
        Kind::Event { .. } => {
            let times = match times(node) {
                times if times.is_empty() => times,
                times => format!("<tspan class=\"times\">{times}</tspan>"),
            };
            text("label", y + 4.3, &format!("{}{times}", escaped(&cut(&node.name, EVENT_ROOM))));
        }
        Kind::Failure => text("label", y + 4.3, &escaped(&cut(&node.name, EVENT_ROOM))),
        Kind::Step { .. } => {
            let below = [("note", notes), ("done", done(node))];
            let below: Vec<_> = below.iter().filter(|(_, words)| !words.is_empty()).collect();
            let first = if below.is_empty() { 4.8 } else { 4.6 - 8.0 * below.len() as f64 };
            text("name", y + first, &escaped(&cut(&node.name, STEP_ROOM)));
            for (place, (class, words)) in below.iter().enumerate() {
                let words = escaped(&cut(words, NOTE_ROOM));
                text(class, y + first + 18.0 + 16.0 * place as f64, &words);
            }
        }
    }
    *svg += "</g>\n";
}

fn shape(svg: &mut String, kind: Kind, at: Box) {
    let Box { x, y, size: Size { width, height } } = at;
    let mut rect = |class: &str, x: f64, y: f64, rx: f64| {
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{rx:.0}\"/>",
        );
    };
    let half = height / 2.0;
    match kind {
        Kind::Start => circle(svg, "start-shape", at.middle(), half),
        Kind::Stop => {
            circle(svg, "stop-shape", at.middle(), half);
            circle(svg, "ring", at.middle(), half - 4.0);
        }
        Kind::Step { gathers } => {
            rect("step-shape", x, y, 7.0);
            if gathers {
                let bar = (x - 3.0, y, width + 6.0);
                let _ = write!(svg, "<path class=\"bar\" d=\"M{:.1},{:.1}h{:.1}\"/>", bar.0, bar.1, bar.2);
            }
        }
        Kind::Event { many } => {
            if many {
                rect("event-shape", x + 5.0, y - 5.0, half);
            }
            rect("event-shape", x, y, half);
        }
        Kind::Caller | Kind::Failure => {
            // One points outwards, the other is notched.
            let (class, tip) = match kind {
                Kind::Caller => ("caller-shape", half),
                _ => ("failure-shape", -8.0),
            };
            let wide = width - 2.0 * tip.max(0.0);
            let _ = write!(
                svg,
                "<path class=\"{class}\" d=\"M{:.1},{y:.1}h{wide:.1}l{tip:.1},{half:.1}l{:.1},{half:.1}h-{wide:.1}l{:.1},-{half:.1}z\"/>",
                x + tip.max(0.0),
                -tip,
                -tip,
            );
        }
    }
}

fn circle(svg: &mut String, class: &str, Point { x, y }: Point, radius: f64) {
    let _ = write!(svg, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>");
}

fn write_line(svg: &mut String, scene: &Scene, line: &Line, route: &Route) {
    let (from, to) = (&scene.nodes[line.from], &scene.nodes[line.to]);
    let back = if line.back { " back" } else { "" };
    let _ = write!(
        svg,
        "<g class=\"{}{back}{}\" data-from=\"{}\" data-to=\"{}\">",
        line_class(line.kind),
        faint(line.emphasis),
        from.key,
        to.key,
    );
    // Up to an event a line needs a head only where it does not go the way that everything goes.
    stroke(svg, route, !to.kind.is_event() || line.back, line.perhaps);
    *svg += "</g>\n";
}

fn line_class(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Flow => "line flow",
        LineKind::Wait => "line wait",
        LineKind::Door => "line door",
        LineKind::Failure => "line fails",
    }
}

fn faint(emphasis: Emphasis) -> &'static str {
    match emphasis {
        Emphasis::Usual => "",
        Emphasis::Faint => " faint",
        Emphasis::Taken => " taken",
    }
}

/// The line with what stands at its ends: a head where it starts something, a mark where it need not come.
fn stroke(svg: &mut String, route: &Route, head: bool, mark: bool) {
    let mut points = route.points.clone();
    let (last, next) = (points.len() - 1, 1.min(points.len() - 1));
    let (starts, ends) = (points[0], points[last]);
    let down = |from: Point, to: Point| if from.y <= to.y { 1.0 } else { -1.0 };
    let (first_way, last_way) = (down(starts, points[next]), down(points[last - next], ends));
    if mark {
        points[0].y += first_way * MARK;
    }
    if head {
        points[last].y -= last_way * (HEAD - 1.0);
    }
    let mut path = format!("M{:.1},{:.1}", points[0].x, points[0].y);
    for (place, pair) in points.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let is_straight = |from: Point, to: Point| (from.x - to.x).abs() < 0.05;
        let goes_on = points.get(place + 2).is_some_and(|next| is_straight(to, *next));
        if is_straight(from, to) {
            // One stroke for as far as it goes.
            if !goes_on {
                let _ = write!(path, "V{:.1}", to.y);
            }
        } else {
            let half = (from.y + to.y) / 2.0;
            let _ = write!(path, "C{:.1},{half:.1} {:.1},{half:.1} {:.1},{:.1}", from.x, to.x, to.x, to.y);
        }
    }
    let _ = write!(svg, "<path class=\"way\" d=\"{path}\"/>");
    if mark {
        let (half, Point { x, y }) = (first_way * MARK / 2.0, starts);
        let _ = write!(
            svg,
            "<path class=\"mark\" d=\"M{x:.1},{y:.1}l4.5,{half:.1}l-4.5,{half:.1}l-4.5,{:.1}z\"/>",
            -half
        );
    }
    if head {
        let (back, Point { x, y }) = (-last_way * HEAD, ends);
        let _ = write!(svg, "<path class=\"head\" d=\"M{x:.1},{y:.1}l4.5,{back:.1}h-9z\"/>");
    }
}

/// Text in XML: what would end it goes by its name, and what XML does not know is replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            '\n' => escaped.push(char),
            '\t' => escaped += "    ",
            char if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            char => escaped.push(char),
        }
    }
    escaped
}
