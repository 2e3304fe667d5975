//! Cuts: a run that is written down, dropped and resumed at any moment gives what it gives in one piece.

use std::fmt::Debug;
use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::{Gave, Snapshot};

use crate::Log;

#[event]
struct Go(u32);
#[event]
struct Part(u32);
#[event]
struct Bit(u32);
#[event]
struct Sum(u32);
#[event]
struct Side(u32);
#[event]
struct Told(u32);
#[event]
struct Yes(u32);
#[event]
struct Also(u32);

#[derive(Debug, thiserror::Error)]
#[error("busy")]
struct Busy;

/// A workflow of which each step notes its end.
trait Cut: Workflow<Input = u32, Output: Debug + PartialEq> + Default {
    fn log(&self) -> &Log;

    /// What the caller does at the start.
    fn begins(_run: &Run<'_, Self>) {}
}

/// What came of a run, in however many pieces.
#[derive(Debug, PartialEq)]
struct Outcome<T> {
    result: Result<T, String>,
    /// The steps that came to their end, sorted.
    ended: Vec<String>,
    /// What the caller was given, sorted.
    published: Vec<String>,
}

/// When a piece ends.
#[derive(Clone, Copy, Debug)]
enum Piece {
    /// After so many deliveries.
    Deliveries(usize),
    /// When it has run by itself for so long.
    Time(Duration),
}

/// Runs in pieces: after each the run is written down as text and resumed by a new workflow.
async fn in_pieces<W: Cut>(pieces: &[Piece]) -> Outcome<W::Output> {
    let (mut ended, mut published, mut returned) = (Vec::new(), Vec::new(), Vec::new());
    let mut written: Option<String> = None;
    let mut pieces = pieces.iter();
    let result = loop {
        let flow = W::default();
        let mut run = match &written {
            Some(text) => flow.resume(serde_json::from_str::<Snapshot>(text).unwrap()).unwrap(),
            None => flow.run(7u32).resumable(),
        };
        if written.is_none() {
            W::begins(&run);
        }
        let mut events = run.events();
        let result = match pieces.next() {
            Some(Piece::Deliveries(count)) => {
                for _ in 0..*count {
                    let Some(delivery) = run.step().await else { break };
                    if let Gave::Events(_) = delivery.gave {
                        returned.push(delivery.invocation);
                    }
                }
                if run.is_done() { Some((&mut run).await) } else { None }
            }
            Some(Piece::Time(time)) => tokio::time::timeout(*time, &mut run).await.ok(),
            None => Some((&mut run).await),
        };
        if result.is_none() {
            written = Some(serde_json::to_string(&run.snapshot().unwrap()).unwrap());
        }
        drop(run);
        while let Some(event) = events.next().await {
            published.push(format!("{event:?}"));
        }
        ended.extend(flow.log().take());
        if let Some(result) = result {
            break result.map_err(|error| error.to_string());
        }
    };
    returned.sort_unstable();
    assert!(returned.windows(2).all(|two| two[0] != two[1]), "an execution returned twice: {returned:?}");
    ended.sort_unstable();
    published.sort_unstable();
    Outcome { result, ended, published }
}

/// How many deliveries a run has in one piece.
async fn deliveries<W: Cut>() -> usize {
    let flow = W::default();
    let mut run = flow.run(7u32);
    W::begins(&run);
    let mut count = 0;
    while run.step().await.is_some() {
        count += 1;
    }
    count
}

async fn may_be_cut_anywhere<W: Cut>() {
    let whole = in_pieces::<W>(&[]).await;
    assert!(whole.result.is_ok(), "{whole:?}");
    let count = deliveries::<W>().await;
    assert!(count > 2, "{count} deliveries");
    for first in 0..=count {
        let cut = [Piece::Deliveries(first)];
        assert_eq!(in_pieces::<W>(&cut).await, whole, "cut at {cut:?}");
        for second in 0..=count - first {
            let cut = [Piece::Deliveries(first), Piece::Deliveries(second)];
            assert_eq!(in_pieces::<W>(&cut).await, whole, "cut at {cut:?}");
        }
    }
    for first in 0..24 {
        let first = Piece::Time(Duration::from_millis(500 * first));
        assert_eq!(in_pieces::<W>(&[first]).await, whole, "cut at {first:?}");
        for second in [0, 700, 1900] {
            let cut = [first, Piece::Time(Duration::from_millis(second))];
            assert_eq!(in_pieces::<W>(&cut).await, whole, "cut at {cut:?}");
        }
        let cut = [first, Piece::Deliveries(2)];
        assert_eq!(in_pieces::<W>(&cut).await, whole, "cut at {cut:?}");
    }
}

async fn takes_a_second<W: Workflow>(ctx: &Context<W>) {
    ctx.sleep(Duration::from_secs(1)).await;
}

/// A loop that counts in its state and publishes each turn.
#[derive(Default)]
struct Rounds(Log);

#[derive(OneOf)]
enum Turn {
    Again(Go),
    Stop(StopEvent<(u32, u32)>),
}

#[workflow(state = u32, publishes(Told), output = (u32, u32))]
impl Rounds {
    #[step]
    async fn open(&self, count: StartEvent<u32>) -> Go {
        self.0.note("open");
        Go(count.0)
    }

