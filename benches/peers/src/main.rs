//! Peers: ours, what one would write by hand, and other libraries, in one table.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml [-- --help]
//! ```

mod peers;

use std::process::ExitCode;

use workflow_benches::{entries_of_limits, entries_of_ours, main as measure};

fn main() -> ExitCode {
    let mut entries = entries_of_limits();
    entries.extend(entries_of_ours());
    entries.extend(peers::entries());
    measure(entries)
}
