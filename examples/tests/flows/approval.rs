//! The example `approval`: a person answers, and the program is killed while it waits.

use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::program::{Program, says_that_replies_are_canned};
use crate::scripted::{Reply, ScriptedServer};

const QUESTION: &str = "approve? (y = yes, n = no, or write what to change): ";

/// A program in front of which a person sits.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
}

impl Terminal {
    fn open(approval: &Program, arguments: &[&str]) -> Self {
        let mut command = approval.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keys, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, keys, screen }
    }

    /// What is shown up to the next question.
    async fn shown(&mut self) -> String {
        let mut shown = Vec::new();
        while !shown.ends_with(QUESTION.as_bytes()) {
            shown.push(self.screen.read_u8().await.unwrap());
        }
        shown.truncate(shown.len() - QUESTION.len());
        String::from_utf8(shown).unwrap()
    }

    async fn write(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// What is shown up to the end, which is a good one.
    async fn rest(mut self) -> String {
        drop(self.keys);
        let mut rest = String::new();
        self.screen.read_to_string(&mut rest).await.unwrap();
        assert!(self.child.wait().await.unwrap().success(), "{rest}");
        rest
    }

    /// Ends the program as `kill -9` does.
    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

#[tokio::test]
async fn a_wish_brings_another_draft_and_a_yes_the_end() {
    let approval = Program::new("approval");
    let mut terminal = Terminal::open(&approval, &["a party"]);
    let shown = terminal.shown().await;
    says_that_replies_are_canned(&shown);
    assert!(shown.ends_with("\n\nWe are pleased to announce a party.\n"), "{shown}");
    terminal.write("make it longer").await;
    let second = "As you wished, make it longer. The announcement: We are pleased to announce a party.";
    assert_eq!(terminal.shown().await, format!("\n{second}\n"));
    terminal.write("y").await;
    assert_eq!(
        terminal.rest().await,
        format!("\napproved: {second}\n\nthe picture of the flow is in approval.html\n")
    );
    assert!(approval.file("approval.html").contains("revise"));
    assert!(!approval.path("approval.json").exists(), "a run that is over waits no more");
}

#[tokio::test]
async fn a_run_whose_process_was_killed_while_it_waited_goes_on_in_the_next_and_repeats_nothing() {
    let replies = ["first draft", "second draft", "third draft"];
    let server = ScriptedServer::start(replies.map(Reply::Text)).await;
    let approval = Program::new("approval").set("OPENAI_BASE_URL", server.url());

    let mut terminal = Terminal::open(&approval, &["a party"]);
    assert!(terminal.shown().await.ends_with("\n\nfirst draft\n"));
    terminal.kill().await;

    let mut terminal = Terminal::open(&approval, &[]);
    let shown = terminal.shown().await;
    let said = "going on with the run about a party that waits in approval.json";
    assert!(shown.ends_with(&format!("\n\n{said}\n\nfirst draft\n")), "{shown}");
    terminal.write("shorter").await;
    assert_eq!(terminal.shown().await, "\nsecond draft\n");
    terminal.kill().await;

    // The same command line as the first time goes on too.
    let mut terminal = Terminal::open(&approval, &["a party"]);
    assert!(terminal.shown().await.ends_with("\n\nsecond draft\n"));
    terminal.write("y").await;
    assert!(terminal.rest().await.starts_with("\napproved: second draft\n"));
    let prompts: Vec<_> = server.asked().iter().map(|asked| asked.prompt().to_owned()).collect();
    assert_eq!(
        prompts,
        [
            "Write a one-sentence announcement of a party.",
            "Rewrite this announcement. Change this: shorter. The announcement: first draft",
        ]
    );
}

#[tokio::test]
async fn without_an_answer_the_run_stays_in_its_file_and_a_rejection_ends_it() {
    let approval = Program::new("approval");
    let mut terminal = Terminal::open(&approval, &["a party"]);
    terminal.shown().await;
    let rest = terminal.rest().await;
    assert_eq!(rest, "\nno answer; the run waits in approval.json, start again to go on\n");

    let mut terminal = Terminal::open(&approval, &[]);
    terminal.shown().await;
    terminal.write("").await;
    assert_eq!(terminal.shown().await, "", "an empty line is no answer");
    terminal.write("n").await;
    assert!(terminal.rest().await.starts_with("\nrejected, nothing is announced\n"));
    assert!(!approval.path("approval.json").exists());
}

#[tokio::test]
async fn a_file_with_another_run_or_with_none_is_one_clear_line() {
    let approval = Program::new("approval");
    let mut terminal = Terminal::open(&approval, &["a party"]);
    terminal.shown().await;
    terminal.kill().await;
    let said = approval.fails(&["a funeral"]).await;
    assert_eq!(said, "a run about `a party` waits in approval.json; start without a topic, or delete it");
    std::fs::write(approval.path("approval.json"), "{").unwrap();
    let said = approval.fails(&["a party"]).await;
    assert!(said.starts_with("approval.json holds no run that waits: EOF while parsing"), "{said}");
}