    #[step]
    async fn turn(&self, ctx: &Context<Self>, go: Go) -> (Turn, Option<Told>) {
        takes_a_second(ctx).await;
        self.0.note(format!("turn {}", go.0));
        let turns = ctx.state(|turns| {
            *turns += 1;
            *turns
        });
        if go.0 == 0 {
            (StopEvent((go.0, turns)).into(), None)
        } else {
            (Go(go.0 - 1).into(), Some(Told(go.0)))
        }
    }
}

impl Cut for Rounds {
    fn log(&self) -> &Log {
        &self.0
    }
}

/// A batch in a batch on few workers, and a join of what comes of it with something else.
#[derive(Default)]
struct Nested(Log);

#[workflow]
impl Nested {
    #[step]
    async fn open(&self, _input: StartEvent<u32>) -> (Vec<Part>, Go) {
        self.0.note("open");
        ((0..3).map(Part).collect(), Go(100))
    }

    #[step(workers = 2)]
    async fn split(&self, ctx: &Context<Self>, part: Part) -> Vec<Bit> {
        takes_a_second(ctx).await;
        self.0.note(format!("split {}", part.0));
        (0..part.0).map(|bit| Bit(part.0 * 10 + bit)).collect()
    }

    #[step(workers = 1)]
    async fn work(&self, ctx: &Context<Self>, bit: Bit) -> Option<Side> {
        takes_a_second(ctx).await;
        self.0.note(format!("work {}", bit.0));
        (bit.0 != 20).then_some(Side(bit.0))
    }

    #[step]
    async fn inner(&self, sides: Vec<Side>) -> Sum {
        self.0.note(format!("inner {}", sides.len()));
        Sum(sides.iter().map(|side| side.0).sum())
    }

    #[step]
    async fn outer(&self, sums: Vec<Sum>) -> Also {
        self.0.note(format!("outer {}", sums.len()));
        Also(sums.iter().map(|sum| sum.0).sum())
    }

    #[step]
    async fn finish(&self, also: Also, go: Go) -> StopEvent<u32> {
        self.0.note("finish");
        StopEvent(also.0 + go.0)
    }
}

impl Cut for Nested {
    fn log(&self) -> &Log {
        &self.0
    }
}

/// Members that fail for a while or for good, with sends and publishes in each try.
#[derive(Default)]
struct Failing(Log);

#[workflow(publishes(Told))]
impl Failing {
    #[step]
    async fn open(&self, _input: StartEvent<u32>) -> Vec<Part> {
        self.0.note("open");
        (0..3).map(Part).collect()
    }

    #[step(workers = 2, retry(attempts = 3, wait = "1500ms"), sends(Side))]
    async fn fetch(
        &self,
        ctx: &Context<Self>,
        part: Part,
    ) -> Result<Sum, Box<dyn std::error::Error + Send + Sync>> {
        let number = ctx.attempt().number;
        ctx.publish(Told(part.0 * 10 + number));
        ctx.send(Side(number))?;
        takes_a_second(ctx).await;
        ctx.send(Side(number + 100))?;
        self.0.note(format!("fetch {} {number}", part.0));
        if part.0 < 2 && number <= 2 - part.0 || part.0 == 2 { Err(Busy.into()) } else { Ok(Sum(part.0)) }
    }

