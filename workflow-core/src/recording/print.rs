//! Print: a recording as a timeline for the terminal, a line for each execution, in 80 columns.

use std::fmt;
use std::time::Duration;

use super::rows::{Row, is_shown};
use super::words::{count, length, moment};
use super::{Recorded, WaitEnded};
use crate::draw::{columns, printable};

/// How wide a terminal is, and how much of it the bars and the names take.
const COLUMNS: usize = 80;
const BAR: usize = 24;
const NAME: usize = 20;

/// How many executions are shown; of more, the first and the last.
const ROWS: usize = 60;

pub(super) fn write(run: &Recorded, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let lasted = match run.before {
        Duration::ZERO => length(run.lasted),
        before => format!("{}, of them {} before it was resumed", length(run.lasted), length(before)),
    };
    line(f, &format!("{} · run {} · {lasted}", run.flow.name(), run.id))?;
    line(f, &format!("  began {}", moment(run.began_at)))?;
    line(f, &format!("  {}", run.outcome.words()))?;
    let rows = run.rows();
    if rows.is_empty() {
        return line(f, "  no step has begun");
    }
    writeln!(f)?;
    let end = rows.iter().map(Row::ended).chain([run.lasted]).max().unwrap_or_default();
    let mut hidden = 0;
    for (place, row) in rows.iter().enumerate() {
        hidden += row.left_out_before;
        if !is_shown(place, rows.len(), ROWS) {
            hidden += 1;
            continue;
        }
        if hidden > 0 {
            line(f, &format!("          … {} executions more …", count(std::mem::take(&mut hidden))))?;
        }
        write_row(row, run.before, end, f)?;
    }
    match hidden + if run.gap >= run.executions.len() { run.left_out } else { 0 } {
        0 => Ok(()),
        hidden => line(f, &format!("          … {} executions more …", count(hidden))),
    }
}

fn write_row(row: &Row<'_>, from: Duration, to: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let execution = row.execution;
    let indent = "  ".repeat(row.depth().min(4));
    let name = cut(&format!("{indent}{}", printable(&execution.title())), NAME);
    let pad = " ".repeat(NAME - columns(&name));
    let began = length(row.began());
    let text = format!(
        "{}{began} │{}│ {name}{pad} {}",
        " ".repeat(9_usize.saturating_sub(columns(&began))),
        bar(row, from, to),
        length(execution.lasted),
    );
    let remark = printable(&execution.remark());
    let whole = format!("{text} {remark}");
    if columns(&whole) <= COLUMNS {
        return line(f, whole.trim_end());
    }
    line(f, &text)?;
    // Below the name, in as many lines as there is patience for.
    let indent = columns(&text) - columns(&length(execution.lasted)) - NAME - 1;
    let mut left = remark.as_str();
    for is_last in [false, true] {
        let part = if is_last { left } else { head(left, COLUMNS - indent) };
        line(f, &format!("{}{}", " ".repeat(indent), part.trim_end()))?;
        left = left[part.len()..].trim_start();
        if left.is_empty() {
            break;
        }
    }
    Ok(())
}

/// The words of the text that fit, or all of it where even the first does not.
fn head(text: &str, room: usize) -> &str {
    let ends = text.match_indices(' ').map(|(at, _)| at).chain([text.len()]);
    ends.take_while(|at| columns(&text[..*at]) <= room).last().map_or(text, |at| &text[..at])
}

/// When it ran, and when it only waited.
fn bar(row: &Row<'_>, from: Duration, to: Duration) -> String {
    let whole = to.saturating_sub(from).as_secs_f64().max(f64::MIN_POSITIVE);
    let place = |at: Duration| {
        let part = at.saturating_sub(from).as_secs_f64() / whole;
        ((part * BAR as f64) as usize).min(BAR)
    };
    let (first, last) = (place(row.began()).min(BAR - 1), place(row.ended()));
    let mut bar = vec![' '; BAR];
    bar[first..last.max(first + 1)].fill('█');
    for wait in row.execution.waits() {
        let began = wait.began.saturating_add(row.offset);
        let (first, last) = (place(began), place(began.saturating_add(wait.lasted)));
        if !matches!(wait.ended, WaitEnded::Dropped) || last > first {
            bar[first.min(last)..last].fill('░');
        }
    }
    bar.into_iter().collect()
}

/// A line that fits, with nothing in it that moves the cursor.
fn line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    writeln!(f, "{}", cut(&printable(text), COLUMNS))
}

/// The text with its end left out where it does not fit.
fn cut(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for char in text.chars() {
        kept.push(char);
        if columns(&kept) > room - 1 {
            kept.pop();
            break;
        }
    }
    kept + "…"
}
