//! Peers: ours, what one would write by hand, and other libraries, in one table.
//!
//! ```text
//! cargo run --release --ignore-rust-version --manifest-path benches/peers/Cargo.toml [-- --help]
//! ```
//!
//! The newest swiftide-tasks and cano ask for Rust 1.97 and 1.98, and are content with 1.95.

mod peers;

use std::process::ExitCode;

use workflow_benches::{entries_of_limits, entries_of_ours, main as measure};

fn main() -> ExitCode {
    let mut entries = entries_of_limits();
    entries.extend(entries_of_ours());
    entries.extend(peers::entries());
    measure(entries)
}
