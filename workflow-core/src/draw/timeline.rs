//! Timeline: the executions of a recorded run as bars, in lanes below each other, from left to right in time.

use std::fmt::Write;

use super::label::{columns, cut};
use super::lanes::{self, AXIS, Bar, Group, LANE, Lanes};
use super::svg::escaped;
use crate::recording::{Ended, Recorded, Row, count, length};

/// How wide the names are, and one column of them.
const NAMES: f64 = 176.0;
const COLUMN: f64 = 7.05;
const ROOM: usize = 22;

/// What is drawn of a run, and how high that is.
pub(super) struct Timeline {
    pub(super) svg: String,
    pub(super) height: f64,
    /// How many executions have no bar of their own.
    pub(super) merged: usize,
}

/// The bars of a run, `width` pixels wide, of the first and last `room` executions each with a bar of its own.
/// With `titles`, each bar says on hover what is known of it.
pub(super) fn draw(run: &Recorded, width: f64, room: usize, titles: bool) -> Timeline {
    let right = width - 14.0;
    let lanes = lanes::place(run, NAMES, right, room);
    let mut svg = String::new();
    for (x, at) in &lanes.ticks {
        // Writing to a string does not fail.
        let _ = write!(svg, "<path class=\"tick\" d=\"M{x:.1},{AXIS:.0}V{:.1}\"/>", lanes.height);
        let anchor = if x + 30.0 > right { " style=\"text-anchor:end\"" } else { "" };
        let _ = writeln!(svg, "<text class=\"time\" x=\"{x:.1}\" y=\"15\"{anchor}>{}</text>", length(*at));
    }
    for group in &lanes.groups {
        write_group(&mut svg, group, &lanes, right, titles);
    }
    Timeline { svg, height: lanes.height, merged: lanes.merged }
}

fn write_group(svg: &mut String, group: &Group<'_>, lanes: &Lanes<'_>, right: f64, titles: bool) {
    let depth = group.path.len() - 1;
    let (_, step) = group.path.last().copied().unwrap_or_default();
    let height = group.lanes as f64 * LANE;
    let name = cut(step, ROOM - (2 * depth).min(12));
    let indent = 12.0 + 2.0 * COLUMN * depth.min(6) as f64;
    let _ = writeln!(
        svg,
        "<rect class=\"lanes\" x=\"{NAMES:.0}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" rx=\"3\"/>\
         <text class=\"who\" x=\"{indent:.1}\" y=\"{:.1}\">{}{}</text>",
        group.top,
        right - NAMES,
        group.top + 14.2,
        if depth > 0 { "└ " } else { "" },
        escaped(&name),
    );
    if !group.merged.is_empty() {
        let mut path = String::new();
        for (from, to) in &group.merged {
            let _ = write!(path, "M{from:.0},{:.0}H{:.0}", group.top + height / 2.0, to.max(from + 1.0));
        }
        let _ = writeln!(svg, "<path class=\"merged\" d=\"{path}\"/>");
    }
    for bar in &group.bars {
        write_bar(svg, group, bar, &lanes.rows[bar.row], titles);
    }
}

fn write_bar(svg: &mut String, group: &Group<'_>, bar: &Bar, row: &Row<'_>, titles: bool) {
    let (execution, Bar { x, width, .. }) = (row.execution, bar);
    let (y, height) = (group.top + bar.lane as f64 * LANE + 2.5, LANE - 5.0);
    let (look, sign) = match execution.ended() {
        Ended::Returned => ("done", ""),
        Ended::Failed { .. } => ("failed", "✗ "),
        Ended::Running => ("open", "… "),
        Ended::Dropped => ("open", ""),
    };
    let _ = write!(svg, "<g class=\"bar-of {look}\"");
    if !titles {
        let step = if row.depth() == 0 { format!("s{}", execution.place) } else { String::new() };
        let _ = write!(svg, " data-bar=\"x{}\" data-step=\"{step}\"", bar.row);
    }
    *svg += ">";
    if titles {
        let _ = write!(svg, "<title>{}</title>", escaped(&cut(&words(row), 600)));
    }
    if let Some(again) = bar.again.filter(|again| *again > x + width) {
        let _ = write!(
            svg,
            "<path class=\"again-in\" d=\"M{:.1},{:.1}H{again:.1}\"/>",
            x + width,
            y + height / 2.0
        );
    }
    let _ = write!(
        svg,
        "<rect class=\"bar-shape\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"3\"/>"
    );
    for (from, to) in &bar.rests {
        let _ = write!(
            svg,
            "<rect class=\"rest\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            y + 3.0,
            to - from,
            height - 6.0
        );
    }
    let again = if execution.attempt() > 1 { format!("try {}", execution.attempt()) } else { String::new() };
    let between = if again.is_empty() { "" } else { " · " };
    let whole = format!("{sign}{again}{between}{}", length(execution.lasted()));
    let labels = [whole, format!("{sign}{again}"), sign.trim().to_owned()];
    let labels = if bar.rests.is_empty() { &labels[..] } else { &labels[2..] };
    // The first that fits; what does not is said on hover.
    let fits = |text: &&String| !text.is_empty() && columns(text) as f64 * 6.8 + 7.0 <= *width;
    if let Some(label) = labels.iter().find(fits) {
        let _ = write!(svg, "<text class=\"long\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>", x + 4.0, y + 11.2);
    }
    *svg += "</g>\n";
}

/// All that is known of an execution, as plain text.
fn words(row: &Row<'_>) -> String {
    let mut text = format!("#{} {}", row.execution.invocation(), row.execution.title());
    for (fact, value) in row.execution.facts(row.offset) {
        let _ = write!(text, "\n{fact}: {value}");
    }
    text
}

/// What is said above the bars: the run, how it ended, and what is not shown.
pub(super) fn head(run: &Recorded, merged: usize) -> [String; 3] {
    let resumed = match run.before.is_zero() {
        true => String::new(),
        false => format!(", of them {} before it was resumed", length(run.before)),
    };
    let first = format!("run {} · {}{resumed}", run.id, length(run.lasted));
    let mut missing: Vec<String> = run.gap_words().into_iter().collect();
    if merged > 0 {
        missing.push(format!("{} executions are drawn together", count(merged as u64)));
    }
    [first, run.outcome.words(), missing.join("; ")]
}
