//! The example `joke`, run as a program, against a scripted server over HTTP and without any server.
//!
//! Cargo builds the program for the tests of the whole package, not for `--test joke` alone.

mod scripted;

use std::process::{Output, Stdio};

use scripted::{Reply, ScriptedServer, failure, url_of_nobody};
use tempfile::TempDir;
use tokio::process::Command;

/// The program in a folder of its own, with these settings and nothing else of the environment.
fn program(arguments: &[&str], settings: &[(&str, &str)]) -> (Command, TempDir) {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("examples").join("joke");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&folder);
    for name in ["OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"] {
        command.env_remove(name);
    }
    command.envs(settings.iter().copied());
    (command, folder)
}

async fn joke(arguments: &[&str], settings: &[(&str, &str)]) -> (Output, TempDir) {
    let (mut command, folder) = program(arguments, settings);
    (command.output().await.unwrap(), folder)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_joke_and_its_critique_come_from_the_endpoint_and_the_picture_is_saved() {
    let server = ScriptedServer::start([Reply::Text("a joke"), Reply::Text("not funny")]).await;
    let settings =
        [("OPENAI_BASE_URL", server.url()), ("OPENAI_MODEL", "m".into()), ("OPENAI_API_KEY", "k".into())];
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (output, folder) = joke(&["pirates", "and", "ships"], &settings).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert_eq!(
        printed,
        format!(
            "model `m` at {}\n\njoke: a joke\n\ncritique: not funny\n\nthe picture of the flow is in joke_flow.md\n",
            server.url()
        )
    );
    let asked = server.asked();
    assert_eq!(asked[0].prompt(), "Write your best joke about pirates and ships.");
    assert_eq!(asked[1].prompt(), "Give a thorough analysis and critique of the following joke: a joke");
    assert!(asked.iter().all(|asked| asked.authorization == "Bearer k" && asked.body["model"] == "m"));
    let picture = std::fs::read_to_string(folder.path().join("joke_flow.md")).unwrap();
    assert!(picture.contains("flowchart TB") && picture.contains("critique_joke"), "{picture}");
}

#[tokio::test]
async fn without_a_model_the_first_line_says_that_the_replies_are_canned_and_names_both_ways_to_one() {
    let (output, _) = joke(&["pirates"], &[]).await;
    assert!(output.status.success());
    let printed = text(&output.stdout);
    let first = printed.lines().next().unwrap();
    for word in ["canned", "OPENAI_BASE_URL", "--features local-model"] {
        assert!(first.contains(word), "{first}");
    }
    assert!(printed.contains("pirates"));
}

#[tokio::test]
async fn what_goes_wrong_is_one_clear_line_and_a_failing_exit() {
    let refuses = ScriptedServer::start([Reply::Status(401, failure("no such key"))]).await;
    let (refuses, nobody) = (refuses.url(), url_of_nobody().await);
    let cases = [
        (vec![], None, "no topic"),
        (vec!["  "], None, "no topic"),
        (vec!["pirates"], Some(&nobody), "step `generate_joke` failed: "),
        (vec!["pirates"], Some(&refuses), "step `generate_joke` failed: "),
        (
            vec!["pirates", "--picture", "joke.bmp"],
            None,
            "`joke.bmp` cannot be drawn: the known extensions are",
        ),
    ];
    for (arguments, url, wanted) in cases {
        let settings: Vec<_> = url.iter().map(|url| ("OPENAI_BASE_URL", url.as_str())).collect();
        let (output, _) = joke(&arguments, &settings).await;
        let printed = text(&output.stderr);
        assert!(!output.status.success());
        assert_eq!(printed.lines().count(), 1, "{printed}");
        assert!(printed.starts_with(&format!("error: {wanted}")), "{printed}");
        assert!(url.is_none_or(|url| printed.contains(url)), "{printed}");
    }
}

#[tokio::test]
async fn a_reader_that_has_gone_away_is_one_clear_line_and_no_panic() {
    let (mut command, _folder) = program(&["pirates"], &[]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output =
        command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().await.unwrap();
    let printed = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert_eq!(printed.lines().count(), 1, "{printed}");
    assert!(printed.starts_with("error: "), "{printed}");
}
