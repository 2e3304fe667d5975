//! Program size: what a workflow adds to a release binary, over the same steps called by hand.
//!
//! ```text
//! cargo run --release -p workflow-benches --bin program_size
//! ```
//!
//! Writes two packages that differ in nothing else, builds both in release without symbols, and prints their
//! sizes; first as cargo builds them by itself, then with optimisation at link time.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs, io};

const BY_HAND: &str = include_str!("by_hand.rs.txt");
const WORKFLOW: &str = include_str!("workflow.rs.txt");

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> io::Result<()> {
    let root = root();
    let core = format!("workflow-core = {{ path = {:?} }}\n", root.join("workflow-core"));
    println!("| profile | by hand | as a workflow | the workflow adds |");
    println!("|---|---|---|---|");
    for (name, profile) in [("release", ""), ("release with thin LTO", "lto = \"thin\"\ncodegen-units = 1\n")]
    {
        let by_hand = build("by-hand", BY_HAND, "", profile)?;
        let workflow = build("joke-flow", WORKFLOW, &core, profile)?;
        let added = workflow.saturating_sub(by_hand);
        println!("| {name} | {} KiB | {} KiB | {} KiB |", by_hand / 1024, workflow / 1024, added / 1024);
    }
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace").to_owned()
}

/// Builds a package of this source beside the workspace's build results, and gives its program's size in bytes.
fn build(name: &str, source: &str, dependency: &str, profile: &str) -> io::Result<u64> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let shared = target.join("program_size");
    let folder = shared.join(name);
    fs::create_dir_all(folder.join("src"))?;
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    fs::write(folder.join("src").join("main.rs"), source)?;
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{dependency}tokio = {{ version = \"1\", features = [\"macros\", \"rt\", \"time\"] }}\n\n\
         [profile.release]\nstrip = true\n{profile}\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--quiet", "--release", "--offline", "--target-dir"]).arg(shared.join("target"));
    let output = command.current_dir(&folder).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(fs::metadata(shared.join("target").join("release").join(name))?.len())
}
