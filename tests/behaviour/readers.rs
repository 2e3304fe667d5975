//! Readers: any number of them for what one run publishes, and what each gets to see.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, sleep, timeout};
use workflow_core::prelude::*;

use crate::streams::Token;

/// Publishes one token a step, and counts the steps that have begun.
#[derive(Default)]
pub(crate) struct Counter {
    begun: AtomicU32,
}

#[event]
pub(crate) struct Turn {
    number: u32,
    last: u32,
}

#[derive(OneOf)]
pub(crate) enum Turned {
    Again(Turn),
    Enough(StopEvent<u32>),
}

#[workflow(publishes(Token))]
impl Counter {
    #[step]
    async fn open(&self, count: StartEvent<u32>) -> Turn {
        Turn { number: 0, last: count.0 }
    }

    #[step]
    async fn turn(&self, ctx: &Context<Self>, turn: Turn) -> Turned {
        if turn.number == turn.last {
            return Turned::Enough(StopEvent(turn.last));
        }
        self.begun.fetch_add(1, Ordering::Relaxed);
        ctx.publish(Token(turn.number));
        Turned::Again(Turn { number: turn.number + 1, ..turn })
    }
}

impl Counter {
    pub(crate) fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }
}

/// What a reader sees of a counter's run, to the end.
pub(crate) async fn numbers(mut events: EventStream<Counter>) -> Vec<u32> {
    let mut seen = Vec::new();
    while let Some(CounterEvent::Token(token)) = events.next().await {
        seen.push(token.0);
    }
    seen
}

/// The tokens that are there for this reader now.
pub(crate) async fn read(events: &mut EventStream<Counter>, count: u32) -> Vec<u32> {
    let mut seen = Vec::new();
    for _ in 0..count {
        match events.next().await {
            Some(CounterEvent::Token(token)) => seen.push(token.0),
            other => panic!("{other:?} in place of a token"),
        }
    }
    seen
}

/// Lets everybody else go on until all of them wait.
pub(crate) async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

/// Publishes as many tokens as the caller says, each time it says so.
#[derive(Default)]
pub(crate) struct Tap;

#[event]
pub(crate) struct Pour(pub(crate) u32);
#[event]
struct Break;
#[event]
struct Close;

#[workflow(publishes(Token), receives(Pour, Break, Close))]
impl Tap {
    #[step(allow(dead_end))]
    async fn open(&self, _input: StartEvent<()>) {}

    #[step(allow(dead_end))]
    async fn pour(&self, ctx: &Context<Self>, pour: Pour) {
        (0..pour.0).for_each(|number| ctx.publish(Token(number)));
    }

    #[step(allow(dead_end))]
    async fn breaks(&self, _ev: Break) -> Result<(), std::io::Error> {
        Err(std::io::Error::other("the tap broke"))
    }

    #[step]
    async fn close(&self, _ev: Close) -> StopEvent<()> {
        StopEvent(())
    }
}

