//! The example `stepwise`: each delivery of a run, in its order.

use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::program::{Program, says_that_replies_are_canned};
use crate::scripted::{Reply, ScriptedServer};

#[tokio::test]
async fn each_delivery_is_a_line_and_the_picture_is_saved() {
    let stepwise = Program::new("stepwise");
    let printed = stepwise.prints(&["sea cooks"]).await;
    says_that_replies_are_canned(&printed);
    let rest: Vec<_> = printed.lines().skip(1).collect();
    assert_eq!(
        rest,
        [
            "",
            "1. `generate_joke` took `StartEvent<String>`, gave `Joke`",
            "2. `critique_joke` took `Joke`, gave `Critique`",
            "3. `improve_joke` took `Critique`, gave `Joke`",
            "4. `critique_joke` took `Joke`, gave `StopEvent`",
            "",
            "after 4 deliveries: No cards with sea cooks: all puns.",
            "",
            "the picture of the flow is in stepwise.html",
        ]
    );
    assert!(stepwise.file("stepwise.html").contains("improve_joke"));
}

#[tokio::test]
async fn between_two_deliveries_the_model_is_not_asked() {
    let server = ScriptedServer::start([Reply::Text("a joke"), Reply::Text("shorter")]).await;
    let stepwise = Program::new("stepwise").set("OPENAI_BASE_URL", server.url());
    let mut command = stepwise.command(&["pirates", "--pause"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = String::new();
    for asked_so_far in [0, 1, 2] {
        // The question comes when all that the key before it had set off is done.
        while shown.matches("return for the next delivery: ").count() <= asked_so_far {
            shown.push(char::from(screen.read_u8().await.unwrap()));
        }
        assert_eq!(server.asked().len(), asked_so_far, "{shown}");
        keys.write_all(b"\n").await.unwrap();
    }
}
