//! Running: one flow, many runs; nothing happens before it is asked for.

use std::sync::Arc;

use workflow_core::prelude::*;

use crate::Log;

trait Model: Send + Sync {
    fn say(&self, to: &str) -> String;
}

struct Parrot;

impl Model for Parrot {
    fn say(&self, to: &str) -> String {
        format!("{to} {to}")
    }
}

#[event]
struct Said(String);

/// Generic over its model, and borrowing its log.
struct Talk<'a, M> {
    model: M,
    log: &'a Log,
}

#[workflow(name = "talk", events = TalkEvents)]
impl<'a, M> Talk<'a, M>
where
    M: Model,
{
    #[step]
    fn say(&self, StartEvent(to): StartEvent<String>) -> Said {
        self.log.note("say");
        Said(self.model.say(&to))
    }

    #[step]
    async fn shout(&self, said: Said) -> StopEvent<String> {
        StopEvent(self.upper(said.0))
    }

    fn upper(&self, text: String) -> String {
        text.to_uppercase()
    }
}

#[tokio::test]
async fn a_generic_flow_that_borrows_runs_as_any_other() {
    let log = Log::default();
    let flow = Talk { model: Parrot, log: &log };
    assert_eq!(flow.run("hi").await.unwrap(), "HI HI");
    assert_eq!(Talk::<Parrot>::NAME, "talk");
}

#[tokio::test]
async fn nothing_happens_before_a_run_is_polled() {
    let log = Log::default();
    let flow = Talk { model: Parrot, log: &log };
    let run = flow.run("hi");
    assert!(log.take().is_empty());
    run.await.unwrap();
    assert_eq!(log.take(), ["say"]);
}

#[tokio::test]
async fn a_step_is_an_ordinary_method() {
    let log = Log::default();
    let flow = Talk { model: Parrot, log: &log };
    assert_eq!(flow.say(StartEvent("a".into())).0, "a a");
    assert_eq!(flow.shout(Said("a".into())).await, StopEvent("A".to_owned()));
}

struct Square;

#[workflow]
impl Square {
    #[step]
    async fn only(&self, number: StartEvent<u64>) -> StopEvent<u64> {
        tokio::task::yield_now().await;
        StopEvent(number.0 * number.0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flow_serves_any_number_of_runs_at_once() {
    let flow = Arc::new(Square);
    let runs: Vec<_> = (0..1000u64).map(|number| flow.start(number)).collect();
    for (number, run) in (0..1000u64).zip(runs) {
        assert_eq!(run.await.unwrap(), number * number);
    }
}

#[tokio::test]
async fn a_run_is_a_future_that_other_tasks_can_have() {
    let flow = Arc::new(Square);
    let task = tokio::spawn(async move { flow.run(5u64).await });
    assert_eq!(task.await.unwrap().unwrap(), 25);
}

#[test]
fn a_run_needs_no_tokio_where_it_uses_no_time() {
    use std::task::{Context, Poll, Waker};
    let mut run = Square.run(3u64);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = std::pin::Pin::new(&mut run).poll(&mut cx) {
            assert_eq!(result.unwrap(), 9);
            break;
        }
    }
}

#[tokio::test]
async fn a_run_on_a_task_is_set_up_before_it_starts_and_can_be_written_down() {
    #[event]
    struct Go;

    struct Patient;

    #[workflow(receives(Go), state = u32)]
    impl Patient {
        #[step(waits(Go))]
        async fn only(&self, ctx: &Context<Self>, add: StartEvent<u32>) -> StopEvent<String> {
            ctx.wait_for::<Go>().await;
            StopEvent(format!("{} in {}", ctx.state(|sum| *sum + add.0), ctx.run_id()))
        }
    }

    let flow = std::sync::Arc::new(Patient);
    let task = flow.start_with(2u32, |run| run.id("order-42").state(40).resumable());
    assert_eq!(task.handle().id(), "order-42");
    let at_once = serde_json::to_value(task.snapshot().unwrap()).unwrap();
    while !task.is_idle() {
        tokio::task::yield_now().await;
    }
    let snapshot = task.snapshot().unwrap();
    task.send(Go).unwrap();
    assert_eq!(task.await.unwrap(), "42 in order-42");
    for snapshot in [snapshot, serde_json::from_value(at_once).unwrap()] {
        let again = flow.start_resumed(snapshot).unwrap();
        again.send(Go).unwrap();
        assert_eq!(again.await.unwrap(), "42 in order-42");
    }
}

/// Gives its input back.
struct Short;

#[workflow]
impl Short {
    #[step]
    async fn only(&self, number: StartEvent<u32>) -> StopEvent<u32> {
        StopEvent(number.0)
    }
}

#[tokio::test]
async fn a_panic_of_the_run_itself_goes_on_in_who_awaits_its_task() {
    struct Broken;

    impl std::io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            panic!("no paper")
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let task = std::sync::Arc::new(Short).start_with(1u32, |run| run.verbose_to(Broken));
    let joined = tokio::spawn(task).await.unwrap_err();
    assert_eq!(*joined.into_panic().downcast::<&str>().unwrap(), "no paper");
}

#[tokio::test]
async fn what_is_said_of_a_run_is_said_before_it_begins() {
    let mut run = Short.run(1u32);
    assert_eq!((&mut run).await.unwrap(), 1);
    let late = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.resumable())).unwrap_err();
    assert_eq!(*late.downcast::<String>().unwrap(), "`resumable` is said before a run begins");
}
