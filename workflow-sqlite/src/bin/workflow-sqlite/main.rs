//! workflow-sqlite: looks into a file of runs.
//!
//! `workflow-sqlite runs orders.db`; `--help` says the rest.

mod forks;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use workflow_core::journal::{End, Filter, Journal, Record, RunInfo, Status};
use workflow_sqlite::SqliteJournal;

/// Looks into a file of runs.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists the runs, the newest first.
    Runs {
        #[command(flatten)]
        place: Place,
        /// Of this workflow only.
        #[arg(long)]
        workflow: Option<String>,
        /// With this status only.
        #[arg(long)]
        status: Option<Wanted>,
        /// That began at least so long ago only: `2h`, `30days`.
        #[arg(long, value_parser = humantime::parse_duration)]
        older_than: Option<Duration>,
    },
    /// Shows what has happened in a run.
    Show {
        #[command(flatten)]
        place: Place,
        /// The run's id.
        id: String,
        /// Every fact as a whole.
        #[arg(long)]
        full: bool,
    },
    /// Draws what a run has done: a timeline for the terminal, or a picture in a file.
    Draw {
        #[command(flatten)]
        place: Place,
        /// The run's id.
        id: String,
        /// The picture; its name says which form: `run.html`, `.svg`, `.md`, `.mmd`, `.dot`, `.txt`.
        #[arg(long)]
        to: Option<PathBuf>,
    },
    /// Begins a new run that has behind it what another one had before one of its facts. A program that resumes the
    /// runs of that workflow takes it up.
    Fork {
        #[command(flatten)]
        place: Place,
        /// The id of the other run.
        id: String,
        /// The number of the first fact that is not taken over, as `show` says it.
        at: u64,
        /// The id of the new run; the other one's with the number, where nothing is said.
        #[arg(long = "as")]
        fork: Option<String>,
        /// An event in the place of the one that came with that fact, as JSON: `{"Approval":{"ok":false}}`.
        #[arg(long, value_parser = event)]
        with: Option<Value>,
    },
    /// Drops runs that ended long ago, with all that they had called.
    Prune {
        #[command(flatten)]
        place: Place,
        /// How long ago at least: `30days`.
        #[arg(long, value_parser = humantime::parse_duration)]
        older_than: Duration,
    },
}

fn event(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text)
}

#[derive(Args)]
struct Place {
    /// The file.
    file: PathBuf,
    /// Answers in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Wanted {
    Running,
    Left,
    Completed,
    Failed,
    Cancelled,
}

impl From<Wanted> for Status {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Running => Self::Running,
            Wanted::Left => Self::Left,
            Wanted::Completed => Self::Completed,
            Wanted::Failed => Self::Failed,
            Wanted::Cancelled => Self::Cancelled,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let answered = match Options::parse().command {
        Command::Runs { place, workflow, status, older_than } => {
            let mut filter = Filter::default();
            filter.workflow = workflow;
            filter.status = status.map(Status::from);
            filter.older_than = older_than;
            runs(&place, filter).await
        }
        Command::Show { place, id, full } => show(&place, &id, full).await,
        Command::Draw { place, id, to } => draw(&place, &id, to).await,
        Command::Fork { place, id, at, fork, with } => forks::fork(&place, &id, at, fork, with).await,
        Command::Prune { place, older_than } => prune(&place, older_than).await,
    };
    match answered.map(|text| writeln!(std::io::stdout(), "{text}")) {
        // Who reads has had enough, like `head`.
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", one_line(&*error));
            ExitCode::FAILURE
        }
    }
}

type Answer = Result<String, Box<dyn std::error::Error>>;

/// Opens a file that is there.
fn open(place: &Place) -> Result<SqliteJournal, Box<dyn std::error::Error>> {
    if !place.file.exists() {
        return Err(format!("there is no file `{}`", place.file.display()).into());
    }
    Ok(SqliteJournal::open(&place.file)?)
}

