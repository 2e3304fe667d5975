//! Loops: a run that goes round and round holds as much after many rounds as after few.

use std::convert::Infallible;
use std::sync::Mutex;

use workflow_core::prelude::*;

use crate::ALLOCATED;

/// The rounds after which the bytes are counted: the first when every buffer has grown to its size.
const FEW: u32 = 10_000;
const MANY: u32 = 100_000;
const VERY_MANY: u32 = 1_000_000;

#[event]
struct There(u32);
#[event]
struct Back(u32);
#[event]
struct Side;
#[event]
struct Told(u32);
#[event]
struct Enough;

/// How many bytes were allocated after few rounds and at the end.
struct Counts(Mutex<Vec<usize>>);

impl Default for Counts {
    fn default() -> Self {
        Self(Mutex::new(Vec::with_capacity(2)))
    }
}

impl Counts {
    fn count(&self, round: u32, last: u32) {
        if round == FEW || round == last {
            let bytes = ALLOCATED.current_usage();
            self.0.lock().unwrap().push(bytes);
        }
    }

    fn expect_flat(&self, what: &str) {
        let counts = self.0.lock().unwrap();
        let [few, many] = counts[..] else { panic!("{what}: {counts:?}") };
        assert_eq!(many, few, "{what}: {} bytes more", many.wrapping_sub(few) as isize);
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

#[derive(OneOf)]
enum Next {
    There(There),
    Stop(StopEvent<u32>),
}

fn next(round: u32, last: u32) -> Next {
    if round == last { StopEvent(round).into() } else { There(round + 1).into() }
}

/// One event after the other.
struct Chain {
    counts: Counts,
    last: u32,
}

#[workflow]
impl Chain {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> There {
        There(1)
    }

    #[step]
    async fn there(&self, there: There) -> Back {
        Back(there.0)
    }

    #[step]
    async fn back(&self, back: Back) -> Next {
        self.counts.count(back.0, self.last);
        next(back.0, self.last)
    }
}

/// The same while another branch waits for what never comes.
struct Forked {
    counts: Counts,
    last: u32,
}

#[workflow(receives(Enough))]
impl Forked {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> (There, Side) {
        (There(1), Side)
    }

    #[step(waits(Enough), allow(dead_end))]
    async fn side(&self, ctx: &Context<Self>, _side: Side) {
        ctx.wait_for::<Enough>().await;
    }

    #[step]
    async fn there(&self, there: There) -> Back {
        Back(there.0)
    }

    #[step]
    async fn back(&self, back: Back) -> Next {
        self.counts.count(back.0, self.last);
        next(back.0, self.last)
    }
}

/// Publishes what nobody reads.
struct Publishes {
    counts: Counts,
    last: u32,
}

#[workflow(publishes(Told))]
impl Publishes {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> There {
        There(1)
    }

    #[step]
    async fn there(&self, ctx: &Context<Self>, there: There) -> Back {
        ctx.publish(Told(there.0));
        Back(there.0)
    }

    #[step]
    async fn back(&self, back: Back) -> Next {
        self.counts.count(back.0, self.last);
        next(back.0, self.last)
    }
}

/// Collects three at a time, in a step that could be tried again and in one that could not.
struct Collects {
    counts: Counts,
    last: u32,
}

#[workflow]
impl Collects {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> There {
        There(1)
    }

    #[step(retry, sends(There))]
    async fn there(&self, ctx: &Context<Self>, there: There) -> Result<Option<Back>, SendError> {
        let round = there.0;
        let Some(three) = ctx.collect::<There>(there, 3) else {
            ctx.send(There(round + 1))?;
            return Ok(None);
        };
        Ok(Some(Back(three[2].0)))
    }

    #[step(sends(Back))]
    async fn back(&self, ctx: &Context<Self>, back: Back) -> Result<Option<Next>, SendError> {
        let round = back.0;
        self.counts.count(round, self.last);
        let Some(_two) = ctx.collect::<Back>(back, 2) else {
            ctx.send(Back(round + 1))?;
            return Ok(None);
        };
        Ok(Some(next(round, self.last)))
    }
}

/// The steps of a lone chain collect, and could be tried again, be late or be caught.
struct Guarded {
    counts: Counts,
    last: u32,
}

#[workflow]
impl Guarded {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> There {
        There(1)
    }

    #[step(retry)]
    async fn there(&self, ctx: &Context<Self>, there: There) -> Result<Option<Back>, Infallible> {
        let collected = ctx.collect::<There>(there, 1).unwrap();
        Ok(Some(Back(collected[0].0)))
    }

    #[step(timeout = "1h")]
    async fn back(&self, back: Back) -> Next {
        self.counts.count(back.0, self.last);
        next(back.0, self.last)
    }

    #[step]
    #[catch]
    async fn mend(&self, failed: StepFailed) -> Option<StopEvent<u32>> {
        failed.input::<There>().map(|there| StopEvent(there.0))
    }
}

/// A step that can be tried again, between steps that go on in place.
struct Retries {
    counts: Counts,
    last: u32,
}

#[workflow]
impl Retries {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> There {
        There(1)
    }

    #[step(retry(wait = "1ms"))]
    async fn there(&self, ctx: &Context<Self>, there: There) -> Result<Back, &'static str> {
        if there.0.is_multiple_of(16) && ctx.attempt().number == 1 {
            return Err("busy");
        }
        let collected = ctx.collect::<There>(there, 1).unwrap();
        Ok(Back(collected[0].0))
    }

    #[step]
    async fn back(&self, back: Back) -> Next {
        self.counts.count(back.0, self.last);
        next(back.0, self.last)
    }
}

/// Each round is a batch that is gathered.
struct Batches {
    counts: Counts,
    last: u32,
}

#[workflow]
impl Batches {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> There {
        There(1)
    }

