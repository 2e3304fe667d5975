//! `cargo bench`: ours beside what one would write by hand.

use std::process::ExitCode;

use workflow_benches::{entries_of_limits, entries_of_ours, main as measure};

fn main() -> ExitCode {
    // `cargo test --all-targets` runs this too, and is no time to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("measures when it is run by `cargo bench`");
        return ExitCode::SUCCESS;
    }
    measure(entries_of_limits().into_iter().chain(entries_of_ours()).collect())
}
