//! Builds: the measurements that build packages, each by a command of its own.

use std::env;
use std::path::Path;
use std::process::Command;

use super::HarnessError;

/// Lets the commands print their tables.
pub(super) fn print() -> Result<(), HarnessError> {
    for (title, bin) in [
        ("What a workflow adds to `cargo check`", "compile_time"),
        ("What it adds to a program", "program_size"),
    ] {
        println!("\n### {title}\n");
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["run", "--quiet", "--release", "--bin", bin, "--manifest-path"]);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        if !command.status()?.success() {
            return Err(HarnessError::Build { bin });
        }
    }
    Ok(())
}
