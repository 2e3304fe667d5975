//! Compile time: what `#[workflow]` adds to `cargo check`, over the number of steps.
//!
//! ```text
//! cargo run --release -p workflow-benches --bin compile_time [--instructions] [steps ..]
//! ```
//!
//! Writes a package with one workflow, checks it once for its dependencies, then a few times more, and
//! prints the shortest processor time. The same code is checked without any attribute and with the events
//! alone, in turn with the whole, so that other work on the machine slows down all three: the difference is
//! what one attribute costs. With `--instructions` it counts, by valgrind, what rustc executes: slow, but the
//! same on a busy machine.

mod source;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use std::{env, fs, io};

use source::{Attributes, Form};

const TRIES: u32 = 7;

/// Where the wrapper of rustc leaves its count; set for the wrapper alone.
const COUNT: &str = "COMPILE_TIME_COUNT";

fn main() -> ExitCode {
    if let Some(count) = env::var_os(COUNT) {
        return wrap_rustc(&count);
    }
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let before = arguments.len();
    arguments.retain(|argument| argument != "--instructions");
    let unit = if arguments.len() < before { Unit::Instructions } else { Unit::Seconds };
    let steps = match arguments.iter().map(|steps| steps.parse()).collect::<Result<Vec<usize>, _>>() {
        Ok(steps) if steps.is_empty() => vec![10, 60, 200],
        Ok(steps) => steps,
        Err(error) => {
            eprintln!("the arguments are `--instructions` and numbers of steps: {error}");
            return ExitCode::FAILURE;
        }
    };
    match measure_all(unit, &steps) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What is measured.
#[derive(Clone, Copy)]
enum Unit {
    /// Processor time, the shortest of a few.
    Seconds,
    /// Executed by rustc, in millions.
    Instructions,
}

fn measure_all(unit: Unit, steps: &[usize]) -> io::Result<()> {
    let package = Package::create()?;
    println!("| form | steps | plain | with events | with workflow | workflow adds |");
    println!("|---|---|---|---|---|---|");
    for form in [Form::Chain, Form::Mixed] {
        for &steps in steps {
            let sources = [Attributes::None, Attributes::Events, Attributes::All]
                .map(|attributes| source::workflow(form, steps, attributes));
            let [plain, events, all] = match unit {
                Unit::Seconds => package.measure(&sources)?,
                Unit::Instructions => package.count(&sources)?,
            };
            let shown = |value: f64| match unit {
                Unit::Seconds => format!("{value:.2} s"),
                Unit::Instructions => format!("{value:.0} M"),
            };
            let row = [plain, events, all, all - events].map(shown).join(" | ");
            println!("| {form:?} | {steps} | {row} |");
        }
    }
    Ok(())
}

/// Runs rustc, under valgrind when it compiles the package; cargo asks it for its version too.
fn wrap_rustc(count: &OsStr) -> ExitCode {
    let mut rustc: Vec<OsString> = env::args_os().skip(1).collect();
    if rustc.iter().any(|argument| argument == "compile_time") {
        let mut file = OsString::from("--cachegrind-out-file=");
        file.push(count);
        let options = ["valgrind", "--quiet", "--tool=cachegrind", "--cache-sim=no"].map(OsString::from);
        rustc.splice(0..0, options.into_iter().chain([file]));
    }
    match Command::new(&rustc[0]).args(&rustc[1..]).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{} does not start: {error}", rustc[0].display());
            ExitCode::FAILURE
        }
    }
}

/// A package of its own, beside the workspace's build results.
struct Package {
    folder: PathBuf,
}

impl Package {
    fn create() -> io::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace");
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let folder = target.join("compile_time");
        fs::create_dir_all(folder.join("src"))?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        fs::write(
            folder.join("Cargo.toml"),
            format!(
                "[package]\nname = \"compile-time\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                 [dependencies]\nworkflow-core = {{ path = {:?} }}\n\
                 serde = {{ version = \"1\", features = [\"derive\"] }}\n\n[workspace]\n",
                root.join("workflow-core")
            ),
        )?;
        Ok(Self { folder })
    }

    /// The shortest of a few checks of each source, without the dependencies, in seconds.
    fn measure<const N: usize>(&self, sources: &[String; N]) -> io::Result<[f64; N]> {
        self.check("", None)?;
        let mut shortest = [Duration::MAX; N];
        for _ in 0..TRIES {
            for (source, shortest) in sources.iter().zip(&mut shortest) {
                let before = time_of_children()?;
                self.check(source, None)?;
                *shortest = time_of_children()?.saturating_sub(before).min(*shortest);
            }
        }
        Ok(shortest.map(|shortest| shortest.as_secs_f64()))
    }

    /// What rustc executes for each source, in millions of instructions.
    fn count<const N: usize>(&self, sources: &[String; N]) -> io::Result<[f64; N]> {
        let file = self.folder.join("count");
        let mut counts = [0.0; N];
        for (source, count) in sources.iter().zip(&mut counts) {
            self.check(source, Some(&file))?;
            let text = fs::read_to_string(&file)?;
            let sum = text.lines().rev().find_map(|line| line.strip_prefix("summary: "));
            let sum = sum.and_then(|sum| sum.trim().parse::<u64>().ok());
            *count = sum.ok_or_else(|| io::Error::other("valgrind has left no count"))? as f64 / 1e6;
        }
        Ok(counts)
    }

    fn check(&self, source: &str, count: Option<&Path>) -> io::Result<()> {
        fs::write(self.folder.join("src").join("lib.rs"), source)?;
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["check", "--quiet", "--offline", "--target-dir", "target"]).current_dir(&self.folder);
        command.env("CARGO_INCREMENTAL", "0");
        if let Some(file) = count {
            command.env(COUNT, file).env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?);
        }
        let output = command.output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// The processor time of all child processes that are over, by `proc_pid_stat(5)`: in hundredths of a second.
fn time_of_children() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        fields.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}