async fn runs(place: &Place, filter: Filter) -> Answer {
    let runs = open(place)?.list(filter).await?;
    if place.json {
        let runs: Vec<Value> = runs.iter().map(run_as_json).collect();
        return Ok(serde_json::to_string_pretty(&runs)?);
    }
    if runs.is_empty() {
        return Ok("no such runs".to_owned());
    }
    let mut table = table(&["run", "workflow", "status", "began", "facts", "called by"]);
    for run in runs {
        let parent = run.parent.clone().unwrap_or_default();
        let began = format!("{} ago", seconds(run.age));
        let facts = run.records.to_string();
        table.add_row([run.id, run.workflow, run.status.word().to_owned(), began, facts, parent]);
    }
    Ok(table.to_string())
}

fn run_as_json(run: &RunInfo) -> Value {
    json!({
        "id": run.id,
        "workflow": run.workflow,
        "parent": run.parent,
        "status": run.status.word(),
        "age_seconds": run.age.as_secs_f64(),
        "facts": run.records,
    })
}

async fn show(place: &Place, id: &str, full: bool) -> Answer {
    let kept = open(place)?.load(id).await?;
    let kept = kept.ok_or_else(|| format!("there is no run `{id}` in `{}`", place.file.display()))?;
    let (status, result) = match &kept.end {
        None => ("open", None),
        Some(End::Completed(result)) => ("completed", Some(result.clone())),
        Some(End::Failed(error)) => ("failed", Some(error.clone())),
        Some(_) => ("cancelled", None),
    };
    if place.json {
        let facts: Vec<Value> = kept.records.iter().map(record_as_json).collect();
        let run = json!({
            "id": id,
            "workflow": kept.workflow,
            "parent": kept.parent,
            "status": status,
            "input": read(&kept.input),
            "result": result.as_deref().map(read),
            "facts": facts,
        });
        return Ok(serde_json::to_string_pretty(&run)?);
    }
    let mut facts = table(&["", "after", "fact", "step", "execution", "what"]);
    for Record { number, at, kind, step, invocation, body, .. } in &kept.records {
        let what = if full { body.clone() } else { shorten(body, 60) };
        let invocation = invocation.map_or(String::new(), |it| it.to_string());
        let at = format!("{:.3} s", at.as_secs_f64());
        facts.add_row([
            number.to_string(),
            at,
            kind.clone(),
            step.clone().unwrap_or_default(),
            invocation,
            what,
        ]);
    }
    let input = shorten(&kept.input, if full { usize::MAX } else { 200 });
    let result =
        result.map_or(String::new(), |it| format!("\n{}", shorten(&it, if full { usize::MAX } else { 200 })));
    Ok(format!("{id}: {} of {input}\n{status}{result}\n{facts}", kept.workflow))
}

fn record_as_json(record: &Record) -> Value {
    json!({
        "number": record.number,
        "after_seconds": record.at.as_secs_f64(),
        "kind": record.kind,
        "step": record.step,
        "execution": record.invocation,
        "body": read(&record.body),
    })
}

async fn draw(place: &Place, id: &str, to: Option<PathBuf>) -> Answer {
    let recording = open(place)?.recording(id).await?;
    match (to, place.json) {
        (Some(picture), is_json) => {
            recording.draw().save(&picture)?;
            let picture = picture.display().to_string();
            Ok(if is_json {
                json!({ "picture": picture }).to_string()
            } else {
                format!("{picture} is drawn")
            })
        }
        (None, true) => Ok(serde_json::to_string_pretty(&recording)?),
        (None, false) => Ok(recording.to_string().trim_end().to_owned()),
    }
}

async fn prune(place: &Place, older_than: Duration) -> Answer {
    let pruned = open(place)?.prune(older_than).await?;
    if place.json {
        return Ok(json!({ "pruned": pruned }).to_string());
    }
    Ok(match pruned {
        1 => "1 run is gone".to_owned(),
        runs => format!("{runs} runs are gone"),
    })
}

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.iter().copied());
    table
}

/// What was written down as JSON; as text when it is none.
fn read(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| body.into())
}

fn shorten(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn seconds(age: Duration) -> String {
    humantime::format_duration(Duration::from_secs(age.as_secs())).to_string()
}

fn one_line(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
