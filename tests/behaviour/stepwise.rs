//! Step by step: `run.step()` does one delivery and says which; between two calls nothing runs.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::{Delivery, WaitTimedOut};

use crate::Log;

#[event]
struct Draft(u32);
#[event]
struct Note(u32);
#[event]
struct Part(u32);
#[event]
struct Done(u32);
#[event]
struct Asked(u32);
#[event]
struct Approval(u32);
#[event]
struct Advice(u32);

#[derive(Debug, thiserror::Error)]
#[error("busy")]
struct Busy;

/// What each delivery of a run says, to its end.
async fn deliveries<W: Workflow>(run: &mut Run<'_, W>) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(delivery) = run.step().await {
        said.push(delivery.to_string());
    }
    assert!(run.is_done());
    said
}

/// The same, where each delivery leaves at most one line in the log.
async fn logged_deliveries<W: Workflow>(run: &mut Run<'_, W>, log: &Log) -> Vec<(String, Vec<String>)> {
    let mut said = Vec::new();
    while let Some(delivery) = run.step().await {
        said.push((delivery.to_string(), log.take()));
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        assert_eq!(log.take(), [""; 0], "something ran between two calls");
    }
    said
}

/// Three steps in a row.
#[derive(Default)]
struct Chain(Log);

#[workflow]
impl Chain {
    #[step]
    async fn write(&self, topic: StartEvent<u32>) -> Draft {
        self.0.note("write");
        Draft(topic.0 + 1)
    }

    #[step]
    async fn review(&self, draft: Draft) -> Note {
        self.0.note("review");
        tokio::time::sleep(Duration::from_secs(1)).await;
        Note(draft.0 + 1)
    }

