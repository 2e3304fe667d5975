//! Phoenix: the run of the function agent, sent to a real Arize Phoenix, read back by its API, and seen on its page.
//!
//! `.ci/phoenix` installs what is needed, and runs this.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

mod ran;

/// A Phoenix with a folder of its own, which ends with the test.
struct Phoenix {
    process: Child,
    address: String,
}

impl Phoenix {
    /// Starts the program, and comes back when it answers.
    async fn start(program: &Path, folder: &Path) -> Self {
        // It takes no port 0: two that were free a moment ago.
        let (web, grpc) = {
            let free = || TcpListener::bind("127.0.0.1:0").unwrap();
            let (web, grpc) = (free(), free());
            let port = |listener: TcpListener| listener.local_addr().unwrap().port().to_string();
            (port(web), port(grpc))
        };
        let mut command = Command::new(program);
        command.arg("serve").env("PHOENIX_HOST", "127.0.0.1").env("PHOENIX_PORT", &web);
        command.env("PHOENIX_GRPC_PORT", grpc).env("PHOENIX_WORKING_DIR", folder);
        command.env("PHOENIX_TELEMETRY_ENABLED", "false");
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let process = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let mut phoenix = Self { process, address: format!("http://127.0.0.1:{web}") };
        while phoenix.get("/v1/projects").await.is_none() {
            let ended = phoenix.process.try_wait().unwrap();
            let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "phoenix has ended: {}", log());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        phoenix
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(Duration::from_secs(10));
        let client = client.build().unwrap();
        let answer = client.get(format!("{}{path}", self.address)).send().await.ok()?;
        serde_json::from_str(&answer.error_for_status().ok()?.text().await.ok()?).ok()
    }

    /// The spans of a project, once there are so many: Phoenix writes them down a little later.
    async fn spans(&self, project: &str, count: usize) -> Vec<Value> {
        loop {
            let page = self.get(&format!("/v1/projects/{project}/spans?limit=100")).await;
            let spans = page.map(|page| page["data"].as_array().unwrap().clone()).unwrap_or_default();
            if spans.len() >= count {
                return spans;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Phoenix {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The spans of one trace, each below its parent, in the order in which they began: name, kind and status.
fn tree(spans: &[&Value]) -> Vec<String> {
    let mut below: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for span in spans {
        below.entry(span["parent_id"].as_str().unwrap_or_default()).or_default().push(span);
    }
    fn add(below: &BTreeMap<&str, Vec<&Value>>, parent: &str, depth: usize, lines: &mut Vec<String>) {
        let mut spans = below.get(parent).cloned().unwrap_or_default();
        spans.sort_by_key(|span| span["start_time"].as_str().unwrap());
        for span in spans {
            let text = |name: &str| span[name].as_str().unwrap();
            let (name, kind, status) = (text("name"), text("span_kind"), text("status_code"));
            lines.push(format!("{}{name} {kind} {status}", "  ".repeat(depth)));
            add(below, span["context"]["span_id"].as_str().unwrap(), depth + 1, lines);
        }
    }
    let mut lines = Vec::new();
    add(&below, "", 0, &mut lines);
    lines
}

/// What the browser has of a page when it has come to rest; with `image`, also how it looks.
fn page(url: &str, image: Option<&Path>) -> String {
    let mut browser = Command::new("chromium");
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000"]);
    match image {
        Some(image) => browser.arg("--window-size=1500,950").arg(format!("--screenshot={}", image.display())),
        None => browser.arg("--dump-dom"),
    };
    let output = browser.arg(url).stderr(Stdio::null()).output().expect("chromium is installed");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
#[ignore = "needs Phoenix and Chromium: run .ci/phoenix"]
async fn the_run_of_the_function_agent_is_a_tree_in_phoenix_and_on_its_page() {
    let program = PathBuf::from(std::env::var_os("PHOENIX").expect("PHOENIX names the program"));
    let folder = tempfile::tempdir().unwrap();
    let phoenix = Phoenix::start(&program, folder.path()).await;
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", phoenix.address.as_str()),
        ("OTEL_RESOURCE_ATTRIBUTES", "openinference.project.name=function-agent"),
        ("OTEL_METRICS_EXPORTER", "none"),
    ];
    ran::Ran::example_with("function_agent", &["--picture", "agent.svg"], None, &variables).await.printed();

    let spans = phoenix.spans("function-agent", 25).await;
    let mut runs: Vec<_> = spans.iter().filter(|span| span["name"] == "Agent.run").collect();
    runs.sort_by_key(|run| run["start_time"].as_str().unwrap());
    assert_eq!(runs.len(), 2);
    let trace = runs[0]["context"]["trace_id"].as_str().unwrap();
    let of_trace: Vec<_> = spans.iter().filter(|span| span["context"]["trace_id"] == trace).collect();
    let mut lines = tree(&of_trace);
    // The two calls of a batch begin at once; which is first on its clock, Phoenix does not say.
    lines[4..8].sort();
    assert_eq!(
        lines,
        [
            "Agent.run CHAIN OK",
            "  Agent.listen CHAIN OK",
            "  Agent.ask CHAIN OK",
            "    chat canned LLM OK",
            "    execute_tool distance TOOL ERROR",
            "    execute_tool distance TOOL OK",
            "  Agent.call CHAIN OK",
            "  Agent.call CHAIN OK",
            "  Agent.remember CHAIN OK",
            "  Agent.ask CHAIN OK",
            "    chat canned LLM OK",
            "  Agent.call CHAIN OK",
            "    execute_tool distance TOOL OK",
            "  Agent.remember CHAIN OK",
            "  Agent.ask CHAIN OK",
            "    chat canned LLM OK",
        ]
    );
    let attribute = |name: &str| runs[0]["attributes"][name].as_str().unwrap().to_owned();
    assert!(attribute("input.value").contains("How far is it from Lisboa to Oslo"));
    assert!(attribute("output.value").contains("It is 2605 km from Oslo to Athens"));

    let projects = phoenix.get("/v1/projects").await.unwrap();
    let mut projects = projects["data"].as_array().unwrap().iter();
    let project = projects.find(|project| project["name"] == "function-agent").unwrap();
    let mut calls = of_trace.iter().filter(|span| span["span_kind"] == "LLM").collect::<Vec<_>>();
    calls.sort_by_key(|call| call["start_time"].as_str().unwrap());
    let url = format!(
        "{}/projects/{}/traces/{trace}?selectedSpanNodeId={}",
        phoenix.address,
        project["id"].as_str().unwrap(),
        calls.last().unwrap()["id"].as_str().unwrap(),
    );
    let seen = page(&url, None);
    for words in ["Agent.run", "Agent.remember", "execute_tool distance", "chat canned", "2738 km"] {
        assert!(seen.contains(words), "the page does not say {words}");
    }
    if let Some(image) = std::env::var_os("SCREENSHOT") {
        page(&url, Some(Path::new(&image)));
    }
}
