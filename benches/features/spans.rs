//! Spans: a subscriber that wants them, as a program that logs has it, but that writes to nowhere; and telemetry, with a
//! collector in this process that takes all it gets and looks at nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::LazyLock;

use tracing::Dispatch;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::layer::SubscriberExt;
use workflow_telemetry::Otlp;

/// The future, with a subscriber for it alone.
pub(crate) fn subscribed<F: Future>(future: F) -> impl Future<Output = F::Output> {
    future.with_subscriber(tracing_subscriber::fmt().with_writer(std::io::sink).finish())
}

/// The future, with telemetry. Its queue is full for most of the time: no collector takes so many spans.
pub(crate) fn exported<F: Future>(future: F) -> impl Future<Output = F::Output> {
    static TELEMETRY: LazyLock<Dispatch> = LazyLock::new(|| telemetry(|otlp| otlp));
    future.with_subscriber(TELEMETRY.clone())
}

/// The same without what came in and out.
pub(crate) fn exported_bare<F: Future>(future: F) -> impl Future<Output = F::Output> {
    static TELEMETRY: LazyLock<Dispatch> = LazyLock::new(|| telemetry(Otlp::without_payloads));
    future.with_subscriber(TELEMETRY.clone())
}

/// The same where a sampler takes no run.
pub(crate) fn unsampled<F: Future>(future: F) -> impl Future<Output = F::Output> {
    static TELEMETRY: LazyLock<Dispatch> = LazyLock::new(|| telemetry(Otlp::without_traces));
    future.with_subscriber(TELEMETRY.clone())
}

fn telemetry(set: impl FnOnce(Otlp) -> Otlp) -> Dispatch {
    let (layer, guard) = set(Otlp::from_env().endpoint(collector())).layer().expect("the settings are right");
    // It lasts as long as the program.
    std::mem::forget(guard);
    Dispatch::new(tracing_subscriber::registry().with(layer))
}

/// The address of a collector that takes all it gets.
fn collector() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || take(&stream));
        }
    });
    format!("http://{address}")
}

/// Takes the requests of one connection.
fn take(mut stream: &TcpStream) -> Option<()> {
    let mut requests = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            requests.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        std::io::copy(&mut requests.by_ref().take(length), &mut std::io::sink()).ok()?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
    }
}
