//! Tool: what `workflow-sqlite` says of a file.

use std::process::Command;

use serde_json::Value;
use workflow_core::prelude::*;
use workflow_sqlite::SqliteJournal;

struct Shop;

#[workflow]
impl Shop {
    #[step]
    async fn pack(&self, order: StartEvent<u32>) -> Result<StopEvent<String>, &'static str> {
        match order.0 {
            13 => Err("no thirteen"),
            order => Ok(StopEvent(format!("order {order} is packed"))),
        }
    }
}

/// What the tool says, and whether it is content.
fn tool(arguments: &[&str]) -> (bool, String) {
    let told = Command::new(env!("CARGO_BIN_EXE_workflow-sqlite")).args(arguments).output().unwrap();
    let text = if told.status.success() { told.stdout } else { told.stderr };
    (told.status.success(), String::from_utf8(text).unwrap())
}

fn lines(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[tokio::test]
async fn the_tool_lists_shows_and_prunes_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.db");
    let path = file.to_str().unwrap();
    let journal = SqliteJournal::open(&file).unwrap();
    Shop.run(12u32).id("order-12").journal(&journal).await.unwrap();
    Shop.run(13u32).id("order-13").journal(&journal).await.unwrap_err();

    let (_, text) = tool(&["runs", path]);
    let table = lines(&text);
    assert_eq!(table[0], ["run", "workflow", "status", "began", "facts", "called", "by"]);
    assert_eq!(table[1][..3], ["order-13", "Shop", "failed"]);
    assert_eq!(table[2][..3], ["order-12", "Shop", "completed"]);
    let (_, text) = tool(&["runs", path, "--json", "--status", "failed"]);
    let runs: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((runs.as_array().unwrap().len(), &runs[0]["id"]), (1, &"order-13".into()));
    assert_eq!(tool(&["runs", path, "--workflow", "Bakery"]), (true, "no such runs\n".to_owned()));

    let (_, text) = tool(&["show", path, "order-12"]);
    assert!(text.starts_with("order-12: Shop of "), "{text}");
    assert!(text.contains("order 12 is packed"), "{text}");
    assert!(text.lines().any(|line| line.contains("step_returned") && line.contains("pack")), "{text}");
    let (_, text) = tool(&["show", path, "order-13", "--json"]);
    let run: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(run["status"], "failed");
    assert_eq!(run["facts"][0]["kind"], "opened");

    assert_eq!(tool(&["prune", path, "--older-than", "1day"]), (true, "0 runs are gone\n".to_owned()));
    assert_eq!(tool(&["prune", path, "--older-than", "0s"]), (true, "2 runs are gone\n".to_owned()));
    assert_eq!(tool(&["runs", path, "--json"]), (true, "[]\n".to_owned()));
}

#[test]
fn the_tool_says_what_is_wrong_and_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.db");
    let path = file.to_str().unwrap();
    assert_eq!(tool(&["runs", path]), (false, format!("error: there is no file `{path}`\n")));
    assert!(!file.exists());
    std::fs::write(&file, "orders of the year, one a line\n".repeat(40)).unwrap();
    assert_eq!(tool(&["runs", path]), (false, format!("error: `{path}` is no SQLite database\n")));
    std::fs::write(&file, "").unwrap();
    let (_, text) = tool(&["show", path, "order-1"]);
    assert_eq!(text, format!("error: there is no run `order-1` in `{path}`\n"));
}
