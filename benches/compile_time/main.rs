//! Compile time: what `#[workflow]` adds to `cargo check`, over the number of steps.
//!
//! ```text
//! cargo run --release -p workflow-benches --bin compile_time [steps ..]
//! ```
//!
//! Writes a package with one workflow, checks it once for its dependencies, then a few times more, and
//! prints the shortest processor time. The same code is checked without any attribute and with the events
//! alone, in turn with the whole, so that other work on the machine slows down all three: the difference is
//! what one attribute costs.

mod source;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use std::{env, fs, io};

use source::{Attributes, Form};

const TRIES: u32 = 7;

fn main() -> ExitCode {
    let asked: Result<Vec<usize>, _> = env::args().skip(1).map(|steps| steps.parse()).collect();
    let steps = match asked {
        Ok(steps) if steps.is_empty() => vec![10, 60, 200],
        Ok(steps) => steps,
        Err(error) => {
            eprintln!("the arguments are numbers of steps: {error}");
            return ExitCode::FAILURE;
        }
    };
    match measure_all(&steps) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all(steps: &[usize]) -> io::Result<()> {
    let package = Package::create()?;
    println!("| form | steps | plain | with events | with workflow | workflow adds |");
    println!("|---|---|---|---|---|---|");
    for form in [Form::Chain, Form::Mixed] {
        for &steps in steps {
            let sources = [Attributes::None, Attributes::Events, Attributes::All]
                .map(|attributes| source::workflow(form, steps, attributes));
            let [plain, events, all] = package.measure(&sources)?;
            println!(
                "| {form:?} | {steps} | {:.2} s | {:.2} s | {:.2} s | {:.2} s |",
                plain.as_secs_f64(),
                events.as_secs_f64(),
                all.as_secs_f64(),
                all.saturating_sub(events).as_secs_f64(),
            );
        }
    }
    Ok(())
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

    /// The shortest of a few checks of each source, without the dependencies.
    fn measure<const N: usize>(&self, sources: &[String; N]) -> io::Result<[Duration; N]> {
        let file = self.folder.join("src").join("lib.rs");
        fs::write(&file, "")?;
        self.check()?;
        let mut shortest = [Duration::MAX; N];
        for _ in 0..TRIES {
            for (source, shortest) in sources.iter().zip(&mut shortest) {
                fs::write(&file, source)?;
                let before = time_of_children()?;
                self.check()?;
                *shortest = time_of_children()?.saturating_sub(before).min(*shortest);
            }
        }
        Ok(shortest)
    }

    fn check(&self) -> io::Result<()> {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["check", "--quiet", "--offline", "--target-dir", "target"]).current_dir(&self.folder);
        command.env("CARGO_INCREMENTAL", "0");
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
