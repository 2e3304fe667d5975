//! Rounds: every entry in turn, in a process of its own, several times over.
//!
//! The implementations of a work come one after the other in each round, so that a machine that is slow for
//! a while is slow for all.

use std::env;
use std::io;
use std::path::Path;
use std::process::Command;

use indicatif::{ProgressBar, ProgressStyle};

use super::results::{Measured, Results, Row};
use crate::Entry;

/// Measures all entries `rounds` times. One that fails is not tried again.
pub(super) fn measure_all(entries: Vec<Entry>, rounds: u32) -> io::Result<Results> {
    let program = env::current_exe()?;
    let mut rows: Vec<Row> =
        entries.into_iter().map(|entry| Row { entry, rounds: Vec::new(), failure: None }).collect();
    rows.sort_by_key(|row| row.entry.work);
    let progress = progress(rows.len() as u64 * u64::from(rounds));
    for _ in 0..rounds {
        for row in &mut rows {
            progress.set_message(format!("{} {}", row.entry.work.name(), row.entry.name));
            if row.failure.is_none() {
                match measure_once(&program, &row.entry)? {
                    Ok(measured) => row.rounds.push(measured),
                    Err(reason) => row.failure = Some(reason),
                }
            }
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    Ok(Results(rows))
}

/// Shown where the standard error is a terminal.
fn progress(steps: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").expect("the template is right");
    ProgressBar::new(steps).with_style(style)
}

/// One measurement, or why it has no result.
fn measure_once(program: &Path, entry: &Entry) -> io::Result<Result<Measured, String>> {
    let mut command = Command::new(program);
    command.args(["--case", entry.work.name(), "--impl", entry.name]);
    // Without this a bench takes itself for a test.
    command.args(env::args().find(|argument| argument == "--bench"));
    let output = command.output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    // A library may print lines of its own before.
    let result = printed.lines().last().and_then(|line| serde_json::from_str(line).ok());
    Ok(match result {
        Some(measured) if output.status.success() => Ok(measured),
        _ => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    })
}
