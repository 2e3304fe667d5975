//! HTML: one file with the picture, what is known of each node, and a script to move about in it.
//!
//! Nothing is fetched: the page says so to the browser as well. Whatever a workflow's author has named is
//! text in the page, never a part of the script.

use std::fmt::Write;

use super::scene::{Kind, LineKind, Node, Scene};
use super::svg::{self, escaped};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub(super) fn write(scene: &Scene) -> String {
    let name = escaped(scene.name);
    let picture = svg::draw(scene, false);
    let cards: String = scene.nodes.iter().filter(|node| !node.again).map(card).collect();
    let (counts, legend) = (counts(scene), legend(scene));
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">
<title>{name}</title>
<style>
{STYLE}</style>
</head>
<body>
<header>
<h1>{name}</h1>
<p>{counts}</p>
<nav>
<button type=\"button\" id=\"out\" title=\"smaller (−)\" aria-label=\"smaller\">−</button>
<output id=\"scale\">100%</output>
<button type=\"button\" id=\"in\" title=\"larger (+)\" aria-label=\"larger\">+</button>
<button type=\"button\" id=\"fit\" title=\"the whole picture (0)\">fit</button>
</nav>
</header>
<main id=\"view\">
{picture}
</main>
<aside>
{legend}</aside>
<div id=\"cards\">
{cards}</div>
<script>
{SCRIPT}</script>
</body>
</html>
"
    )
}

/// What is known of a node, hidden until it is asked for.
fn card(node: &Node) -> String {
    let card = &node.card;
    let mut html = format!(
        "<article id=\"card-{}\" hidden><p class=\"kind\">{}</p><h2>{}</h2>",
        node.key,
        escaped(card.kind),
        escaped(&node.name),
    );
    if !card.doc.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(html, "<p class=\"doc\">{}</p>", escaped(&card.doc));
    }
    if !card.code.is_empty() {
        // An arrow is not broken in two at the end of a line.
        let code = escaped(&card.code).replace("-&gt;", "<b>-&gt;</b>");
        let _ = write!(html, "<pre>{code}</pre>");
    }
    if !card.facts.is_empty() {
        html += "<dl>";
        for (fact, value) in &card.facts {
            let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", escaped(fact), escaped(value));
        }
        html += "</dl>";
    }
    html + "</article>\n"
}

fn counts(scene: &Scene) -> String {
    let count = |is: fn(Kind) -> bool, one: &str| {
        let count = scene.nodes.iter().filter(|node| is(node.kind) && !node.again).count();
        format!("{count} {one}{}", if count == 1 { "" } else { "s" })
    };
    let steps = count(|kind| matches!(kind, Kind::Step { .. }), "step");
    let events = count(|kind| matches!(kind, Kind::Event { .. }), "event");
    format!("{steps} · {events}")
}

/// What the shapes and lines of this picture stand for.
fn legend(scene: &Scene) -> String {
    let kinds = [
        (Kind::Step { gathers: false }, "step"),
        (Kind::Step { gathers: true }, "step that gathers several"),
        (Kind::Event { many: false }, "event"),
        (Kind::Event { many: true }, "batch of events"),
        (Kind::Caller, "outside"),
        (Kind::Failure, "failure"),
    ];
    let lines = [
        (LineKind::Flow, true, "one of these, or none"),
        (LineKind::Wait, false, "waited for"),
        (LineKind::Door, false, "through a door"),
        (LineKind::Failure, false, "after a failure"),
    ];
    let mut legend = String::new();
    for (kind, words) in kinds {
        if scene.nodes.iter().any(|node| node.kind == kind) {
            let _ = write!(legend, "<span>{}{words}</span>", svg::sample(kind, false));
        }
    }
    if scene.nodes.iter().any(|node| node.again) {
        let again = svg::sample(Kind::Event { many: false }, true);
        let _ = write!(legend, "<span>{again}event that stands elsewhere too</span>");
    }
    for (kind, perhaps, words) in lines {
        if scene.lines.iter().any(|line| line.kind == kind && line.perhaps == perhaps) {
            let _ = write!(legend, "<span>{}{words}</span>", svg::sample_line(kind, perhaps));
        }
    }
    legend + "\n"
}
