//! Snapshots: a run is written down at any moment, and goes on elsewhere.

use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::{ResumeError, Snapshot, SnapshotError, WaitTimedOut};

use crate::Log;

#[event]
struct Order(String);
#[event]
struct Approval {
    ok: bool,
}
#[event]
struct ApprovalNeeded(String);
#[event]
struct Item(u32);
#[event]
struct Done(u32);

/// The run, written down as text.
fn written<W: Workflow>(run: &mut Run<'_, W>) -> String {
    serde_json::to_string(&run.snapshot().unwrap()).unwrap()
}

/// The run that a text tells of.
fn resumed<'f, W: Workflow>(flow: &'f W, text: &str) -> Run<'f, W> {
    flow.resume(serde_json::from_str::<Snapshot>(text).unwrap()).unwrap()
}

/// Lets a run go on by itself for so long.
async fn runs_for<W: Workflow>(run: &mut Run<'_, W>, seconds: u64) {
    assert!(tokio::time::timeout(Duration::from_secs(seconds), run).await.is_err(), "the run is over");
}

/// Asks a person, then ships; keeps a count in its state and a note under a key.
#[derive(Default)]
struct Shop(Log);

#[workflow(name = "shop", receives(Approval), publishes(ApprovalNeeded), state = u32, timeout = "100s")]
impl Shop {
    #[step]
    async fn take(
        &self,
        ctx: &Context<Self>,
        order: StartEvent<String>,
    ) -> Result<Order, workflow_core::ValueError> {
        self.0.note("take");
        ctx.state(|count| *count += 1);
        ctx.set("customer", &"Ada")?;
        Ok(Order(order.0))
    }