    #[step]
    async fn finish(&self, note: Note) -> StopEvent<u32> {
        self.0.note("finish");
        StopEvent(note.0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stepped_until_it_is_done_has_its_result() {
    let flow = Chain::default();
    let mut run = flow.run(1u32);
    assert!(!run.is_done() && run.result().is_none());
    let mut steps = 0;
    while !run.is_done() {
        run.step().await;
        steps += 1;
    }
    assert_eq!(steps, 3);
    assert_eq!(*run.result().unwrap().unwrap(), 3);
    assert_eq!(run.step().await, None);
    assert_eq!(run.await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn between_two_deliveries_of_a_chain_nothing_runs() {
    let flow = Chain::default();
    let mut run = flow.run(1u32);
    assert_eq!(
        logged_deliveries(&mut run, &flow.0).await,
        [
            ("`write` took `StartEvent<u32>`, gave `Draft`".to_owned(), vec!["write".to_owned()]),
            ("`review` took `Draft`, gave `Note`".to_owned(), vec!["review".to_owned()]),
            ("`finish` took `Note`, gave `StopEvent<u32>`".to_owned(), vec!["finish".to_owned()]),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_delivery_is_a_value_that_names_its_step_and_its_execution() {
    let flow = Chain::default();
    let mut run = flow.run(1u32);
    run.step().await;
    let Some(Delivery { step, invocation, attempt, took, .. }) = run.step().await else {
        panic!("no delivery")
    };
    assert_eq!((step, invocation, attempt, took), ("review", 1, 1, vec!["Draft"]));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_stepped_goes_on_by_itself_when_it_is_awaited() {
    let flow = Chain::default();
    let mut run = flow.run(1u32);
    run.step().await;
    assert_eq!(flow.0.take(), ["write"]);
    assert_eq!(run.await.unwrap(), 3);
    assert_eq!(flow.0.take(), ["review", "finish"]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_not_awaited_to_its_end_goes_on_with_the_next_call() {
    let flow = Chain::default();
    let mut run = flow.run(1u32);
    run.step().await;
    assert!(tokio::time::timeout(Duration::from_millis(100), run.step()).await.is_err());
    assert_eq!(run.step().await.unwrap().to_string(), "`review` took `Draft`, gave `Note`");
    assert_eq!(flow.0.take(), ["write", "review"]);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "`step` is called before a run is awaited")]
async fn a_run_that_was_awaited_is_not_stepped_any_more() {
    let flow = Chain::default();
    let mut run = flow.run(1u32);
    assert!(poll_once(&mut run).await.is_none());
    run.step().await;
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|cx| match std::pin::Pin::new(&mut *future).poll(cx) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

/// A batch on two workers, whose members take their time in a wrong order, and a join.
#[derive(Default)]
struct Fan(Log);

#[workflow]
impl Fan {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> (Vec<Part>, Note) {
        self.0.note("split");
        ((0..count.0).map(Part).collect(), Note(0))
    }

    #[step(workers = 2)]
    async fn work(&self, part: Part) -> Option<Done> {
        self.0.note(format!("work {}", part.0));
        tokio::time::sleep(Duration::from_secs(u64::from(10 - part.0))).await;
        (part.0 != 1).then_some(Done(part.0))
    }

    #[step]
    async fn gather(&self, done: Vec<Done>) -> Draft {
        self.0.note("gather");
        Draft(done.into_iter().map(|done| done.0).sum())
    }

    #[step]
    async fn finish(&self, draft: Draft, _note: Note) -> StopEvent<u32> {
        self.0.note("finish");
        StopEvent(draft.0)
    }
}

#[tokio::test(start_paused = true)]
async fn of_concurrent_work_one_delivery_after_the_other_is_done_the_oldest_first() {
    let flow = Fan::default();
    let mut run = flow.run(3u32);
    let said = logged_deliveries(&mut run, &flow.0).await;
    assert!(said.iter().all(|(_, log)| log.len() == 1));
    let said: Vec<_> = said.iter().map(|(line, log)| format!("{}: {line}", log[0])).collect();
    assert_eq!(
        said,
        [
            "split: `split` took `StartEvent<u32>`, gave `Part`, `Part`, `Part`, `Note`",
            "work 0: `work` took `Part`, gave `Done`",
            "work 1: `work` took `Part`, gave nothing",
            "work 2: `work` took `Part`, gave `Done`",
            "gather: `gather` took `Done`, `Done`, gave `Draft`",
            "finish: `finish` took `Draft`, `Note`, gave `StopEvent<u32>`",
        ]
    );
    assert_eq!(run.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn steps_that_ran_before_the_first_call_are_brought_to_their_end_before_a_new_one_begins() {
    let flow = Fan::default();
    let mut run = flow.run(3u32);
    assert!(tokio::time::timeout(Duration::from_secs(1), run.next()).await.is_err());
    assert_eq!(flow.0.take(), ["split", "work 0", "work 1"]);
    assert_eq!(run.step().await.unwrap().to_string(), "`work` took `Part`, gave nothing");
    assert_eq!(flow.0.take(), [""; 0]);
    let said = deliveries(&mut run).await;
    assert_eq!(said.len(), 4, "{said:?}");
    assert_eq!(*run.result().unwrap().unwrap(), 2);
}

/// Asks a person, who is told by a publish.
struct Ask;

#[workflow(receives(Approval, Advice), publishes(Asked))]
impl Ask {
    #[step(waits(Approval, Advice))]
    async fn ask(&self, ctx: &Context<Self>, what: StartEvent<u32>) -> Result<StopEvent<u32>, WaitTimedOut> {
        ctx.publish(Asked(what.0));
        match what.0 {
            0 => Ok(StopEvent(ctx.wait_for::<Approval>().await.0)),
            1 => {
                let (one, other) = tokio::join!(ctx.wait_for::<Approval>(), ctx.wait_for::<Advice>());
                Ok(StopEvent(one.0 + other.0))
            }
            2 => Ok(StopEvent(ctx.wait_for::<Approval>().timeout(Duration::from_secs(5)).await?.0)),
            _ => tokio::select! {
                approval = ctx.wait_for::<Approval>() => Ok(StopEvent(approval.0)),
                () = ctx.sleep(Duration::from_secs(9)) => Ok(StopEvent(99)),
            },
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_ends_when_its_step_begins_to_wait_and_the_wake_is_one_of_its_own() {
    let flow = Ask;
    let mut run = flow.run(0u32);
    assert_eq!(run.step().await.unwrap().to_string(), "`ask` took `StartEvent<u32>`, waits for `Approval`");
    run.send(Approval(7)).unwrap();
    assert_eq!(run.step().await.unwrap().to_string(), "`ask` took `Approval`, gave `StopEvent<u32>`");
    assert_eq!(run.await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn what_a_delivery_published_is_there_to_read_when_it_has_ended() {
    let flow = Ask;
    let mut run = flow.run(0u32);
    let mut events = run.events();
    run.step().await;
    let asked = poll_once(&mut Box::pin(events.next())).await;
    assert!(matches!(asked, Some(Some(AskEvent::Asked(Asked(0))))), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_waits_for_two_things_is_woken_by_each_on_its_own() {
    let flow = Ask;
    let mut run = flow.run(1u32);
    run.step().await;
    run.send(Advice(2)).unwrap();
    assert_eq!(run.step().await.unwrap().to_string(), "`ask` took `Advice`, waits for `Approval`");
    run.send(Approval(1)).unwrap();
    assert_eq!(run.step().await.unwrap().to_string(), "`ask` took `Approval`, gave `StopEvent<u32>`");
    assert_eq!(run.await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_wait_whose_time_is_over_is_a_delivery_of_nothing() {
    let flow = Ask;
    let mut run = flow.run(2u32);
    assert_eq!(
        deliveries(&mut run).await,
        [
            "`ask` took `StartEvent<u32>`, waits for `Approval`",
            "`ask` took nothing, failed: no `Approval` came within 5s"
        ]
    );
    assert_eq!(run.result().unwrap().unwrap_err().to_string(), "step `ask` failed");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_goes_on_without_what_it_waited_for_is_a_delivery_too() {
    let flow = Ask;
    let mut run = flow.run(3u32);
    assert_eq!(
        deliveries(&mut run).await,
        ["`ask` took `StartEvent<u32>`, waits for `Approval`", "`ask` took nothing, gave `StopEvent<u32>`"]
    );
    assert_eq!(run.await.unwrap(), 99);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_what_comes_next_from_outside() {
    let flow = Ask;
    let mut run = flow.run(0u32);
    run.step().await;
    let handle = run.handle();
    let (delivery, ()) = tokio::join!(run.step(), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        handle.send(Approval(7)).unwrap();
    });
    assert_eq!(delivery.unwrap().to_string(), "`ask` took `Approval`, gave `StopEvent<u32>`");
}

/// Fails twice, is tried again, and is caught where it fails for good.
#[derive(Default)]
struct Tries(AtomicU32);

#[workflow]
impl Tries {
    #[step]
    async fn open(&self, failures: StartEvent<u32>) -> Draft {
        Draft(failures.0)
    }

    #[step(retry(attempts = 3, wait = "5s"))]
    async fn fetch(&self, draft: Draft) -> Result<Note, Busy> {
        let tries = self.0.fetch_add(1, Ordering::Relaxed);
        if tries < draft.0 { Err(Busy) } else { Ok(Note(tries)) }
    }

    #[catch(of(fetch))]
    #[step]
    async fn instead(&self, failed: StepFailed) -> Note {
        Note(failed.attempts * 100)
    }

    #[step]
    async fn finish(&self, note: Note) -> Result<StopEvent<u32>, Busy> {
        if note.0 == 0 { Err(Busy) } else { Ok(StopEvent(note.0)) }
    }
}

#[tokio::test(start_paused = true)]
async fn each_try_is_a_delivery_and_the_next_one_waits_for_its_time() {
    let flow = Tries::default();
    let began = tokio::time::Instant::now();
    let mut run = flow.run(2u32);
    assert_eq!(
        deliveries(&mut run).await,
        [
            "`open` took `StartEvent<u32>`, gave `Draft`",
            "`fetch` took `Draft`, failed: busy; tried again in 5s",
            "`fetch` took `Draft` (try 2), failed: busy; tried again in 5s",
            "`fetch` took `Draft` (try 3), gave `Note`",
            "`finish` took `Note`, gave `StopEvent<u32>`",
        ]
    );
    assert_eq!(began.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_catch_is_a_delivery_after_the_last_try() {
    let flow = Tries::default();
    let mut run = flow.run(9u32);
    assert_eq!(
        deliveries(&mut run).await[3..],
        [
            "`fetch` took `Draft` (try 3), failed: busy",
            "`instead` took `StepFailed`, gave `Note`",
            "`finish` took `Note`, gave `StopEvent<u32>`",
        ]
    );
    assert_eq!(run.await.unwrap(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_the_run_is_its_last_delivery() {
    let flow = Tries::default();
    let mut run = flow.run(0u32);
    let mut said = Vec::new();
    while !run.is_done() {
        said.push(run.step().await.map(|delivery| delivery.to_string()));
    }
    assert_eq!(said.last().unwrap().as_deref(), Some("`finish` took `Note`, failed: busy"));
    let error = run.result().unwrap().unwrap_err();
    assert!(error.step_error::<Busy>().is_some(), "{error:?}");
    assert_eq!(run.step().await, None);
    assert!(run.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_cancel_between_two_deliveries_ends_the_run_with_none() {
    let flow = Chain::default();
    let mut run = flow.run(1u32);
    run.step().await;
    run.cancel();
    assert_eq!(run.step().await, None);
    assert!(matches!(run.result(), Some(Err(RunError::Cancelled))));
    assert_eq!(flow.0.take(), ["write"]);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_never_ends_is_cut_off_by_the_timeout_of_its_run() {
    let flow = Ends;
    let mut run = flow.run(()).timeout(Duration::from_secs(60));
    assert_eq!(
        deliveries(&mut run).await,
        [
            "`open` took `StartEvent<()>`, gave `Draft`, `Note`",
            "`fails` took `Draft`, failed: busy; tried again in 5s",
        ]
    );
    assert_eq!(
        run.await.unwrap_err().to_string(),
        "the run took longer than 60s; `fails`, `never` were running"
    );
}

/// One step is to be tried again while another never ends.
struct Ends;

#[workflow]
impl Ends {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> (Draft, Note) {
        (Draft(0), Note(0))
    }

    #[step(retry)]
    async fn fails(&self, draft: Draft) -> Result<StopEvent<u32>, Busy> {
        if draft.0 == 0 { Err(Busy) } else { Ok(StopEvent(0)) }
    }

    #[step(allow(dead_end))]
    async fn never(&self, _note: Note) {
        std::future::pending().await
    }
}

/// A step that goes on only when another has done something.
#[derive(Default)]
struct Leans(tokio::sync::Notify);

#[workflow]
impl Leans {
    #[step(sends(Note))]
    async fn first(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> Result<StopEvent<u32>, SendError> {
        ctx.send(Note(0))?;
        self.0.notified().await;
        Ok(StopEvent(1))
    }

    #[step(allow(dead_end))]
    async fn other(&self, _note: Note) {
        self.0.notify_one();
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_delivery_was_given_up_goes_on_with_everything_when_it_is_awaited() {
    let flow = Leans::default();
    let mut run = flow.run(());
    assert!(tokio::time::timeout(Duration::from_secs(1), run.step()).await.is_err());
    assert_eq!(run.await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_step_after_an_event_was_read_goes_on_from_there() {
    let flow = Ask;
    let mut run = flow.run(0u32);
    assert!(matches!(run.next().await, Some(AskEvent::Asked(Asked(0)))));
    run.send(Approval(7)).unwrap();
    assert_eq!(run.step().await.unwrap().to_string(), "`ask` took `Approval`, gave `StopEvent<u32>`");
    assert_eq!(run.await.unwrap(), 7);
}

#[event]
struct Said(u32);

/// Publishes in each of two steps.
struct Talker;

#[workflow(publishes(Said))]
impl Talker {
    #[step]
    async fn first(&self, number: StartEvent<u32>) -> Said {
        Said(number.0)
    }

    #[step]
    async fn second(&self, said: Said) -> StopEvent<u32> {
        StopEvent(said.0)
    }
}

#[tokio::test]
async fn a_run_that_was_stepped_goes_on_by_itself_when_it_is_read_as_a_stream() {
    let mut run = Talker.run(7u32);
    run.step().await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) =
        std::future::poll_fn(|cx| futures_core::Stream::poll_next(std::pin::Pin::new(&mut run), cx)).await
    {
        seen.push(format!("{event:?}"));
    }
    assert_eq!(seen, ["Said(Said(7))"]);
    assert_eq!(run.await.unwrap(), 7);
}
