//! Tools: the programs that read pictures, where they are installed.
//!
//! What is missing is said and left out; with `DRAWING_TOOLS=required` it is an error.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const BROWSER_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/drawing/browser");

/// Graphviz reads the text and tells what it has understood, as its own JSON; none where it is not installed.
pub fn graphviz(dot: &str) -> Option<Value> {
    let Some(program) = program(&["dot"]) else { return missing("Graphviz (`dot`)") };
    let answer = answer(Command::new(program).arg("-Tjson"), dot);
    Some(serde_json::from_str(&answer).expect("Graphviz answers in JSON"))
}

/// The browser does what `look.mjs` knows to do, and tells what is to be seen.
pub fn browser(request: &Value) -> Option<Value> {
    let Some(node) = program(&["node"]) else { return missing("Node.js (`node`)") };
    let Some(browser) = program(&BROWSERS) else { return missing("Chromium") };
    if !Path::new(BROWSER_FOLDER).join("node_modules/puppeteer-core").exists() {
        return missing("what `npm ci` installs in tests/drawing/browser");
    }
    let script = Path::new(BROWSER_FOLDER).join("look.mjs");
    let answer = answer(Command::new(node).arg(script).arg(browser), &request.to_string());
    Some(serde_json::from_str(&answer).expect("the script answers in JSON"))
}

/// A file for the browser, in a folder of this process and this name.
pub fn written(folder: &str, file: &str, text: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("workflow-drawing-{}-{folder}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let path = folder.join(file);
    std::fs::write(&path, text).expect("the folder for temporary files can be written");
    path
}

fn missing(what: &str) -> Option<Value> {
    assert!(
        std::env::var_os("DRAWING_TOOLS").is_none_or(|wanted| wanted != "required"),
        "{what} is missing, and DRAWING_TOOLS=required"
    );
    println!("left out: {what} is missing");
    None
}

fn program(names: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let paths =
        std::env::split_paths(&folders).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    paths.into_iter().find(|path| path.is_file())
}

/// What the program writes when this is its input.
fn answer(command: &mut Command, input: &str) -> String {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("the input is piped");
    stdin.write_all(input.as_bytes()).expect("the program reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("the answer is text")
}
