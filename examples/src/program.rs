//! Program: what every example does around its work: options, one clear line when it fails, the picture.

use std::env;
use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use workflow_core::Drawing;
use workflow_telemetry::Otlp;

use crate::one_line;

/// What can go wrong in a program.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Reads the options of the command line, does the work, and says what went wrong, if anything did, in one
/// line on standard error. The exit code is then 1.
///
/// Where `OTEL_EXPORTER_OTLP_ENDPOINT` is set, that gets the work as traces and metrics.
pub async fn program<O: Parser>(work: impl AsyncFnOnce(O) -> Result<(), Failure>) -> ExitCode {
    let failure = match O::try_parse() {
        Ok(options) => match traced(work(options)).await {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => one_line(&*error),
        },
        Err(asked) if matches!(asked.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // Nobody reads it any more, if this fails.
            let _ = asked.print();
            return ExitCode::SUCCESS;
        }
        Err(mistake) => first_paragraph(&mistake.to_string()),
    };
    eprintln!("error: {failure}");
    ExitCode::FAILURE
}

async fn traced(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let _guard = match env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT") {
        Some(endpoint) if !endpoint.is_empty() => Some(workflow_telemetry::init(Otlp::from_env())?),
        Some(_) | None => None,
    };
    work.await
}

/// Saves the picture of a flow, and says where it is.
///
/// # Errors
///
/// When the extension is none that is known, or the file cannot be written.
pub fn save_picture(drawing: &Drawing, path: &str) -> Result<String, Failure> {
    drawing.save(path)?;
    Ok(format!("the picture of the flow is in {path}"))
}

/// What is wrong with the options, without the advice that follows it.
fn first_paragraph(mistake: &str) -> String {
    let paragraph = mistake.split("\n\n").next().unwrap_or_default();
    let words: Vec<_> = paragraph.split_whitespace().filter(|word| *word != "error:").collect();
    format!("{}; see --help", words.join(" "))
}