    #[step]
    async fn there(&self, there: There) -> Vec<Back> {
        vec![Back(there.0), Back(there.0)]
    }

    #[step]
    async fn back(&self, backs: Vec<Back>) -> Next {
        self.counts.count(backs[1].0, self.last);
        next(backs[1].0, self.last)
    }
}

#[derive(Clone)]
struct Child;

#[workflow]
impl Child {
    #[step]
    async fn same(&self, round: StartEvent<u32>) -> StopEvent<u32> {
        StopEvent(round.0)
    }
}

/// Calls another workflow in each round, and runs steps apart.
#[derive(Clone)]
struct Calls {
    counts: std::sync::Arc<Counts>,
    last: u32,
}

#[workflow]
impl Calls {
    #[step]
    async fn open(&self, _input: StartEvent<()>) -> There {
        There(1)
    }

    #[step]
    async fn there(&self, ctx: &Context<Self>, there: There) -> Result<Back, RunError> {
        Ok(Back(ctx.call(&Child, there.0).await?))
    }

    #[step(spawn)]
    async fn back(&self, back: Back) -> Next {
        self.counts.count(back.0, self.last);
        next(back.0, self.last)
    }
}

macro_rules! flat {
    ($flow:ident, $last:expr, $($how:ident)?) => {{
        let flow = $flow { counts: Counts::default().into(), last: $last };
        assert_eq!(block_on(flow.run(())$(.$how())?).unwrap(), $last);
        flow.counts.expect_flat(concat!(stringify!($flow), $(" ", stringify!($how))?));
    }};
}

fn plain(last: u32) {
    flat!(Chain, last,);
    flat!(Forked, last,);
    flat!(Publishes, last,);
    flat!(Collects, last - last % 4,);
    flat!(Guarded, last,);
    flat!(Retries, last,);
    flat!(Batches, last,);
}

fn resumable(last: u32) {
    flat!(Chain, last, resumable);
    flat!(Forked, last, resumable);
    flat!(Publishes, last, resumable);
    flat!(Collects, last - last % 4, resumable);
    flat!(Guarded, last, resumable);
    flat!(Retries, last, resumable);
    flat!(Batches, last, resumable);
}

pub fn a_long_loop_holds_its_memory() {
    plain(MANY);
}

pub fn a_long_loop_that_can_be_written_down_holds_its_memory() {
    resumable(MANY / 2);
}

pub fn a_long_loop_of_calls_and_spawned_steps_holds_its_memory() {
    flat!(Calls, 2 * FEW,);
    flat!(Calls, 2 * FEW, resumable);
}

pub fn a_very_long_loop_holds_its_memory() {
    plain(VERY_MANY);
    resumable(VERY_MANY);
}

pub fn a_long_loop_that_is_watched_holds_its_memory() {
    let flow = Chain { counts: Counts::default(), last: 2 * FEW };
    assert_eq!(block_on(flow.run(()).verbose_to(std::io::sink())).unwrap(), 2 * FEW);
    flow.counts.expect_flat("verbose");
}

/// How long the snapshot is after so many deliveries.
async fn written(run: &mut Run<'_, Forked>, deliveries: u32) -> usize {
    for _ in 0..deliveries {
        run.step().await.unwrap();
    }
    serde_json::to_string(&run.snapshot().unwrap()).unwrap().len()
}

pub fn a_snapshot_is_as_long_after_a_long_loop_as_after_a_short_one() {
    block_on(async {
        let flow = Forked { counts: Counts::default(), last: u32::MAX };
        let mut run = flow.run(());
        let few = written(&mut run, 2 * FEW).await;
        let bytes = ALLOCATED.current_usage();
        let many = written(&mut run, 4 * FEW).await;
        // The same digits in each number but for the rounds' own length, and that of the time.
        assert!(many <= few + 40, "{few} and then {many}");
        assert_eq!(ALLOCATED.current_usage(), bytes);
    });
}