    #[catch(of(fetch))]
    #[step]
    async fn instead(&self, failed: StepFailed) -> Sum {
        self.0.note(format!("instead {}", failed.attempts));
        Sum(1000 * failed.attempts)
    }

    #[step(allow(dead_end), workers = 100)]
    async fn beside(&self, side: Side) {
        self.0.note(format!("beside {}", side.0));
    }

    #[step]
    async fn finish(&self, sums: Vec<Sum>) -> StopEvent<u32> {
        self.0.note("finish");
        StopEvent(sums.iter().map(|sum| sum.0).sum())
    }
}

impl Cut for Failing {
    fn log(&self) -> &Log {
        &self.0
    }
}

/// Steps that wait for what others give, of which one takes its time; `Yes` has a taker of its own too.
#[derive(Default)]
struct Waiting(Log);

#[workflow(publishes(Told))]
impl Waiting {
    #[step]
    async fn open(&self, _input: StartEvent<u32>) -> (Vec<Part>, Go) {
        self.0.note("open");
        (vec![Part(1), Part(2)], Go(1))
    }

    #[step(waits(Yes, Also), sends(Side, Bit), workers = 2)]
    async fn ask(&self, ctx: &Context<Self>, part: Part) -> Result<Sum, SendError> {
        ctx.publish(Told(part.0));
        ctx.send(Side(part.0))?;
        let wanted = part.0;
        let yes = ctx.wait_for::<Yes>().matching(move |yes| yes.0 % 10 == wanted).await;
        takes_a_second(ctx).await;
        ctx.publish(Told(part.0 + 100));
        let also = ctx.wait_for::<Also>().timeout(Duration::from_secs(6)).await.map_or(0, |also| also.0);
        ctx.send(Bit(part.0 + 200))?;
        self.0.note(format!("ask {}", part.0));
        Ok(Sum(yes.0 + also))
    }

    #[step]
    async fn say(&self, ctx: &Context<Self>, go: Go) -> Vec<Yes> {
        ctx.sleep(Duration::from_secs(2)).await;
        self.0.note(format!("say {}", go.0));
        vec![Yes(11), Yes(3), Yes(12)]
    }

    #[step(allow(dead_end))]
    async fn hears(&self, yes: Yes) {
        self.0.note(format!("hears {}", yes.0));
    }

    #[step(allow(dead_end))]
    async fn late(&self, bit: Bit) {
        self.0.note(format!("late {}", bit.0));
    }

    #[step(workers = 1)]
    async fn count(&self, ctx: &Context<Self>, side: Side) -> Option<Also> {
        takes_a_second(ctx).await;
        self.0.note(format!("count {}", side.0));
        (side.0 == 1).then_some(Also(1000))
    }

    #[step]
    async fn finish(&self, sums: Vec<Sum>) -> StopEvent<u32> {
        self.0.note("finish");
        StopEvent(sums.iter().map(|sum| sum.0).sum())
    }
}

impl Cut for Waiting {
    fn log(&self) -> &Log {
        &self.0
    }
}

/// A step that waits for two things at once, from the caller, who sends them before.
#[derive(Default)]
struct Both(Log);

#[workflow(receives(Yes, Also), publishes(Told))]
impl Both {
    #[step(waits(Yes, Also))]
    async fn only(&self, ctx: &Context<Self>, input: StartEvent<u32>) -> Go {
        ctx.publish(Told(0));
        takes_a_second(ctx).await;
        let (yes, also) = tokio::join!(ctx.wait_for::<Yes>(), ctx.wait_for::<Also>());
        takes_a_second(ctx).await;
        ctx.publish(Told(1));
        self.0.note("only");
        Go(yes.0 + also.0 + input.0)
    }

    #[step]
    async fn finish(&self, go: Go) -> StopEvent<u32> {
        self.0.note("finish");
        StopEvent(go.0)
    }
}

impl Cut for Both {
    fn log(&self) -> &Log {
        &self.0
    }

    fn begins(run: &Run<'_, Self>) {
        run.send(Also(10)).unwrap();
        run.send(Yes(1)).unwrap();
    }
}

/// Gathers as many as the input says, twice in each execution, and keeps a sum under a key.
#[derive(Default)]
struct Gathers(Log);

#[workflow]
impl Gathers {
    #[step]
    async fn open(&self, count: StartEvent<u32>) -> Vec<Part> {
        self.0.note("open");
        (0..count.0).map(Part).collect()
    }