#[tokio::test(start_paused = true)]
async fn every_reader_sees_all_events_in_order() {
    let flow = Counter::default();
    let run = flow.run(300u32);
    let (first, second, third) = (run.events(), run.events(), run.handle().events());
    let (first, second, third, result) = tokio::join!(numbers(first), numbers(second), numbers(third), run);
    assert_eq!(first, (0..300).collect::<Vec<_>>());
    assert_eq!(second, first);
    assert_eq!(third, first);
    assert_eq!(result.unwrap(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_reader_waits_for_the_next_event_while_the_run_is_idle() {
    let run = Arc::new(Tap).start(());
    let mut events = run.events();
    let reader = tokio::spawn(async move {
        let mut read_at = Vec::new();
        while events.next().await.is_some() {
            read_at.push(Instant::now());
        }
        read_at
    });
    let begin = Instant::now();
    for _ in 0..3 {
        sleep(Duration::from_secs(1)).await;
        run.send(Pour(1)).unwrap();
    }
    settle().await;
    run.send(Close).unwrap();
    let read_after: Vec<_> = reader.await.unwrap().into_iter().map(|at| (at - begin).as_secs()).collect();
    assert_eq!(read_after, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_reader_of_a_run_and_the_others_do_not_take_from_each_other() {
    let flow = Counter::default();
    let mut run = flow.run(3u32);
    let other = run.events();
    let mut seen = Vec::new();
    while let Some(CounterEvent::Token(token)) = run.next().await {
        seen.push(token.0);
    }
    assert_eq!(seen, [0, 1, 2]);
    assert_eq!(numbers(other).await, [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_begins_at_the_beginning_although_others_have_read_it() {
    let flow = Counter::default();
    let mut run = flow.run(5u32);
    while run.next().await.is_some() {}
    let late = run.events();
    assert_eq!(late.dropped(), 0);
    assert_eq!(numbers(late).await, [0, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_begins_as_far_back_as_the_buffer_reaches() {
    let flow = Counter::default();
    let mut run = flow.run(10u32).buffer(Buffer::drop_oldest(4));
    (&mut run).await.unwrap();
    let late = run.events();
    assert_eq!(late.dropped(), 6);
    assert_eq!(numbers(late).await, [6, 7, 8, 9]);
    assert_eq!(run.dropped(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_lags_goes_on_with_the_oldest_and_is_told_how_many_it_missed() {
    let run = Arc::new(Tap).start(()).buffer(Buffer::drop_oldest(4));
    let (mut lagging, mut keen) = (run.events(), run.events());
    run.send(Pour(2)).unwrap();
    settle().await;
    assert!(matches!(lagging.next().await, Some(TapEvent::Token(Token(0)))));
    for _ in 0..2 {
        keen.next().await;
    }
    run.send(Pour(7)).unwrap();
    settle().await;
    // Nine were published, the last four are kept, and one was read.
    assert_eq!((lagging.dropped(), keen.dropped()), (4, 3));
    assert!(matches!(lagging.next().await, Some(TapEvent::Token(Token(3)))));
    assert_eq!(lagging.dropped(), 4);
    run.send(Pour(2)).unwrap();
    settle().await;
    assert_eq!(lagging.dropped(), 5);
    assert!(matches!(lagging.next().await, Some(TapEvent::Token(Token(5)))));
}

#[tokio::test(start_paused = true)]
async fn a_clone_goes_on_from_where_the_original_is() {
    let flow = Counter::default();
    let mut run = flow.run(8u32).buffer(Buffer::drop_oldest(6));
    (&mut run).await.unwrap();
    let mut events = run.events();
    assert_eq!(read(&mut events, 2).await, [2, 3]);
    let clone = events.clone();
    assert_eq!(read(&mut events, 1).await, [4]);
    assert_eq!(clone.dropped(), 2);
    assert_eq!(numbers(clone).await, [4, 5, 6, 7]);
    assert_eq!(numbers(events).await, [5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_a_stream() {
    let flow = Counter::default();
    let run = flow.run(2u32);
    let mut events = pin!(run.events());
    run.await.unwrap();
    let mut seen = 0;
    while std::future::poll_fn(|cx| events.as_mut().poll_next(cx)).await.is_some() {
        seen += 1;
    }
    assert_eq!(seen, 2);
}

/// Publishes tokens that can be counted while they are kept.
pub(crate) struct Weighed(Arc<()>);

#[event(transient)]
struct Weight {
    _weight: Arc<()>,
}

#[workflow(publishes(Weight), receives(Pour, Close))]
impl Weighed {
    #[step(allow(dead_end))]
    async fn open(&self, _input: StartEvent<()>) {}

    #[step(allow(dead_end))]
    async fn pour(&self, ctx: &Context<Self>, pour: Pour) {
        (0..pour.0).for_each(|_| ctx.publish(Weight { _weight: Arc::clone(&self.0) }));
    }

    #[step]
    async fn close(&self, _ev: Close) -> StopEvent<()> {
        StopEvent(())
    }
}

/// How many tokens a run keeps for its readers after it published 100 of them.
pub(crate) async fn kept(buffer: Buffer, reads: impl AsyncFnOnce(&RunTask<Weighed>)) -> usize {
    let weight = Arc::new(());
    let run = Arc::new(Weighed(Arc::clone(&weight))).start(()).buffer(buffer);
    run.send(Pour(100)).unwrap();
    settle().await;
    reads(&run).await;
    // The test's own, and the flow's.
    Arc::strong_count(&weight) - 2
}

#[tokio::test(start_paused = true)]
async fn a_stream_holds_no_more_than_its_bound() {
    assert_eq!(kept(Buffer::default(), async |_| ()).await, 100);
    assert_eq!(kept(Buffer::drop_oldest(8), async |_| ()).await, 8);
    assert_eq!(kept(Buffer::hold_back(8), async |_| ()).await, 8);
}

#[tokio::test(start_paused = true)]
async fn readers_come_to_the_end_when_the_run_ends_fails_is_cancelled_or_is_dropped() {
    for how in ["ends", "fails", "is cancelled", "is dropped"] {
        let run = Arc::new(Tap).start(());
        run.send(Pour(2)).unwrap();
        let mut waiting: Vec<_> = (0..3).map(|_| run.events()).collect();
        let behind = run.events();
        let readers = async {
            settle().await;
            for events in &mut waiting {
                events.next().await;
                events.next().await;
            }
            let [first, second, third] = &mut waiting[..] else { unreachable!() };
            tokio::join!(first.next(), second.next(), third.next())
        };
        let ended = async {
            sleep(Duration::from_secs(1)).await;
            match how {
                "ends" => run.send(Close).unwrap(),
                "fails" => run.send(Break).unwrap(),
                "is cancelled" => run.cancel(),
                _ => return None,
            }
            Some(run)
        };
        let (last, _run) =
            timeout(Duration::from_secs(60), async { tokio::join!(readers, ended) }).await.expect(how);
        assert!(matches!(last, (None, None, None)), "{how}");
        let mut behind = behind;
        assert!(matches!(behind.next().await, Some(TapEvent::Token(Token(0)))), "{how}");
        assert!(behind.next().await.is_some(), "{how}");
        assert!(behind.next().await.is_none(), "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn readers_come_to_the_end_of_a_run_that_was_dropped_before_it_began() {
    let run = Tap.run(());
    let handle = run.handle();
    let mut early = run.events();
    drop(run);
    assert!(early.next().await.is_none());
    assert!(handle.events().next().await.is_none());
    // The same when it is the first reader that comes late.
    let handle = Tap.run(()).handle();
    assert!(timeout(Duration::from_secs(60), handle.events().next()).await.unwrap().is_none());
}

#[test]
fn readers_come_to_the_end_when_the_runtime_of_the_run_is_shut_down() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let its_own = runtime().unwrap();
    let (run, mut early) = its_own.block_on(async {
        let run = Arc::new(Tap).start(());
        let early = run.events();
        settle().await;
        (run, early)
    });
    drop(its_own);
    runtime().unwrap().block_on(async {
        let mut late = run.events();
        for events in [&mut early, &mut late] {
            assert!(timeout(Duration::from_secs(60), events.next()).await.unwrap().is_none());
        }
    });
}

/// Publishes from a task that outlives the step, and perhaps the run.
struct Elsewhere;

#[workflow(publishes(Token))]
impl Elsewhere {
    #[step]
    async fn open(&self, ctx: &Context<Self>, wait: StartEvent<u64>) -> StopEvent<()> {
        let ctx = ctx.clone();
        tokio::spawn(async move {
            for token in [10, 20] {
                sleep(Duration::from_secs(10)).await;
                ctx.publish(Token(token));
            }
        });
        sleep(Duration::from_secs(wait.0)).await;
        StopEvent(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_reader_that_drives_is_woken_by_what_is_published_from_elsewhere() {
    let begin = Instant::now();
    let mut run = Elsewhere.run(3600u64);
    for seconds in [10, 20] {
        assert!(matches!(run.next().await, Some(ElsewhereEvent::Token(token)) if token.0 == seconds));
        assert_eq!(begin.elapsed().as_secs(), u64::from(seconds));
    }
    assert!(run.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_comes_after_the_end() {
    let mut run = Elsewhere.run(15u64);
    let mut events = run.events();
    (&mut run).await.unwrap();
    assert!(matches!(events.next().await, Some(ElsewhereEvent::Token(Token(10)))));
    assert!(events.next().await.is_none());
    sleep(Duration::from_secs(60)).await;
    assert!(events.next().await.is_none());
    assert!(run.next().await.is_some());
    assert!(run.next().await.is_none());
}

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Woken {
    fn poll<W: Workflow>(self: &Arc<Self>, events: &mut EventStream<W>) -> Poll<Option<W::Event>> {
        Pin::new(events).poll_next(&mut TaskContext::from_waker(&Waker::from(Arc::clone(self))))
    }

    fn times(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn a_publish_wakes_each_reader_that_waits_once_and_no_other() {
    let run = Arc::new(Tap).start(());
    let mut readers: Vec<_> = (0..4).map(|_| (run.events(), Arc::new(Woken::default()))).collect();
    let times = |readers: &Vec<(EventStream<Tap>, Arc<Woken>)>| -> Vec<u32> {
        readers.iter().map(|(_, woken)| woken.times()).collect()
    };
    for (events, woken) in &mut readers[..3] {
        assert!(woken.poll(events).is_pending());
        assert!(woken.poll(events).is_pending());
    }
    run.send(Pour(5)).unwrap();
    settle().await;
    assert_eq!(times(&readers), [1, 1, 1, 0]);
    let (events, woken) = &mut readers[0];
    while woken.poll(events).is_ready() {}
    run.send(Pour(1)).unwrap();
    settle().await;
    assert_eq!(times(&readers), [2, 1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_dropped_while_it_waits_is_forgotten() {
    let run = Arc::new(Tap).start(());
    let forgotten = Arc::new(Woken::default());
    let mut events = run.events();
    assert!(forgotten.poll(&mut events).is_pending());
    assert_eq!(Arc::strong_count(&forgotten), 2);
    drop(events);
    assert_eq!(Arc::strong_count(&forgotten), 1);
    // A new reader, perhaps in the place of the old one.
    let waits = Arc::new(Woken::default());
    let mut events = run.events();
    assert!(waits.poll(&mut events).is_pending());
    run.send(Pour(1)).unwrap();
    settle().await;
    assert_eq!((forgotten.times(), waits.times()), (0, 1));
}

#[test]
fn readers_on_other_threads_each_see_everything() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
    let all: Vec<u32> = (0..3000).collect();
    for round in 0..20 {
        // With and without a bound that the run runs into.
        let buffer = if round % 2 == 0 { Buffer::hold_back(1 + round) } else { Buffer::default() };
        runtime.block_on(async {
            let flow = Counter::default();
            let run = flow.run(3000u32).buffer(buffer);
            let readers: Vec<_> = (0..4).map(|_| tokio::spawn(numbers(run.events()))).collect();
            let left = run.events();
            let dropped = tokio::spawn(async move {
                let mut left = left;
                read(&mut left, 1000).await
            });
            let result = timeout(Duration::from_secs(60), run).await.expect("nobody waits for ever");
            assert_eq!(result.unwrap(), 3000);
            for reader in readers {
                let seen = timeout(Duration::from_secs(60), reader).await.expect("the run is over");
                assert!(seen.unwrap() == all, "round {round}");
            }
            assert!(dropped.await.unwrap() == all[..1000], "round {round}");
        });
    }
}
