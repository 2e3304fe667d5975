//! Fan out: many downloads at once from a server that fails at random.
//!
//! `cargo run --example fan_out`. A step that returns a `Vec` opens a batch; each link in it goes to `download`,
//! 16 at a time; what fails is tried again, or given up and caught; a step that takes a `Vec` gets all that came
//! of it. The server is in this program, and which request it fails follows from `--seed`.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use clap::Parser;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use indicatif::{ProgressBar, ProgressStyle};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use workflow_core::StepTimedOut;
use workflow_core::prelude::*;
use workflow_examples::{Failure, program, save_picture};

/// One file to download.
#[event]
struct Link {
    file: u32,
}

/// What came of one link: so many bytes, or the reason why there are none. Goes to the caller too.
#[event]
struct Fetched {
    link: Link,
    tries: u32,
    bytes: Result<u64, String>,
}

/// What came of all links, in the order in which it came.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Summary {
    files: Vec<Fetched>,
}

/// Downloads files from one server.
struct Downloads {
    client: reqwest::Client,
    server: SocketAddr,
}

#[workflow(publishes(Fetched))]
impl Downloads {
    /// Opens the batch.
    #[step]
    async fn list(&self, files: StartEvent<u32>) -> Vec<Link> {
        (0..files.0).map(|file| Link { file }).collect()
    }

    /// Downloads one file; a server that is slow or busy gets another chance.
    #[step(
        workers = 16,
        timeout = "1s",
        retry(attempts = 5, base = "20ms", max = "200ms", jitter, on = StepTimedOut, when = may_pass)
    )]
    async fn download(&self, ctx: &Context<Self>, link: Link) -> Result<Fetched, reqwest::Error> {
        let url = format!("http://{}/files/{}", self.server, link.file);
        let answer = self.client.get(url).send().await?.error_for_status()?;
        let bytes = answer.bytes().await?.len() as u64;
        Ok(Fetched { link, tries: ctx.attempt().number, bytes: Ok(bytes) })
    }

    /// Comes after the last try of a download. What it gives is part of the batch again.
    #[step]
    #[catch(of(download), times = 1)]
    async fn give_up(&self, failed: StepFailed) -> Option<Fetched> {
        let status = failed.error.downcast_ref().and_then(reqwest::Error::status);
        let cause = failed.error.causes().last().map_or(failed.error.message(), String::as_str);
        let reason = status.map_or_else(|| cause.to_owned(), |status| status.to_string());
        Some(Fetched { link: failed.input()?, tries: failed.attempts, bytes: Err(reason) })
    }

    /// Comes once, when nothing of the batch is left to do.
    #[step]
    async fn summarise(&self, files: Vec<Fetched>) -> StopEvent<Summary> {
        StopEvent(Summary { files })
    }
}

/// Whether another try may help: the connection was lost, or the server says that it is its own fault.
fn may_pass(error: &reqwest::Error) -> bool {
    error.status().is_none_or(|status| status.is_server_error())
}

/// Downloads many files at once from a server in this program that fails at random.
#[derive(Parser)]
struct Options {
    /// How many files to download.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    files: u32,

    /// What the server's failures follow from.
    #[arg(long, default_value_t = 7)]
    seed: u64,

    /// Where the picture of the flow goes: .html, .svg, .md, .mmd, .dot or .txt.
    #[arg(long, default_value = "fan_out.html")]
    picture: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    program(download_all).await
}

async fn download_all(options: Options) -> Result<(), Failure> {
    let luck = Arc::new(Luck { seed: options.seed, ..Luck::default() });
    let server = start_server(luck.clone()).await?;
    let mut out = io::stdout();
    writeln!(out, "no model: a server in this program that fails at random, seed {}\n", options.seed)?;

    // The server is on this machine: nothing in between, and no certificates.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    let flow = Downloads { client, server };
    let mut run = flow.run(options.files);

    let bar = ProgressBar::new(options.files.into());
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?);
    while let Some(DownloadsEvent::Fetched(fetched)) = run.next().await {
        bar.set_message(format!("file {} after {} tries", fetched.link.file, fetched.tries));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let summary = run.await?;
    writeln!(out, "{}", table(&summary))?;
    for (answer, requests) in &*luck.answers.lock().expect("nothing panics while it is locked") {
        writeln!(out, "the server {answer} {requests} times")?;
    }
    let bytes: u64 = summary.files.iter().flat_map(|fetched| &fetched.bytes).sum();
    let downloaded = summary.files.iter().filter(|fetched| fetched.bytes.is_ok()).count();
    let given_up = summary.files.len() - downloaded;
    writeln!(out, "\n{downloaded} files downloaded, {} KiB; {given_up} given up", bytes / 1024)?;
    writeln!(out, "\n{}", save_picture(&Downloads::draw(), &options.picture)?)?;
    Ok(())
}

/// How many files came to which end, and after how many tries.
fn table(summary: &Summary) -> Table {
    let mut ends = BTreeMap::<(String, u32), u32>::new();
    for fetched in &summary.files {
        let end = match &fetched.bytes {
            Ok(_) => "downloaded".to_owned(),
            Err(reason) => format!("given up: {reason}"),
        };
        *ends.entry((end, fetched.tries)).or_default() += 1;
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["end", "tries", "files"]);
    for ((end, tries), files) in ends {
        table.add_row([end, tries.to_string(), files.to_string()]);
    }
    table
}

/// What the server's failures follow from, and what it has done.
#[derive(Default)]
struct Luck {
    seed: u64,
    asked: Mutex<HashMap<u32, u64>>,
    answers: Mutex<BTreeMap<&'static str, u32>>,
}

/// Starts the server on a free port.
async fn start_server(luck: Arc<Luck>) -> io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/files/{file}", axum::routing::get(serve)).with_state(luck);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// Serves a file, or fails in one of four ways.
async fn serve(State(luck): State<Arc<Luck>>, Path(file): Path<u32>) -> Response<Body> {
    let request = {
        let mut asked = luck.asked.lock().expect("nothing panics while it is locked");
        let asked = asked.entry(file).or_default();
        *asked += 1;
        *asked
    };
    let seed = luck.seed.wrapping_mul(1_000_003).wrapping_add(file.into());
    let mut of_file = SmallRng::seed_from_u64(seed);
    let mut of_request = SmallRng::seed_from_u64(seed.wrapping_add(request << 32));
    let content = vec![b'x'; of_file.random_range(1024..64 * 1024)];
    let answer = match (of_file.random_range(0..100), of_request.random_range(0..100)) {
        (0..3, _) => "had no such file",
        (3..5, _) | (_, 0..20) => "was busy",
        (_, 20..24) => "said nothing",
        (_, 24..30) => "cut the connection",
        _ => "served a file",
    };
    *luck.answers.lock().expect("nothing panics while it is locked").entry(answer).or_default() += 1;
    let head = Response::builder();
    let response = match answer {
        "had no such file" => head.status(404).body(Body::empty()),
        "was busy" => head.status(503).body(Body::empty()),
        "said nothing" => std::future::pending().await,
        "cut the connection" => {
            let lost = io::Error::from(io::ErrorKind::ConnectionReset);
            head.body(Body::from_stream(tokio_stream::iter([Ok(content), Err(lost)])))
        }
        _ => head.body(Body::from(content)),
    };
    response.expect("status and body are in order")
}
