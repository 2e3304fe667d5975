//! Harness: measures entries, each in a process of its own, and prints the tables.

mod arguments;
mod builds;
mod child;
mod clock;
mod results;
mod rounds;
mod tables;
mod targets;

use std::process::ExitCode;

use clap::Parser;

use crate::Entry;
use arguments::Arguments;
pub use clock::measure_from_here;

/// Measures the entries that the arguments of the program ask for and prints a table for each work.
///
/// The program calls itself for each measurement; give it all its entries in every case.
#[must_use]
pub fn main(entries: Vec<Entry>) -> ExitCode {
    let arguments = Arguments::parse();
    exit(run(&arguments, entries))
}

/// Measures the same work without and with something more, and prints what that costs.
#[must_use]
pub fn main_of_features(plain: Entry, features: &[Entry]) -> ExitCode {
    let arguments = Arguments::parse();
    let entries: Vec<Entry> = features.iter().copied().chain([plain]).collect();
    let done = match arguments.single() {
        Some((case, name)) => child::measure(&entries, case, name, arguments.n),
        None => {
            rounds::measure_all(entries, arguments.rounds).map_err(HarnessError::from).and_then(|results| {
                tables::print_features(&results, plain);
                results.failures()
            })
        }
    };
    exit(done)
}

fn exit(done: Result<(), HarnessError>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, entries: Vec<Entry>) -> Result<(), HarnessError> {
    if let Some((case, name)) = arguments.single() {
        return child::measure(&entries, case, name, arguments.n);
    }
    let asked: Vec<Entry> = entries.into_iter().filter(|entry| arguments.wants(entry)).collect();
    if asked.is_empty() {
        return Err(HarnessError::NothingAsked);
    }
    if arguments.list {
        for entry in &asked {
            println!("{} {}", entry.work.name(), entry.name);
        }
        return Ok(());
    }
    let results = rounds::measure_all(asked, arguments.rounds)?;
    tables::print(&results);
    targets::print(&results);
    if arguments.with_builds {
        builds::print()?;
    }
    results.failures()
}

/// Why there is no table, or not a whole one.
#[derive(Debug, thiserror::Error)]
enum HarnessError {
    /// No entry has such a name; `--list` prints them.
    #[error("no work and no implementation is named so; `--list` prints their names")]
    NothingAsked,

    /// The program was called for one measurement that it does not have.
    #[error("no implementation `{name}` of the work `{case}`; `--list` prints their names")]
    NoSuchEntry { case: String, name: String },

    /// The implementation does not do the work.
    #[error("`{name}` gives {given} for `{case}` of {n}, not {expected}")]
    WrongChecksum { case: &'static str, name: &'static str, n: u64, given: u64, expected: u64 },

    /// A measurement ended without a result; its own words stand above the tables.
    #[error("{failed} of {all} implementations gave no result:\n{reasons}")]
    Failed { failed: usize, all: usize, reasons: String },

    /// A command that measures builds failed.
    #[error("`cargo run --bin {bin}` failed")]
    Build { bin: &'static str },

    /// The program could not be started again, or no runtime be made.
    #[error("a measurement cannot be run")]
    Io(#[from] std::io::Error),
}
