//! HTML: one file with the picture, what is known of each node, and a script to move about in it.
//!
//! Nothing is fetched: the page says so to the browser as well. Whatever a workflow's author has named is
//! text in the page, never a part of the script.

use std::fmt::Write;

use super::scene::{Kind, LineKind, Node, Scene};
use super::svg::{self, escaped};
use super::timeline;
use crate::Recording;
use crate::recording::{Recorded, Row, is_shown, length};

const STYLE: &str = include_str!("page.css");
const RECORDED_STYLE: &str = include_str!("recorded.page.css");
const SCRIPT: &str = include_str!("page.js");

/// How many bytes a page has, if the graph leaves room; how many executions of a run are in it at most, and
/// about how many bytes the bar of one takes.
const SIZE: usize = 290_000;
const BARS: usize = 400;
const BAR: usize = 420;

/// The whole page.
pub(super) fn write(scene: &Scene, recording: Option<&Recording>) -> String {
    match recording {
        None => page(scene, None),
        Some(recording) => {
            // What room is left goes to executions of which all is said.
            let run = recording.recorded();
            let used = page(scene, Some(&beside(run, 0))).len();
            page(scene, Some(&beside(run, SIZE.saturating_sub(used))))
        }
    }
}

/// What a recording adds to the page.
struct Beside {
    /// In a few words.
    outcome: String,
    section: String,
    cards: String,
}

/// What stands beside the graph: the timeline of a run, with the cards of its bars, in so many bytes.
fn beside(run: &Recorded, room: usize) -> Beside {
    let rows = run.rows();
    let cards: Vec<String> = match room {
        0 => Vec::new(),
        _ => rows
            .iter()
            .enumerate()
            .filter(|(place, _)| is_shown(*place, rows.len(), BARS))
            .map(execution)
            .collect(),
    };
    // The first and the last in turn, for as long as they fit, each with its bar.
    let (mut shown, mut used) = (0, 0);
    while shown < cards.len() {
        let next = if shown % 2 == 0 { shown / 2 } else { cards.len() - 1 - shown / 2 };
        used += cards[next].len() + BAR;
        if used > room {
            break;
        }
        shown += 1;
    }
    let timeline = timeline::draw(run, 680.0, shown, false);
    let cards = cards.iter().enumerate().filter(|(place, _)| is_shown(*place, cards.len(), shown));
    let cards: String = cards.map(|(_, card)| &**card).collect();
    let [first, outcome, missing] = timeline::head(run, timeline.merged).map(|words| escaped(&words));
    let missing = if missing.is_empty() { missing } else { format!("<p>{missing}</p>\n") };
    let section = format!(
        "<section id=\"time\">
<h2>{first}</h2>
<p>{outcome}</p>
{missing}<svg class=\"workflow timeline\" role=\"img\" aria-label=\"timeline\" viewBox=\"0 0 680 {:.0}\">
{}</svg>
</section>
",
        timeline.height, timeline.svg,
    );
    let outcome = format!(" · {} after {}", run.outcome.word(), length(run.lasted));
    Beside { outcome, section, cards }
}

/// What is known of an execution, hidden until it is asked for.
fn execution((place, row): (usize, &Row<'_>)) -> String {
    let mut html = format!(
        "<article id=\"card-x{place}\" hidden><p class=\"kind\">execution #{}</p><h2>{}</h2><dl>",
        row.execution.invocation(),
        escaped(&row.execution.title()),
    );
    for (fact, value) in row.execution.facts(row.offset) {
        // Writing to a string does not fail.
        let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", escaped(fact), escaped(&value));
    }
    html + "</dl></article>\n"
}

fn page(scene: &Scene, recorded: Option<&Beside>) -> String {
    let name = escaped(&scene.name);
    let picture = svg::draw(scene, None, false);
    let cards: String = scene.nodes.iter().filter(|node| !node.again).map(card).collect();
    let (counts, legend) = (counts(scene), legend(scene));
    let nothing = Beside { outcome: String::new(), section: String::new(), cards: String::new() };
    let Beside { outcome, section, cards: executions } = recorded.unwrap_or(&nothing);
    let (open, close, style) = match recorded {
        None => ("", "", ""),
        Some(_) => ("<div id=\"both\">\n", "</div>\n", RECORDED_STYLE),
    };
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
{STYLE}{style}</style>
</head>
<body>
<header>
<h1>{name}</h1>
<p>{counts}{outcome}</p>
<nav>
<button type=\"button\" id=\"out\" title=\"smaller (−)\" aria-label=\"smaller\">−</button>
<output id=\"scale\">100%</output>
<button type=\"button\" id=\"in\" title=\"larger (+)\" aria-label=\"larger\">+</button>
<button type=\"button\" id=\"fit\" title=\"the whole picture (0)\">fit</button>
</nav>
</header>
{open}<main id=\"view\">
{picture}
</main>
{section}{close}<aside>
{legend}</aside>
<div id=\"cards\">
{cards}{executions}</div>
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
        escaped(&card.kind),
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
            let _ = write!(legend, "<span>{}{words}</span>", svg::sample_line(kind, perhaps, ""));
        }
    }
    if scene.nodes.iter().any(|node| node.tally.is_some()) {
        let _ = write!(legend, "<span>{}taken</span>", svg::sample_line(LineKind::Flow, false, " taken"));
        let _ = write!(legend, "<span>{}not taken</span>", svg::sample_line(LineKind::Flow, false, " faint"));
    }
    legend + "\n"
}
