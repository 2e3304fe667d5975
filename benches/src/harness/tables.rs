//! Tables: one in Markdown for each work, the fastest first.

use comfy_table::{CellAlignment, Table, presets};

use super::results::{Results, Row};
use crate::{Entry, Group, Work};

pub(super) fn print(results: &Results) {
    for work in Work::ALL {
        let rows = results.of(work);
        if rows.is_empty() {
            continue;
        }
        println!("\n### {}\n", title(work));
        let names = [work.reference(), "ours"];
        let bases = names.map(|name| results.value(work, name));
        let last = if work == Work::Cores { "times faster" } else { "allocations" };
        let measure = format!("{} per {}", measure(work), work.unit());
        let [reference, ours] = names.map(|name| format!("of {name}"));
        let mut table = table(&["implementation", &measure, &reference, &ours, last]);
        for row in rows {
            table.add_row(cells(row, bases));
        }
        println!("{table}");
    }
}

/// What each of the other entries costs over the plain one, all of one work.
pub(super) fn print_features(results: &Results, plain: Entry) {
    let off = results.value(plain.work, plain.name);
    let unit = plain.work.unit();
    let mut table = table(&["feature", &format!("ns per {unit}, off"), "on", "on : off", "allocations, on"]);
    for row in results.0.iter().filter(|row| row.entry.name != plain.name) {
        let on = row.value();
        table.add_row([
            row.entry.name.to_owned(),
            off.map_or_else(String::new, figures),
            on.map_or_else(|| "failed".to_owned(), figures),
            ratio(on.zip(off).map(|(on, off)| on / off)),
            row.allocations().map_or_else(String::new, figures),
        ]);
    }
    println!("{table}");
}

/// An empty table with these columns, the first for names and the others for numbers.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn title(work: Work) -> &'static str {
    match work {
        Work::Chain => "A loop of two steps, 100,000 transitions, an event with a number",
        Work::ChainText => "The same, an event with a number and a text",
        Work::Fan1k => "Fan-out to 1,000 and fan-in",
        Work::Fan10k => "Fan-out to 10,000 and fan-in",
        Work::Fan100k => "Fan-out to 100,000 and fan-in",
        Work::Runs => "100,000 runs of three steps, from start to end",
        Work::Suspended => "100,000 suspended runs (10,000 of a peer)",
        Work::Cores => "64 members that compute, two threads (wall time)",
        Work::Stream1 => "100,000 published events, one reader",
        Work::Stream10 => "100,000 published events, ten readers",
        Work::Snapshot1k => "Snapshot and resume after 1,000 transitions",
        Work::Snapshot100k => "Snapshot and resume after 100,000 transitions",
    }
}

fn measure(work: Work) -> &'static str {
    match work {
        Work::Suspended => "bytes",
        Work::Cores | Work::Snapshot1k | Work::Snapshot100k => "µs",
        _ => "ns",
    }
}

fn cells(row: &Row, [reference, ours]: [Option<f64>; 2]) -> [String; 5] {
    let name = match row.entry.group {
        Group::Ours => format!("**{}**", row.entry.name),
        Group::Limit | Group::Peer => row.entry.name.to_owned(),
    };
    let value = row.value();
    let shown = if measure(row.entry.work) == "µs" { value.map(|value| value / 1e3) } else { value };
    let of = |base: Option<f64>| ratio(value.zip(base).map(|(value, base)| value / base));
    let last = match row.entry.work {
        Work::Cores => ratio(value.zip(reference).map(|(value, reference)| reference / value)),
        Work::Snapshot1k | Work::Snapshot100k => String::new(),
        _ => row.allocations().map_or_else(String::new, figures),
    };
    [name, shown.map_or_else(|| "failed".to_owned(), figures), of(reference), of(ours), last]
}

/// A number with as many digits as it is worth.
pub(super) fn figures(number: f64) -> String {
    match number {
        number if number < 0.005 => "0".to_owned(),
        number if number < 10.0 => format!("{number:.2}"),
        number if number < 100.0 => format!("{number:.1}"),
        number => format!("{number:.0}"),
    }
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"))
}
