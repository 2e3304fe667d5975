//! Tree: which spans there are, what hangs under what, and how each ended.

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Identity, SubscriberExt};
use workflow_core::prelude::*;
use workflow_telemetry::Otlp;

use crate::collector::{Collector, Received, attribute};
use crate::exported;
use crate::flows::{Answer, Asks, Cause, Greeter, Orders, Races, Refused};

async fn traced<F: Future>(does: F) -> (Received, F::Output) {
    exported(|otlp| otlp, does).await
}

#[tokio::test(start_paused = true)]
async fn a_run_holds_its_steps_and_these_what_they_do() {
    let (received, greeting) = traced(async { Greeter.run("world").id("greeting-1").await }).await;
    assert_eq!(greeting.unwrap(), "hello world!");
    assert_eq!(
        received.tree(),
        ["Greeter.run ok", "  Greeter.write ok", "    look up", "  Greeter.polish ok"]
    );
    for (span, name, value) in [
        ("Greeter.run", "openinference.span.kind", "CHAIN"),
        ("Greeter.run", "session.id", "greeting-1"),
        ("Greeter.run", "workflow.name", "Greeter"),
        ("Greeter.run", "workflow.run.id", "greeting-1"),
        ("Greeter.run", "workflow.outcome", "completed"),
        ("Greeter.run", "input.value", r#"{"StartEvent":"world"}"#),
        ("Greeter.run", "input.mime_type", "application/json"),
        ("Greeter.run", "output.value", r#"{"StopEvent":"hello world!"}"#),
        ("Greeter.run", "output.mime_type", "application/json"),
        ("Greeter.write", "openinference.span.kind", "CHAIN"),
        ("Greeter.write", "session.id", "greeting-1"),
        ("Greeter.write", "workflow.step", "write"),
        ("Greeter.write", "workflow.attempt", "1"),
        ("Greeter.write", "workflow.outcome", "completed"),
        ("Greeter.write", "input.value", r#"{"StartEvent":"world"}"#),
        ("Greeter.write", "output.value", r#"{"Draft":{"text":"hello world"}}"#),
        ("Greeter.polish", "input.value", r#"{"Draft":{"text":"hello world"}}"#),
        (
            "Greeter.polish",
            "metadata",
            r#"{"workflow.attempt":1,"workflow.invocation":1,"workflow.name":"Greeter","workflow.outcome":"completed","workflow.step":"polish"}"#,
        ),
    ] {
        assert_eq!(received.attribute(span, name).as_deref(), Some(value), "{name} of {span}");
    }
}

#[tokio::test(start_paused = true)]
async fn tries_of_a_step_are_siblings_members_know_their_batch_and_errors_have_their_chain() {
    let (received, billed) = traced(async { Orders.run(3u32).timeout(Duration::from_secs(60)).await }).await;
    assert_eq!(billed.unwrap(), 3);
    assert_eq!(
        received.tree(),
        [
            "Orders.run ok",
            "  Orders.split ok",
            "  Orders.ship batch 0 member 0 error: the order 0 is refused [tried again] [exception]",
            "  Orders.ship batch 0 member 1 error: the order 1 is refused [tried again] [exception]",
            "  Orders.ship batch 0 member 2 ok",
            "  Orders.ship try 2 batch 0 member 0 ok",
            "  Orders.ship try 2 batch 0 member 1 error: the order 1 is refused [exception]",
            "  Orders.refund batch 0 member 0 ok",
            "  Orders.bill ok",
        ]
    );
    let failed = received.span("Orders.ship");
    let [again, exception] = &failed.events[..] else { panic!("two things happened") };
    assert_eq!(attribute(&exception.attributes, "exception.message").unwrap(), "the order 0 is refused");
    assert_eq!(
        attribute(&exception.attributes, "exception.stacktrace").unwrap(),
        "the order 0 is refused\ncaused by: the card has expired"
    );
    assert_eq!(attribute(&again.attributes, "workflow.wait").unwrap(), "1s");
    assert_eq!(
        received.attribute("Orders.split", "output.value").unwrap(),
        r#"[{"Order":0},{"Order":1},{"Order":2}]"#
    );
    assert_eq!(
        received.attribute("Orders.bill", "input.value").unwrap(),
        r#"[{"Shipped":2},{"Shipped":0},{"Shipped":1}]"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_something_that_happens_in_a_step_and_a_called_run_hangs_under_it() {
    let (received, answered) = traced(async {
        let run = Asks.run("world").id("talk");
        let handle = run.handle();
        let (answered, ()) = tokio::join!(run, async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            handle.send(Answer("?".to_owned())).unwrap();
        });
        answered
    })
    .await;
    assert_eq!(answered.unwrap(), "hello world!?");
    assert_eq!(
        received.tree(),
        [
            "Asks.run ok [received Answer]",
            "  Asks.ask ok [waits Answer] [waited long enough] [waits Answer] [goes on Answer]",
            "    Greeter.run ok",
            "      Greeter.write ok",
            "        look up",
            "      Greeter.polish ok",
        ]
    );
    // What a run calls belongs to the same conversation, and has an id of its own.
    assert_eq!(received.attribute("Greeter.write", "session.id").unwrap(), "talk");
    assert_eq!(received.attribute("Greeter.run", "workflow.run.id").unwrap(), "talk/0.0");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_the_end_of_its_run_cuts_is_cancelled_and_no_error() {
    let (received, _) = traced(async { Races.run("stops").await.unwrap() }).await;
    assert_eq!(
        received.tree(),
        ["Races.run ok", "  Races.begin ok", "  Races.wait [cancelled]", "  Races.hurry ok"]
    );
    assert_eq!(received.attribute("Races.wait", "workflow.outcome").unwrap(), "cancelled");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_or_dropped_and_its_steps_are_cancelled_and_no_errors() {
    let cancelled = [
        "Races.run [cancelled]",
        "  Races.begin ok",
        "  Races.wait [cancelled]",
        "  Races.hurry [cancelled]",
    ];
    let (received, _) = traced(async {
        let run = Races.run("hangs");
        let handle = run.handle();
        let (result, ()) = tokio::join!(run, async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            handle.cancel();
        });
        assert!(matches!(result, Err(RunError::Cancelled)));
    })
    .await;
    assert_eq!(received.tree(), cancelled);

    let (received, kept) = traced(async {
        let mut run = Races.run("hangs");
        let handle = run.handle();
        assert!(tokio::time::timeout(Duration::from_secs(1), &mut run).await.is_err());
        handle
    })
    .await;
    assert_eq!(received.tree(), cancelled, "whoever keeps a handle does not keep the spans open");
    drop(kept);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_says_why_and_so_does_the_step() {
    let (received, _) = traced(async { Races.run("fails").await.unwrap_err() }).await;
    assert_eq!(
        received.tree(),
        [
            "Races.run error: the order 7 is refused [exception]",
            "  Races.begin ok",
            "  Races.wait [cancelled]",
            "  Races.hurry error: the order 7 is refused [exception]",
        ]
    );
    let (received, _) = traced(async { Races.run("panics").await.unwrap_err() }).await;
    assert_eq!(received.tree()[3], "  Races.hurry error: it panicked: out of stock [exception]");
    let (received, _) =
        traced(async { Races.run("hangs").timeout(Duration::from_secs(1)).await.unwrap_err() }).await;
    assert_eq!(received.tree()[0], "Races.run error: timed out [exception]");
    assert_eq!(received.attribute("Races.run", "workflow.outcome").unwrap(), "timed out");
}

#[tokio::test(start_paused = true)]
async fn runs_are_a_part_of_the_trace_and_of_the_conversation_around_them() {
    let (received, _) = traced(async {
        let request = tracing::info_span!("request", session.id = "user-7");
        async {
            Greeter.run("world").await.unwrap();
            Arc::new(Greeter).start("moon").await.unwrap();
        }
        .instrument(request)
        .await;
    })
    .await;
    let names: Vec<_> =
        received.tree().into_iter().filter(|line| line.contains("run") || !line.starts_with(' ')).collect();
    assert_eq!(names, ["request", "  Greeter.run ok", "  Greeter.run ok"]);
    assert!(received.spans.iter().all(|span| span.name == "look up"
        || attribute(&span.attributes, "session.id").as_deref() == Some("user-7")));
}

#[tokio::test(start_paused = true)]
async fn another_layer_with_a_filter_of_its_own_takes_nothing_from_the_tree() {
    let collector = Collector::start();
    let (telemetry, guard) = Otlp::from_env().endpoint(collector.address()).layer().unwrap();
    let other = Identity::new().with_filter(LevelFilter::DEBUG);
    let subscriber = tracing_subscriber::registry().with(telemetry).with(other);
    {
        let _default = tracing::subscriber::set_default(subscriber);
        Orders.run(3u32).await.unwrap();
        Greeter.run("world").await.unwrap();
    }
    drop(guard);
    let received = collector.received();
    let lines: Vec<_> = received.tree().into_iter().filter(|line| !line.contains("Orders")).collect();
    assert_eq!((lines, received.spans.len()), (GREETING.map(str::to_owned).to_vec(), 9 + 4));
}

const GREETING: [&str; 4] = ["Greeter.run ok", "  Greeter.write ok", "    look up", "  Greeter.polish ok"];

/// Publishes more than a span has room for, and fails.
struct Talks;

#[event]
struct Word;

#[workflow(publishes(Word))]
impl Talks {
    #[step]
    async fn talk(&self, ctx: &Context<Self>, words: StartEvent<u32>) -> Result<StopEvent<()>, Refused> {
        (0..words.0).for_each(|_| ctx.publish(Word));
        Err(Refused(words.0, Cause))
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_is_told_however_much_has_happened_before() {
    let (received, _) = traced(async { Talks.run(500u32).await.unwrap_err() }).await;
    let talk = received.span("Talks.talk");
    let names: Vec<_> = talk.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!((names.len(), names[0], names[64]), (65, "publishes", "exception"));
    assert_eq!(received.attribute("Talks.talk", "workflow.events_left_out").unwrap(), "436");
}

/// Leaves a task behind that never ends.
struct Leaves;

#[workflow]
impl Leaves {
    #[step]
    async fn leave(&self, _start: StartEvent<()>) -> StopEvent<()> {
        tokio::spawn(std::future::pending::<()>().in_current_span());
        StopEvent(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_a_step_leaves_behind_does_not_keep_its_spans_open() {
    let (received, _) = traced(async { Leaves.run(()).await.unwrap() }).await;
    assert_eq!(received.tree(), ["Leaves.run ok", "  Leaves.leave ok"]);
}
