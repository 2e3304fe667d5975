//! Instructions: how many a transition takes, beside the numbers that are kept in the repository.
//!
//! ```text
//! cargo run --release -p workflow-benches --bin instructions [-- --write]
//! ```
//!
//! Fails when one has grown by more than a tenth. Instructions are counted by valgrind, so that a busy machine
//! changes nothing; each work is counted in one size and in twice that size, and the difference is what it
//! takes without the start of the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs, io};

use clap::Parser;
use workflow_benches::{Work, entries_of_limits, entries_of_ours};

/// The works that are counted, by whom, in which size, and the name under which the number is kept.
const COUNTED: [(&str, Work, &str, u64); 4] = [
    ("chain", Work::Chain, "ours", 10_000),
    ("runs", Work::Runs, "ours", 2_000),
    ("fan", Work::Fan1k, "ours", 1_000),
    ("chain_by_hand", Work::Chain, "match loop", 10_000),
];

/// How far a number may grow, or fall before the kept one is out of date.
const ALLOWED: f64 = 0.10;

/// Counts the instructions of a transition and compares them with the numbers that are kept.
#[derive(Parser)]
struct Arguments {
    /// Keeps the numbers of this run; the commit says why
    #[arg(long)]
    write: bool,

    /// Does one of the works once, to be counted from outside
    #[arg(long, hide = true, num_args = 2, value_names = ["NAME", "N"])]
    once: Option<Vec<String>>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.once.as_deref() {
        Some([name, n]) => do_once(name, n),
        _ => compare(arguments.write),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn do_once(name: &str, n: &str) -> Result<(), CountError> {
    let wrong = || io::Error::other(format!("`--once {name} {n}` is no work and size"));
    let &(_, work, of, _) = COUNTED.iter().find(|counted| counted.0 == name).ok_or_else(wrong)?;
    let n: u64 = n.parse().map_err(|_| wrong())?;
    let entry = entries_of_ours()
        .into_iter()
        .chain(entries_of_limits())
        .find(|entry| entry.work == work && entry.name == of)
        .ok_or_else(wrong)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    assert_eq!(runtime.block_on((entry.run)(n)), work.checksum(n), "`{name}` does its work");
    Ok(())
}

fn compare(write: bool) -> Result<(), CountError> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.json");
    let mut now = BTreeMap::new();
    for (name, _, _, n) in COUNTED {
        let more = count(name, 2 * n)?.saturating_sub(count(name, n)?);
        now.insert(name.to_owned(), (more as f64 / n as f64 * 10.0).round() / 10.0);
    }
    if write {
        let written = serde_json::to_string_pretty(&now).expect("numbers can be written");
        fs::write(&file, written + "\n")?;
    }
    let kept: BTreeMap<String, f64> =
        serde_json::from_str(&fs::read_to_string(&file)?).map_err(io::Error::from)?;

    println!("| work | kept | now | change |");
    println!("|---|---|---|---|");
    let mut grown = Vec::new();
    for (name, _, _, _) in COUNTED {
        let now = now[name];
        let kept = *kept.get(name).ok_or(CountError::NotKept { name })?;
        let change = now / kept - 1.0;
        println!("| {name} | {kept} | {now} | {:+.1} % |", change * 100.0);
        if change > ALLOWED {
            grown
                .push(format!("`{name}` takes {now} instructions, {:.0} % more than {kept}", change * 100.0));
        } else if change < -ALLOWED {
            println!("`{name}` has become cheaper: keep the new number with `--write`, so that it stays so");
        }
    }
    if grown.is_empty() { Ok(()) } else { Err(CountError::Grown { grown: grown.join("\n") }) }
}

/// The instructions of a process that does this work in this size.
fn count(name: &str, n: u64) -> Result<u64, CountError> {
    let counts = counts_file();
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", counts.display()));
    command.arg(env::current_exe()?).args(["--once", name, &n.to_string()]);
    let output = command.output().map_err(CountError::NoValgrind)?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()).into());
    }
    let written = fs::read_to_string(&counts)?;
    fs::remove_file(&counts)?;
    let summary = written.lines().rev().find_map(|line| {
        let numbers = line.strip_prefix("summary:").or_else(|| line.strip_prefix("totals:"))?;
        numbers.trim().parse().ok()
    });
    summary.ok_or(CountError::NoSummary { name: name.to_owned() })
}

fn counts_file() -> PathBuf {
    env::temp_dir().join(format!("workflow-instructions.{}", std::process::id()))
}

/// Why there is no verdict, or a bad one.
#[derive(Debug, thiserror::Error)]
enum CountError {
    /// Something has become more expensive.
    #[error(
        "{grown}\nMake it cheaper; or, if it is worth that, keep the new number by\n    \
         cargo run --release -p workflow-benches --bin instructions -- --write\n\
         and say why in the commit."
    )]
    Grown { grown: String },

    /// A work was added.
    #[error("no number is kept for `{name}`: write it with `--write`")]
    NotKept { name: &'static str },

    /// Install it: `apt-get install valgrind`.
    #[error("valgrind cannot be run ({0}): install it, by `apt-get install valgrind` for example")]
    NoValgrind(io::Error),

    /// A version of valgrind that writes something else.
    #[error("valgrind has written no summary for `{name}`")]
    NoSummary { name: String },

    #[error(transparent)]
    Io(#[from] io::Error),
}
