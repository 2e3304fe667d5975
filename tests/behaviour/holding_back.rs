//! Holding back: a run that waits for the slowest of its readers.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;
use workflow_core::prelude::*;

use crate::readers::{Counter, CounterEvent, Pour, Weighed, kept, numbers, read, settle};
use crate::streams::{Chatty, ChattyEvent, Token};

/// A run that is held for ever is a failure of its test, at once on paused time.
async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(60), future).await.expect("nobody waits for ever")
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_past_the_bound_for_a_slow_reader_goes_when_it_has_read_or_is_dropped() {
    let slow = async |run: &RunTask<Weighed>| {
        let mut events = run.events();
        run.send(Pour(50)).unwrap();
        settle().await;
        for _ in 0..8 {
            events.next().await;
        }
    };
    assert_eq!(kept(Buffer::hold_back(8), slow).await, 8);
    let reader = Mutex::new(None);
    let held = async |run: &RunTask<Weighed>| {
        let mut events = run.events();
        while timeout(Duration::from_millis(1), events.next()).await.is_ok() {}
        run.send(Pour(50)).unwrap();
        settle().await;
        for _ in 0..10 {
            events.next().await;
        }
        *reader.lock().unwrap() = Some(events);
    };
    assert_eq!(kept(Buffer::hold_back(8), held).await, 40);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_reads_is_not_held_back() {
    let flow = Counter::default();
    let mut run = flow.run(5000u32).buffer(Buffer::hold_back(16));
    assert_eq!((&mut run).await.unwrap(), 5000);
    assert_eq!(run.dropped(), 4984);
    assert_eq!(numbers(run.events()).await, (4984..5000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_held_back_waits_for_its_slowest_reader() {
    let flow = Arc::new(Counter::default());
    let run = flow.start(20u32).buffer(Buffer::hold_back(4));
    let (mut slow, mut keen) = (run.events(), run.events());
    settle().await;
    assert_eq!(flow.begun(), 4);
    assert_eq!(read(&mut keen, 4).await, [0, 1, 2, 3]);
    settle().await;
    assert_eq!(flow.begun(), 4);
    assert!(!run.is_idle());
    assert_eq!(read(&mut slow, 1).await, [0]);
    settle().await;
    assert_eq!(flow.begun(), 5);
    assert_eq!(read(&mut slow, 3).await, [1, 2, 3]);
    settle().await;
    assert_eq!(flow.begun(), 8);
    let (slow, keen, result) = tokio::join!(numbers(slow), numbers(keen), run);
    assert_eq!(slow, (4..20).collect::<Vec<_>>());
    assert_eq!(keen, slow);
    result.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_held_back_goes_on_when_its_slowest_reader_is_dropped() {
    let flow = Arc::new(Counter::default());
    let run = flow.start(20u32).buffer(Buffer::hold_back(4));
    let (slow, mut keen) = (run.events(), run.events());
    settle().await;
    assert_eq!(read(&mut keen, 3).await, [0, 1, 2]);
    drop(slow);
    settle().await;
    assert_eq!(flow.begun(), 7);
    drop(keen);
    soon(run).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_holds_the_run_back_from_then_on() {
    let flow = Arc::new(Counter::default());
    let run = flow.start(20u32).buffer(Buffer::hold_back(4));
    let mut keen = run.events();
    assert_eq!(read(&mut keen, 6).await, [0, 1, 2, 3, 4, 5]);
    settle().await;
    read(&mut keen, 4).await;
    let mut late = run.events();
    settle().await;
    assert_eq!(flow.begun(), 10);
    assert_eq!(late.dropped(), 6);
    assert_eq!(read(&mut late, 4).await, [6, 7, 8, 9]);
    settle().await;
    assert_eq!(flow.begun(), 14);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_runs_may_publish_more_than_there_is_room_for_and_none_is_lost() {
    let run = Chatty.run(100u32).buffer(Buffer::hold_back(4));
    let mut events = run.events();
    run.await.unwrap();
    let mut seen = Vec::new();
    while let Some(ChattyEvent::Token(token)) = events.next().await {
        seen.push(token.0);
    }
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
    assert_eq!(events.dropped(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_held_back_for_the_reader_that_drives_it_but_not_while_it_is_awaited() {
    let flow = Counter::default();
    let mut run = flow.run(200u32).buffer(Buffer::hold_back(4));
    for number in 0..50 {
        assert!(matches!(run.next().await, Some(CounterEvent::Token(token)) if token.0 == number));
        assert!(flow.begun() <= number + 4);
    }
    assert_eq!(soon(&mut run).await.unwrap(), 200);
    // It reads on from where it was, as far as the buffer reaches.
    assert!(matches!(run.next().await, Some(CounterEvent::Token(Token(196)))));
    assert_eq!(run.dropped(), 146);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_awaited_for_a_while_is_held_back_when_it_is_read_again() {
    let flow = Counter::default();
    let mut run = flow.run(1000u32).buffer(Buffer::hold_back(4));
    run.next().await;
    let polled = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut run).poll(cx))).await;
    assert!(polled.is_pending());
    assert!(flow.begun() > 8);
    let missed = run.dropped();
    for _ in 0..20 {
        assert!(run.next().await.is_some());
    }
    assert_eq!(run.dropped(), missed);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_held_back_for_its_own_reader_but_not_while_it_is_awaited() {
    let flow = Arc::new(Counter::default());
    let mut run = flow.start(200u32).buffer(Buffer::hold_back(4));
    assert!(matches!(run.next().await, Some(CounterEvent::Token(Token(0)))));
    settle().await;
    assert_eq!(flow.begun(), 5);
    assert_eq!(soon(&mut run).await.unwrap(), 200);
    assert!(matches!(run.next().await, Some(CounterEvent::Token(Token(196)))));
    assert_eq!(run.dropped(), 195);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_held_back_still_ends_by_cancel_and_by_timeout() {
    let flow = Arc::new(Counter::default());
    let run = flow.start(20u32).buffer(Buffer::hold_back(4));
    let events = run.events();
    settle().await;
    assert_eq!(flow.begun(), 4);
    run.cancel();
    assert!(matches!(soon(run).await, Err(RunError::Cancelled)));
    assert_eq!(numbers(events).await, [0, 1, 2, 3]);

    let run = flow.run(20u32).buffer(Buffer::hold_back(4)).timeout(Duration::from_secs(1));
    let events = run.events();
    assert!(matches!(soon(run).await, Err(RunError::TimedOut { .. })));
    assert_eq!(numbers(events).await, [0, 1, 2, 3]);
}

#[test]
#[should_panic(expected = "room for at least one")]
fn a_buffer_has_room_for_at_least_one() {
    let _ = Buffer::hold_back(0);
}
