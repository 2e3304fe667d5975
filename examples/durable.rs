//! Durable: a run that is killed in the middle, and goes on in another process.
//!
//! `cargo run --example durable` starts itself as the process that works, kills that (`SIGKILL`) when so many loaves are
//! baked, and starts it again. The same flow, the same id and the same file: that is all that there is to it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;
use workflow_core::prelude::*;
use workflow_sqlite::SqliteJournal;

#[event]
struct Dough(u32);

#[event]
struct Loaf(u32);

/// Bakes loaves, one at a time.
struct Bakery;

#[workflow]
impl Bakery {
    #[step]
    async fn knead(&self, loaves: StartEvent<u32>) -> Vec<Dough> {
        (1..=loaves.0).map(Dough).collect()
    }

    #[step(workers = 1)]
    async fn bake(&self, ctx: &Context<Self>, dough: Dough) -> Loaf {
        ctx.sleep(Duration::from_millis(100)).await;
        say(&format!("loaf {} is baked", dough.0));
        Loaf(dough.0)
    }

    #[step]
    async fn sell(&self, loaves: Vec<Loaf>) -> StopEvent<usize> {
        StopEvent(loaves.len())
    }
}

/// Bakes loaves, and is killed in the middle.
#[derive(Parser)]
struct Options {
    /// How many loaves.
    #[arg(long, default_value_t = 6)]
    loaves: u32,

    /// After how many of them the process is killed.
    #[arg(long, default_value_t = 3)]
    kill_after: usize,

    /// Where the run is written down; a new file in the folder for temporary ones without this.
    #[arg(long)]
    file: Option<PathBuf>,

    /// The process that works, and is not told to stop.
    #[arg(long, hide = true)]
    work: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let file = options
        .file
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("bakery-{}.db", std::process::id())));
    let done = if options.work { work(&options, &file) } else { watch(&options, &file) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn work(options: &Options, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // A process that was killed keeps its runs for as long as its lease, and the next one waits for that.
    let journal = SqliteJournal::options()
        .lease(Duration::from_secs(1))
        .patience(Duration::from_secs(10))
        .open(file)?;
    let sold = Bakery.run(options.loaves).id("bakery-1").journal(&journal).await?;
    say(&format!("{sold} loaves are sold"));
    Ok(())
}

/// Starts the process that works, kills it, and starts it again.
fn watch(options: &Options, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    for lines in [options.kill_after, usize::MAX] {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--work", "--loaves", &options.loaves.to_string(), "--file"])
            .arg(file)
            .stdout(Stdio::piped())
            .spawn()?;
        say(&format!("process {} begins", process.id()));
        let output = process.stdout.take().ok_or("the process has no output")?;
        for line in BufReader::new(output).lines().take(lines) {
            say(&format!("  {}", line?));
        }
        if lines < usize::MAX {
            process.kill()?;
            say(&format!("process {} is killed", process.id()));
        }
        process.wait()?;
    }
    say(&format!("look into it: sqlite3 {} 'SELECT * FROM overview'", file.display()));
    Ok(())
}

/// Prints a line at once.
fn say(line: &str) {
    // Nobody reads any more when this fails.
    let _ = writeln!(std::io::stdout(), "{line}");
}
