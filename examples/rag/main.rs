//! RAG: answers a question from a folder of texts, and says from where in them.
//!
//! `cargo run --example rag -- "Why does the file not shrink after I delete data?"`. Two flows: `Ingest`
//! cuts files into passages and keeps an index of their vectors, `Ask` finds passages, ranks them, and lets the
//! model answer from the best. A second run takes from the index what has not changed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use workflow_core::prelude::*;
use workflow_examples::{AnyLlm, Canned, Embedder, Failure, Index, program, save_picture};

mod ask;
mod ingest;

use ask::{Answer, Ask};
use ingest::{Ingest, IngestEvent, Progress};

/// Answers a question from a folder of texts.
#[derive(Parser)]
struct Options {
    /// What to ask.
    question: Vec<String>,

    /// The folder with the .md and .txt files; without it, the documentation of SQLite beside this example.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/sqlite"), hide_default_value = true)]
    folder: PathBuf,

    /// Where the index is kept.
    #[arg(long, default_value = "rag-index.json")]
    index: PathBuf,

    /// Where the picture of `Ask` goes: .html, .svg, .md, .mmd, .dot or .txt; that of `Ingest` goes beside it.
    #[arg(long, default_value = "rag.html")]
    picture: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    program(answer).await
}

async fn answer(options: Options) -> Result<(), Failure> {
    let question = options.question.join(" ");
    if question.trim().is_empty() {
        return Err("no question; ask one: `cargo run --example rag -- Is SQLite threadsafe?`".into());
    }
    let (llm, embedder) = (AnyLlm::from_env(Canned::new(&[]))?, Embedder::from_env()?);
    let mut out = std::io::stdout();
    writeln!(out, "{}\n{}\n", llm.describe(), embedder.describe())?;

    let path = options.index;
    let old = Index::open(&path, embedder.name())?.map(Arc::new);
    let ingest = Ingest { embedder: embedder.clone(), old, path: path.clone() };
    let mut run = ingest.run(options.folder);
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} passages")?);
    while let Some(IngestEvent::Progress(Progress { found, done })) = run.next().await {
        bar.inc_length(found);
        bar.inc(done);
    }
    bar.finish_and_clear();
    let new = run.await?;
    let index = Index::open(&path, embedder.name())?.ok_or("the index has gone away")?;
    let (files, passages) = (index.files(), index.passages());
    writeln!(
        out,
        "{files} files, {passages} passages; files embedded: {new}, taken from the index: {}",
        files - new
    )?;

    let flow = Ask { llm, embedder, index: Arc::new(index) };
    let Answer { text, sources, ranked_by } = flow.run(question).await?;
    writeln!(out, "\n{text}\n\nsources, ranked by {ranked_by}:")?;
    for (place, (passage, cosine)) in sources.iter().enumerate() {
        let start: String =
            passage.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(70).collect();
        writeln!(out, "[{}] {} (cosine {cosine:.2}): {start} ..", place + 1, passage.file)?;
    }
    let picture = Path::new(&options.picture);
    let extension = picture.extension().unwrap_or_default().to_string_lossy();
    let beside = picture.with_extension(format!("ingest.{extension}"));
    writeln!(out, "\n{}", save_picture(&Ask::draw(), &options.picture)?)?;
    writeln!(out, "{}", save_picture(&Ingest::draw(), &beside.to_string_lossy())?)?;
    Ok(())
}
