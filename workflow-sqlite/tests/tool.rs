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

#[event]
struct Approval {
    ok: bool,
}

struct Bank;

#[workflow(receives(Approval))]
impl Bank {
    #[step(waits(Approval))]
    async fn pay(&self, ctx: &Context<Self>, sum: StartEvent<u32>) -> StopEvent<String> {
        let approval = ctx.wait_for::<Approval>().await;
        StopEvent(format!("{} is {}", sum.0, if approval.ok { "paid" } else { "refused" }))
    }
}

#[tokio::test]
async fn the_tool_draws_a_run_of_a_workflow_that_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.db");
    let path = file.to_str().unwrap();
    let journal = SqliteJournal::open(&file).unwrap();
    Shop.run(12u32).id("order-12").journal(&journal).await.unwrap();
    let (_, text) = tool(&["draw", path, "order-12"]);
    assert!(text.starts_with("Shop · run order-12"), "{text}");
    assert!(text.contains("│ pack"), "{text}");
    let picture = folder.path().join("order.svg");
    let (_, text) = tool(&["draw", path, "order-12", "--to", picture.to_str().unwrap()]);
    assert_eq!(text, format!("{} is drawn\n", picture.display()));
    assert!(std::fs::read_to_string(picture).unwrap().contains("order 12 is packed"));
    let (_, text) = tool(&["draw", path, "order-12", "--json"]);
    let recording: workflow_core::Recording = serde_json::from_str(&text).unwrap();
    assert_eq!(recording.executions()[0].step(), "pack");
    let (is_content, text) = tool(&["draw", path, "order-12", "--to", "order.xyz"]);
    assert!(!is_content && text.contains("order.xyz"), "{text}");
    let (_, text) = tool(&["draw", path, "order-1"]);
    assert_eq!(text, "error: there is no run `order-1`\n");
}

#[tokio::test]
async fn the_tool_forks_a_run_and_the_program_takes_it_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.db");
    let path = file.to_str().unwrap();
    let journal = SqliteJournal::open(&file).unwrap();
    let run = Bank.run(100u32).id("sum").journal(&journal);
    run.send(Approval { ok: true }).unwrap();
    assert_eq!(run.await.unwrap(), "100 is paid");
    let kept = workflow_core::journal::Journal::load(&journal, "sum").await.unwrap().unwrap();
    let received = kept.records.iter().find(|record| record.kind == "received").unwrap().number.to_string();

    let with = r#"{"Approval":{"ok":false}}"#;
    let (is_content, text) = tool(&["fork", path, "sum", &received, "--as", "refused", "--with", with]);
    assert!(is_content, "{text}");
    assert!(text.starts_with("`refused` begins where `sum` was before fact"), "{text}");
    let tasks = journal.resume_all(&std::sync::Arc::new(Bank)).await.unwrap();
    assert_eq!(tasks.len(), 1);
    for (id, task) in tasks {
        assert_eq!((&*id, task.await.unwrap()), ("refused", "100 is refused".to_owned()));
    }
    let (is_content, text) = tool(&["fork", path, "sum", &received, "--as", "refused"]);
    assert!(!is_content && text.contains("`refused` already"), "{text}");
    let (is_content, text) = tool(&["fork", path, "sum", "99"]);
    assert!(!is_content && text.contains("cannot be forked at record 99"), "{text}");
    let other = r#"{"Approved":{"ok":false}}"#;
    let (is_content, text) = tool(&["fork", path, "sum", &received, "--with", other]);
    assert!(!is_content && text.contains("there is no event `Approved`"), "{text}");
    let (is_content, text) = tool(&["fork", path, "sum", "0", "--with", with]);
    assert!(!is_content && text.contains("no event came with it"), "{text}");
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