    #[step(waits(Approval))]
    async fn ship(
        &self,
        ctx: &Context<Self>,
        order: Order,
    ) -> Result<StopEvent<String>, workflow_core::ValueError> {
        self.0.note("ship");
        ctx.publish(ApprovalNeeded(order.0.clone()));
        let approval = ctx.wait_for::<Approval>().await;
        let customer: Option<String> = ctx.get("customer")?;
        let count = ctx.state(|count| *count);
        Ok(StopEvent(format!(
            "{}: {} {} {count} {}",
            ctx.run_id(),
            order.0,
            approval.ok,
            customer.unwrap_or_default()
        )))
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_answers_after_the_program_was_started_anew() {
    let text = {
        let flow = Shop::default();
        let mut run = flow.run("book").id("order-42");
        let Some(ShopEvent::ApprovalNeeded(needed)) = run.next().await else { panic!("nobody is asked") };
        assert_eq!(needed.0, "book");
        runs_for(&mut run, 10).await;
        written(&mut run)
    };
    let flow = Shop::default();
    let mut run = resumed(&flow, &text);
    assert!(tokio::time::timeout(Duration::from_secs(10), run.next()).await.is_err(), "asked twice");
    run.send(Approval { ok: true }).unwrap();
    assert_eq!(run.await.unwrap(), "order-42: book true 1 Ada");
    assert_eq!(flow.0.take(), ["ship"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_written_down_before_it_begins() {
    let flow = Shop::default();
    let mut run = flow.run("book").id("a").state(6);
    let text = written(&mut run);
    drop(run);
    assert_eq!(flow.0.take(), [""; 0]);
    let run = resumed(&flow, &text);
    run.send(Approval { ok: false }).unwrap();
    assert_eq!(run.await.unwrap(), "a: book false 7 Ada");
    assert_eq!(flow.0.take(), ["take", "ship"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_sent_and_not_looked_at_is_a_part_of_the_run() {
    let flow = Shop::default();
    let mut run = flow.run("book").id("a");
    run.next().await;
    run.send(Approval { ok: true }).unwrap();
    let text = written(&mut run);
    drop(run);
    assert_eq!(resumed(&flow, &text).await.unwrap(), "a: book true 1 Ada");
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_after_it_was_written_down_and_is_written_down_again_after_it_was_resumed() {
    let flow = Shop::default();
    let mut run = flow.run("book").id("a");
    run.next().await;
    let first = written(&mut run);
    let mut other = resumed(&flow, &first);
    let mut other = resumed(&flow, &written(&mut other));
    runs_for(&mut other, 1).await;
    let mut third = resumed(&flow, &written(&mut other));
    runs_for(&mut third, 1).await;
    for run in [run, other, third] {
        run.send(Approval { ok: true }).unwrap();
        assert_eq!(run.await.unwrap(), "a: book true 1 Ada");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_between_a_snapshot_and_its_resumption_does_not_count() {
    let flow = Shop::default();
    let mut run = flow.run("book").id("a").resumable();
    runs_for(&mut run, 60).await;
    let text = written(&mut run);
    drop(run);
    tokio::time::sleep(Duration::from_secs(1000)).await;
    let mut run = resumed(&flow, &text);
    tokio::time::sleep(Duration::from_secs(1000)).await;
    runs_for(&mut run, 39).await;
    let text = written(&mut run);
    let began = tokio::time::Instant::now();
    let error = resumed(&flow, &text).await.unwrap_err();
    assert_eq!(error.to_string(), "the run took longer than 100s; `ship` was running");
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    let error = resumed(&flow, &text).timeout(Duration::from_secs(200)).await.unwrap_err();
    assert_eq!(error.to_string(), "the run took longer than 200s; `ship` was running");
    assert_eq!(began.elapsed(), Duration::from_secs(1 + 101));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_written_down_before_its_first_poll_has_spent_no_time() {
    let flow = Shop::default();
    let mut run = flow.run("book").id("a");
    let first = written(&mut run);
    tokio::time::sleep(Duration::from_secs(1000)).await;
    assert_eq!(written(&mut run), first);
}

#[tokio::test(start_paused = true)]
async fn what_was_published_and_not_read_is_read_after_the_resumption() {
    let flow = Asks::default();
    let mut run = flow.run(3u32);
    let first = run.next().await;
    assert!(matches!(first, Some(AsksEvent::Done(Done(0)))), "{first:?}");
    let text = written(&mut run);
    drop(run);
    let mut run = resumed(&flow, &text);
    let (second, third) = (run.next().await, run.next().await);
    assert!(matches!((&second, &third), (Some(AsksEvent::Done(Done(1))), Some(AsksEvent::Done(Done(2))))));
    assert!(tokio::time::timeout(Duration::from_secs(10), run.next()).await.is_err());
}

/// Several steps ask at once.
#[derive(Default)]
struct Asks(Log);

#[workflow(publishes(Done), receives(Approval))]
impl Asks {
    #[step]
    async fn open(&self, count: StartEvent<u32>) -> Vec<Item> {
        (0..count.0).map(Item).collect()
    }

    #[step(waits(Approval))]
    async fn ask(&self, ctx: &Context<Self>, item: Item) -> Order {
        self.0.note(format!("ask {}", item.0));
        ctx.publish(Done(item.0));
        let approval = ctx.wait_for::<Approval>().await;
        Order(format!("{} {}", item.0, approval.ok))
    }

    #[step]
    async fn finish(&self, orders: Vec<Order>) -> StopEvent<Vec<String>> {
        StopEvent(orders.into_iter().map(|order| order.0).collect())
    }

    #[step(allow(dead_end))]
    async fn hears(&self, approval: Approval) {
        self.0.note(format!("hears {}", approval.ok));
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_before_the_waits_have_begun_again_is_kept_for_them() {
    let flow = Asks::default();
    let mut run = flow.run(2u32).resumable();
    runs_for(&mut run, 1).await;
    let text = written(&mut run);
    drop(run);
    flow.0.take();
    let run = resumed(&flow, &text);
    run.send(Approval { ok: true }).unwrap();
    run.send(Approval { ok: false }).unwrap();
    assert_eq!(run.await.unwrap(), ["0 true", "1 false"]);
    assert_eq!(flow.0.take(), ["ask 0", "ask 1", "hears true", "hears false"]);
}

/// Waits for a minute at most, and tries twice more, a minute apart.
#[derive(Default)]
struct Slow(Log);

#[workflow(receives(Approval))]
impl Slow {
    #[step(waits(Approval), retry(attempts = 3, wait = "60s"))]
    async fn only(
        &self,
        ctx: &Context<Self>,
        _input: StartEvent<()>,
    ) -> Result<StopEvent<u32>, WaitTimedOut> {
        self.0.note(format!("try {}", ctx.attempt().number));
        ctx.wait_for::<Approval>().timeout(Duration::from_secs(60)).await?;
        Ok(StopEvent(ctx.attempt().number))
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_and_a_wait_go_on_and_do_not_begin_anew() {
    let flow = Slow::default();
    let mut spent = 0;
    let mut text = {
        let mut run = flow.run(()).resumable();
        runs_for(&mut run, 1).await;
        spent += 1;
        written(&mut run)
    };
    let error = loop {
        let mut run = resumed(&flow, &text);
        match tokio::time::timeout(Duration::from_secs(7), &mut run).await {
            Ok(result) => break result.unwrap_err(),
            Err(_) => spent += 7,
        }
        text = written(&mut run);
    };
    // Three waits and two delays of a minute each.
    assert_eq!(spent, 5 * 60 - 300 % 7 + 1);
    let RunError::Step { attempts, elapsed, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*attempts, *elapsed), (3, Duration::from_secs(300)));
}

/// What it changes in its state it changes again when it starts again.
struct Counts;

#[workflow(state = u32)]
impl Counts {
    #[step]
    async fn only(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> StopEvent<u32> {
        ctx.state(|count| *count += 1);
        ctx.sleep(Duration::from_secs(1)).await;
        StopEvent(ctx.state(|count| *count))
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_step_changed_in_the_state_stays_when_it_starts_again() {
    let mut run = Counts.run(()).resumable();
    assert!(tokio::time::timeout(Duration::from_millis(500), &mut run).await.is_err());
    let text = written(&mut run);
    drop(run);
    assert_eq!(resumed(&Counts, &text).await.unwrap(), 2);
}

/// Hands a number round as often as the input says, and then waits.
struct Round;

#[derive(OneOf)]
enum Turn {
    Again(Item),
    Enough(Done),
}

#[workflow(receives(Approval), output = ())]
impl Round {
    #[step]
    async fn open(&self, turns: StartEvent<u32>) -> Item {
        Item(turns.0)
    }

    #[step]
    async fn turn(&self, item: Item) -> Turn {
        if item.0 == 0 { Done(0).into() } else { Item(item.0 - 1).into() }
    }

    #[step]
    async fn close(&self, _done: Done, _approval: Approval) -> StopEvent<()> {
        StopEvent(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_as_large_as_the_state_however_long_the_run_was() {
    let size = async |turns: u32| {
        let mut run = Round.run(turns).id("round").resumable();
        runs_for(&mut run, 1).await;
        written(&mut run).len()
    };
    let (short, long) = (size(10).await, size(10_000).await);
    assert!(long - short < 10, "{short} bytes after 10 turns, {long} after 10,000");
}

/// Numbers that are hard to print.
struct Precise;

#[workflow(state = Vec<f64>, receives(Approval))]
impl Precise {
    #[step(waits(Approval))]
    async fn only(&self, ctx: &Context<Self>, _input: StartEvent<()>) -> StopEvent<bool> {
        StopEvent(ctx.wait_for::<Approval>().await.ok)
    }
}

#[tokio::test]
async fn numbers_are_the_same_to_their_last_bit() {
    let mut seed = 1u64;
    let numbers: Vec<f64> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from_bits(seed >> 2)
    })
    .take(1000)
    .collect();
    let text = written(&mut Precise.run(()).state(numbers.clone()));
    assert_eq!(resumed(&Precise, &text).into_state(), numbers);
}

/// Holds what cannot be written down.
struct Holds;

#[event(transient)]
struct Channel(u32);

#[workflow(receives(Approval))]
impl Holds {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> Channel {
        Channel(1)
    }

    #[step]
    async fn close(&self, channel: Channel, approval: Approval) -> StopEvent<u32> {
        StopEvent(channel.0 + u32::from(approval.ok))
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_holds_a_transient_event_is_not_written_down_and_the_error_names_it() {
    let mut run = Holds.run(()).resumable();
    runs_for(&mut run, 1).await;
    let error = run.snapshot().unwrap_err();
    assert_eq!(error.to_string(), "the run of `Holds` cannot be written down");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("the event `Channel` is transient"), "{source}");
    run.send(Approval { ok: true }).unwrap();
    assert_eq!(run.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_keeps_nothing_or_is_over_is_not_written_down() {
    let mut plain = Round.run(3u32);
    runs_for(&mut plain, 1).await;
    assert!(matches!(plain.snapshot(), Err(SnapshotError::NotResumable)));
    plain.send(Approval { ok: true }).unwrap();
    (&mut plain).await.unwrap();
    assert!(matches!(plain.snapshot(), Err(SnapshotError::Over)));
    let mut over = Round.run(3u32).resumable();
    over.send(Approval { ok: true }).unwrap();
    (&mut over).await.unwrap();
    assert!(matches!(over.snapshot(), Err(SnapshotError::Over)));
}

mod before {
    use super::Approval;
    use workflow_core::prelude::*;

    #[event]
    pub struct Ask(pub u32);
    #[event]
    pub struct Same(pub u32);

    pub struct Flow;

    #[workflow(name = "changing", receives(Approval))]
    impl Flow {
        #[step]
        async fn open(&self, input: StartEvent<u32>) -> (Ask, Same) {
            (Ask(input.0), Same(0))
        }

        #[step]
        async fn gone(&self, same: Same, ask: Ask, approval: Approval) -> StopEvent<u32> {
            StopEvent(same.0 + ask.0 + u32::from(approval.ok))
        }
    }
}

mod after {
    use super::Approval;
    use workflow_core::prelude::*;

    #[event]
    pub struct Ask(pub u32, pub String);
    #[event]
    pub struct Same(pub u32);

    pub struct Flow;

    #[workflow(name = "changing", receives(Approval))]
    impl Flow {
        #[step(workers = 9, timeout = "5s")]
        async fn open(&self, input: StartEvent<u32>) -> (Ask, Same) {
            (Ask(input.0, String::new()), Same(0))
        }

        #[step]
        async fn fresh(&self, same: Same, ask: Ask, approval: Approval) -> StopEvent<u32> {
            StopEvent(same.0 + ask.0 + u32::from(approval.ok))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_has_changed_does_not_resume_and_the_error_says_what_has() {
    let mut run = before::Flow.run(1u32);
    let snapshot = run.snapshot().unwrap();
    assert_eq!(snapshot.workflow(), Some("changing"));
    assert!(before::Flow.resume(snapshot.clone()).is_ok());
    let error = after::Flow.resume(snapshot).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`changing` has changed since the snapshot was taken: step `gone` is gone; step `fresh` is new; \
         event `Ask` is not what it was"
    );
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_of_another_workflow_is_refused() {
    let snapshot = Round.run(1u32).snapshot().unwrap();
    let error = before::Flow.resume(snapshot).unwrap_err();
    assert_eq!(error.to_string(), "the snapshot is of a run of `Round`, not of `changing`");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_from_the_future_is_refused_whatever_it_holds() {
    let text = written(&mut Round.run(1u32));
    assert!(text.starts_with("{\"version\":1,"), "{text}");
    for text in [text.replacen(":1,", ":2,", 1), r#"{"version":7,"things":[]}"#.to_owned()] {
        let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
        let again: Snapshot = serde_json::from_str(&serde_json::to_string(&snapshot).unwrap()).unwrap();
        for snapshot in [snapshot, again] {
            let error = Round.resume(snapshot).unwrap_err();
            assert!(matches!(error, ResumeError::FromTheFuture { .. }), "{error:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_snapshot_does_not_read_as_one() {
    let text = written(&mut Round.run(1u32));
    for garbage in ["", "null", "[]", "{}", r#"{"version":1}"#, &text[..text.len() / 2]] {
        assert!(serde_json::from_str::<Snapshot>(garbage).is_err(), "{garbage}");
    }
    let emptied = text.replace("\"orders\":", "\"odours\":");
    let error = Round.resume(serde_json::from_str(&emptied).unwrap()).unwrap_err();
    assert!(matches!(error, ResumeError::Unreadable { .. }), "{error:?}");
    let short = text.replacen("\"steps\":[{", "\"steps\":[],\"steps_that_were\":[{", 1);
    assert_ne!(short, text);
    let error = Round.resume(serde_json::from_str(&short).unwrap()).unwrap_err();
    assert!(matches!(error, ResumeError::Unreadable { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_this_version_once_wrote_is_read_for_ever() {
    let flow = Asks::default();
    if std::env::var_os("KEEP_SNAPSHOT").is_some() {
        let mut run = flow.run(3u32).id("kept");
        run.next().await;
        let text = serde_json::to_string_pretty(&run.snapshot().unwrap()).unwrap();
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/behaviour/kept/asks_1.json"), text + "\n")
            .unwrap();
    }
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/behaviour/kept/asks_1.json")).unwrap();
    let mut run = resumed(&flow, &text);
    assert_eq!(run.handle().id(), "kept");
    for done in 1..3 {
        assert!(matches!(run.next().await, Some(AsksEvent::Done(Done(number))) if number == done));
    }
    for ok in [true, false, true] {
        run.send(Approval { ok }).unwrap();
    }
    assert_eq!(run.await.unwrap(), ["0 true", "1 false", "2 true"]);
}