    #[step(workers = 3, retry(attempts = 2, wait = "1s"))]
    async fn gather(
        &self,
        ctx: &Context<Self>,
        part: Part,
    ) -> Result<Option<Also>, Box<dyn std::error::Error + Send + Sync>> {
        let pair = ctx.collect::<Part>(part.clone(), 2);
        takes_a_second(ctx).await;
        let all = ctx.collect::<Also>(Also(part.0 * 10), 7);
        takes_a_second(ctx).await;
        if part.0.is_multiple_of(3) && ctx.attempt().number == 1 {
            return Err(Busy.into());
        }
        self.0.note(format!(
            "gather {} {:?}",
            part.0,
            pair.map(|pair| pair.iter().map(|part| part.0).sum::<u32>())
        ));
        Ok(all.map(|all| Also(all.iter().map(|also| also.0).sum())))
    }

    #[step]
    async fn finish(&self, all: Vec<Also>) -> StopEvent<u32> {
        self.0.note("finish");
        StopEvent(all.iter().map(|all| all.0).sum())
    }
}

impl Cut for Gathers {
    fn log(&self) -> &Log {
        &self.0
    }
}

/// Calls children in the members of a batch, two in each, one after the other.
#[derive(Default)]
struct Calls {
    log: Log,
    child: Called,
}

#[workflow(publishes(Told))]
impl Calls {
    #[step]
    async fn open(&self, _input: StartEvent<u32>) -> Vec<Part> {
        self.log.note("open");
        vec![Part(1), Part(2)]
    }

    #[step]
    async fn work(&self, ctx: &Context<Self>, part: Part) -> Result<Sum, RunError> {
        let one = ctx.call(&self.child, part.0).on_event(|event| pass_on(ctx, event)).await?;
        let other = ctx.call(&self.child, one).on_event(|event| pass_on(ctx, event)).await?;
        self.log.note(format!("work {}", part.0));
        Ok(Sum(other))
    }

    #[step]
    async fn finish(&self, sums: Vec<Sum>) -> StopEvent<u32> {
        self.log.note("finish");
        StopEvent(sums.iter().map(|sum| sum.0).sum())
    }
}

impl Cut for Calls {
    fn log(&self) -> &Log {
        self.log.0.lock().unwrap().extend(self.child.0.take());
        &self.log
    }
}

fn pass_on(ctx: &Context<Calls>, event: CalledEvent) {
    if let CalledEvent::Told(told) = event {
        ctx.publish(told);
    }
}

#[derive(Default)]
struct Called(Log);

#[workflow(publishes(Told))]
impl Called {
    #[step]
    async fn open(&self, ctx: &Context<Self>, input: StartEvent<u32>) -> Go {
        ctx.publish(Told(input.0));
        takes_a_second(ctx).await;
        self.0.note(format!("child opens {}", input.0));
        Go(input.0)
    }

    #[step]
    async fn close(&self, ctx: &Context<Self>, go: Go) -> StopEvent<u32> {
        takes_a_second(ctx).await;
        self.0.note(format!("child closes {}", go.0));
        StopEvent(go.0 * 10)
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_with_state_may_be_cut_anywhere() {
    may_be_cut_anywhere::<Rounds>().await;
}

#[tokio::test(start_paused = true)]
async fn nested_batches_and_joins_may_be_cut_anywhere() {
    may_be_cut_anywhere::<Nested>().await;
}

#[tokio::test(start_paused = true)]
async fn tries_and_catches_may_be_cut_anywhere() {
    may_be_cut_anywhere::<Failing>().await;
}

#[tokio::test(start_paused = true)]
async fn waits_may_be_cut_anywhere() {
    may_be_cut_anywhere::<Waiting>().await;
}

#[tokio::test(start_paused = true)]
async fn waits_for_two_things_at_once_may_be_cut_anywhere() {
    may_be_cut_anywhere::<Both>().await;
}

#[tokio::test(start_paused = true)]
async fn collected_events_may_be_cut_anywhere() {
    may_be_cut_anywhere::<Gathers>().await;
}

#[tokio::test(start_paused = true)]
async fn called_workflows_may_be_cut_anywhere() {
    may_be_cut_anywhere::<Calls>().await;
}
