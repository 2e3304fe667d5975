//! Streams: what a workflow gives its caller while it runs, and takes from it.

use std::sync::Arc;

use workflow_core::Carries;
use workflow_core::prelude::*;

#[event]
struct Ask {
    question: String,
}
#[event]
struct Answer {
    ok: bool,
}
#[event]
struct Asked;

/// What the stream has given, when it is an `E`: in both forms of a workflow.
fn of_type<E, Ev: Carries<E>>(event: Option<Ev>) -> Option<E> {
    event.and_then(Carries::unwrap)
}

// Asks the caller before it goes on.
twins! {
    mod approval: (String) -> (bool);

    struct Approval;

    #[workflow(publishes(Ask), receives(Answer))]

    #[step]
    async fn ask(_; order: StartEvent<String>) -> (Ask) {
        Ask { question: format!("pay for {order}?") }
    }

    #[step]
    async fn answered(_; answer: Answer) -> (StopEvent<bool>) {
        StopEvent(answer.ok)
    }

    tests {
        #[tokio::test]
        async fn a_published_event_goes_to_the_caller_whose_answer_goes_to_its_step() {
            let mut run = Approval.run("tea");
            let Some(ask) = of_type::<Ask, _>(run.next().await) else {
                panic!("the question comes first");
            };
            assert_eq!(ask.question, "pay for tea?");
            run.send(Answer { ok: true }).unwrap();
            assert!(run.next().await.is_none());
            assert!(run.await.unwrap());
        }

        #[tokio::test]
        async fn a_run_that_waits_for_its_caller_is_idle_and_not_stalled() {
            let mut run = Approval.run("tea");
            assert!(!run.is_idle());
            run.next().await;
            assert!(
                std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut run).poll(cx)))
                    .await
                    .is_pending()
            );
            assert!(run.is_idle());
            run.send(Answer { ok: false }).unwrap();
            assert!(!run.await.unwrap());
        }

        #[tokio::test]
        async fn a_handle_sends_while_somebody_else_awaits_and_is_refused_once_the_run_is_over() {
            let run = Approval.run("tea");
            let handle = run.handle();
            let (result, sent) = tokio::join!(run, async { handle.send(Answer { ok: true }) });
            assert!(result.unwrap());
            sent.unwrap();
            let refused = handle.send(Answer { ok: true }).unwrap_err();
            assert_eq!(refused.to_string(), "`Answer` was sent to a run that is over");
        }

        #[tokio::test]
        async fn a_started_run_has_the_same_interface_over_its_task() {
            let mut run = Arc::new(Approval).start("tea");
            assert!(of_type::<Ask, _>(run.next().await).is_some());
            run.send(Answer { ok: true }).unwrap();
            assert!(run.next().await.is_none());
            assert!(run.await.unwrap());
        }

        #[test]
        fn an_event_is_written_and_read_back_by_its_name() {
            let event: <Approval as Workflow>::Event = Carries::wrap(Answer { ok: true });
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(text, r#"{"Answer":{"ok":true}}"#);
            let back: <Approval as Workflow>::Event = serde_json::from_str(&text).unwrap();
            assert_eq!(format!("{back:?}"), "Answer(Answer { ok: true })");
            let error = serde_json::from_str::<<Approval as Workflow>::Event>(r#"{"Reply":{}}"#).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("unknown variant `Reply`, expected one of `StartEvent`, `Answer`, `Ask`"),
                "{error}"
            );
        }
    }
}

// Publishes an event that a step takes too.
twins! {
    mod both: (()) -> (u8);

    struct Both;

    #[workflow(publishes(Asked))]

    #[step]
    async fn open(_; _input: StartEvent<()>) -> (Asked) {
        Asked
    }

    #[step]
    async fn taken(_; _ev: Asked) -> (StopEvent<u8>) {
        StopEvent(7)
    }

    tests {
        #[tokio::test]
        async fn a_published_event_goes_to_the_steps_that_take_it_as_well() {
            let mut run = Both.run(());
            assert!(of_type::<Asked, _>(run.next().await).is_some());
            assert_eq!(run.await.unwrap(), 7);
        }
    }
}

// Publishes in mid-step, more than any buffer holds.
twins! {
    mod chatty: (u32) -> (());

    struct Chatty;

    #[workflow(publishes(Token))]

    #[step]
    async fn talk(_; ctx: &Context<Chatty>, count: StartEvent<u32>) -> (StopEvent<()>) {
        for token in 0..count.0 {
            ctx.publish(Token(token));
        }
        StopEvent(())
    }

    tests {
        #[tokio::test]
        async fn what_was_published_before_the_stop_is_still_read() {
            let mut run = Chatty.run(3u32);
            let mut seen = Vec::new();
            while let Some(token) = of_type::<Token, _>(run.next().await) {
                seen.push(token.0);
            }
            assert_eq!(seen, [0, 1, 2]);
            run.await.unwrap();
        }

        #[tokio::test]
        async fn a_stream_that_nobody_reads_drops_its_oldest_events_and_counts_them() {
            let mut run = Chatty.run(5000u32);
            (&mut run).await.unwrap();
            assert_eq!(run.dropped(), 5000 - 4096);
            assert!(matches!(of_type(run.next().await), Some(Token(904))));
        }
    }
}

#[event]
struct Token(u32);

/// A flow that waits for ever, until its run is dropped.
#[event(transient)]
struct Wire(tokio::sync::mpsc::Sender<u8>);

twins! {
    mod transient: (()) -> (bool);

    struct Transient;

    #[workflow]

    #[step]
    async fn open(_; _input: StartEvent<()>) -> (Wire) {
        Wire(tokio::sync::mpsc::channel(1).0)
    }

    #[step]
    async fn close(_; wire: Wire) -> (StopEvent<bool>) {
        StopEvent(wire.0.is_closed())
    }

    tests {
        #[tokio::test]
        async fn a_transient_event_passes_in_process_and_is_named_when_it_should_be_written_down() {
            assert!(Transient.run(()).await.unwrap());
            let event: <Transient as Workflow>::Event = Carries::wrap(Wire(tokio::sync::mpsc::channel(1).0));
            let error = serde_json::to_string(&event).unwrap_err();
            assert_eq!(error.to_string(), "the event `Wire` is transient: it cannot be written down");
        }
    }
}
