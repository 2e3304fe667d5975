//! Propagation: a trace goes on in the tasks and threads of a step, and in other processes.

use tracing::Instrument;
use workflow_core::prelude::*;

use crate::collector::Received;
use crate::exported;

/// Gives the header of a request that each of its steps could send.
#[derive(Clone)]
struct Sends;

#[event]
struct Headers(Vec<String>);
#[event]
struct More(Vec<String>);

fn traceparent() -> String {
    let headers = workflow_telemetry::headers();
    headers.into_iter().find(|(name, _)| name == "traceparent").unwrap().1
}

#[workflow]
impl Sends {
    #[step]
    async fn here(&self, _start: StartEvent<()>) -> Headers {
        Headers(vec![traceparent()])
    }

    #[step(blocking)]
    fn on_a_thread(&self, mut headers: Headers) -> More {
        headers.0.push(traceparent());
        More(headers.0)
    }

    #[step(spawn)]
    async fn on_a_task(&self, mut headers: More) -> StopEvent<Vec<String>> {
        tokio::task::yield_now().await;
        headers.0.push(traceparent());
        StopEvent(headers.0)
    }
}

/// What a request that the span of this name sends has to say.
fn header_of(received: &Received, span: &str) -> String {
    let span = received.span(span);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id))
}

#[tokio::test(start_paused = true)]
async fn what_a_step_sends_names_that_step_on_whatever_thread_it_runs() {
    let (received, sent) = exported(|otlp| otlp, async { Sends.run(()).await }).await;
    let steps = ["Sends.here", "Sends.on_a_thread", "Sends.on_a_task"];
    assert_eq!(sent.unwrap(), steps.map(|step| header_of(&received, step)));
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_with_the_trace_of_the_request_that_it_serves() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (received, _) = exported(|otlp| otlp, async {
        let request = tracing::info_span!("request");
        workflow_telemetry::follow(&request, |header| (header == "traceparent").then_some(parent));
        Sends.run(()).instrument(request).await
    })
    .await;
    let request = header_of(&received, "request");
    assert_eq!(request[..36], parent[..36], "it is of the same trace");
    assert_eq!(header_of(&received, "Sends.here")[..36], parent[..36]);
    assert_eq!(received.span("request").parent_span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
}

#[test]
fn without_telemetry_there_are_no_headers() {
    assert_eq!(workflow_telemetry::headers(), []);
}
