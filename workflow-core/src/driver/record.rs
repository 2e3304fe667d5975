//! Record: takes down what a run does, from the same facts as those who watch it.
//!
//! What it keeps is bounded: the first executions and the last, and of each event and list the beginning. What
//! it counts is not: a way that is gone a million times is a number.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::kept::{Kept, Place};
use super::trail::Trail;
use crate::draw::Scene;
use crate::graph::definition::Defined;
use crate::graph::{Graph, Takes};
use crate::machine::{Input, Machine, Output, Plan, Token};
use crate::recording::{self, Ended, Execution, Path, Recorded, Steps, WaitEnded};
use crate::{Events, Recording, Workflow};

mod log;
mod records;

pub(super) use records::Records;

/// How many executions are kept where nothing is said of it.
pub(super) const EXECUTIONS: usize = 10_000;

/// How many bytes of an event, and of an error, are kept.
const ROOM: usize = 400;

/// Takes down one run.
pub(super) struct Recorder {
    log: Mutex<Log>,
    /// Shared with the runs that the run calls.
    room: Arc<Room>,
    /// The time that the run had spent before it was resumed.
    before: Duration,
    /// When the run that called it did so, by the clock of that run.
    called_at: Duration,
    clock: Clock,
}

/// How late it is.
enum Clock {
    /// It runs from the first thing that is taken down.
    Runs(OnceLock<(Instant, SystemTime)>),
    /// Somebody tells it, in nanoseconds since the run's start; and when the run began.
    Told(AtomicU64, SystemTime),
}

/// How much may be kept of a run and of those that it calls.
pub(super) struct Room {
    limit: u64,
    used: AtomicU64,
}

/// What was taken down.
struct Log {
    graph: &'static Graph,
    scene: Box<dyn Fn() -> Scene + Send>,
    /// By event: whether two of a kind have to be told apart.
    marked: Vec<bool>,
    trail: Trail,
    kept: Kept<OneTry>,
    /// By number: the executions that have not ended for good.
    live: HashMap<u64, Live>,
    /// By number: the steps of executions that have given up and for which a catch has not begun.
    caught: HashMap<u64, u16>,
    /// By wait: its execution, and which of the waits of that it is.
    waits: HashMap<u64, (u64, usize)>,
    paths: BTreeMap<Path, u64>,
    steps: Vec<Steps>,
    outcome: recording::Outcome,
    /// When it ended.
    ended: Option<Duration>,
}

/// One try, and the runs that it has called.
struct OneTry {
    execution: Execution,
    called: Vec<(String, Arc<Recorder>)>,
}

/// An execution that has not ended for good.
#[derive(Default)]
struct Live {
    /// Where its last try is kept.
    place: Option<Place>,
    step: u16,
    follows: Vec<u64>,
    batch: Option<u64>,
    /// Whether a try of it is under way.
    is_running: bool,
    /// Its open waits.
    waits: Vec<u64>,
}

impl Room {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit: limit as u64, used: AtomicU64::new(0) })
    }

    /// Takes a place, if there is one.
    fn take(&self) -> bool {
        let more = |used| (used < self.limit).then_some(used + 1);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn give_back(&self, places: u64) {
        self.used.fetch_sub(places, Ordering::Relaxed);
    }
}

impl Recorder {
    /// For a run of `W` that has spent the time `before` so far.
    pub(super) fn new<W: Workflow>(room: Arc<Room>, before: Duration, called_at: Duration) -> Arc<Self> {
        let scene = || Scene::new(W::graph(), &W::Event::shapes());
        let clock = Clock::Runs(OnceLock::new());
        Arc::new(Self::of_plan(W::Event::plan(), Box::new(scene), room, before, called_at, clock))
    }

    /// For a run that is read again, of a workflow that is known by its definition, and that began at this time.
    pub(super) fn replaying(defined: &'static Defined, began: SystemTime) -> Self {
        let scene = || Scene::new(defined.plan.graph(), &defined.shapes);
        let clock = Clock::Told(AtomicU64::new(0), began);
        let (room, none) = (Room::new(EXECUTIONS), Duration::ZERO);
        Self::of_plan(defined.plan, Box::new(scene), room, none, none, clock)
    }

    fn of_plan(
        plan: &'static Plan,
        scene: Box<dyn Fn() -> Scene + Send>,
        room: Arc<Room>,
        before: Duration,
        called_at: Duration,
        clock: Clock,
    ) -> Self {
        let graph = plan.graph();
        let is_marked = |event: u16| {
            let gathers = |takes| matches!(takes, Takes::Batch { event: gathered, .. } if gathered == event);
            graph.steps.iter().any(|step| gathers(step.takes) || step.waits.contains(&event))
        };
        let log = Log {
            graph,
            scene,
            marked: (0..graph.events.len() as u16).map(is_marked).collect(),
            trail: Trail::new(plan),
            kept: Kept::new(room.limit.div_ceil(2) as usize),
            live: HashMap::new(),
            caught: HashMap::new(),
            waits: HashMap::new(),
            paths: BTreeMap::new(),
            steps: vec![Steps::default(); graph.steps.len()],
            outcome: recording::Outcome::Open,
            ended: None,
        };
        Self { log: Mutex::new(log), room, before, called_at, clock }
    }

    /// It is so late, counted from the run's start; for a run that is read again.
    pub(super) fn now_is(&self, time: Duration) {
        if let Clock::Told(now, _) = &self.clock {
            now.store(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// Notes what is under way where what was before is not known.
    pub(super) fn goes_on<E: Token>(&self, machine: &Machine<E>, now: Duration) {
        self.now_is(now);
        self.resumes(machine);
        machine.under_way().iter().for_each(|order| self.ordered(order));
        let mut log = self.log();
        for (wait, invocation, event) in machine.open_waits() {
            log.waits(invocation.number, wait, event, now);
        }
    }

    /// The process in which it ran is no more; whatever was under way starts again, if it goes on at all.
    pub(super) fn interrupted(&self) {
        let now = self.now();
        self.log().drop_what_runs(now, false);
    }

    /// A fact that is read again.
    pub(super) fn told<E: Token>(&self, machine: &Machine<E>, fact: &Input<E>) {
        match fact {
            Input::Started { event } => self.opens(event),
            fact => self.fact(machine, fact),
        }
    }

    /// An order that was given when the run was under way.
    pub(super) fn ordered<E: Token>(&self, order: &Output<E>) {
        match order {
            Output::RunStep { invocation, step, given, again } => {
                self.starts(*invocation, *step, given, again.as_deref());
            }
            Output::Wake { step, wait, event, .. } => self.wakes(*step, *wait, event.as_ref()),
            Output::Finish(outcome) => self.ends(outcome),
            Output::Match { .. }
            | Output::MatchKept { .. }
            | Output::Publish { .. }
            | Output::Wait { .. } => (),
        }
    }

    /// Notes what a run that is resumed has in hand.
    pub(super) fn resumes<E: Token>(&self, machine: &Machine<E>) {
        let mut log = self.log();
        machine.pending().into_iter().for_each(|(step, event)| log.trail.pending(step, event));
    }

    /// The run is over, and nobody has said how: it was dropped.
    pub(super) fn dropped(&self) {
        let now = self.now();
        self.log().end(now, recording::Outcome::Cancelled);
    }

    /// Takes down a run of `C` that an execution calls; `None` when there is no room for it.
    pub(super) fn calls<C: Workflow>(&self, number: u64, id: &str, before: Duration) -> Option<Arc<Self>> {
        let now = self.now();
        let log = &mut *self.log();
        let one = log.current(number)?;
        if !self.room.take() {
            one.execution.calls_left_out += 1;
            return None;
        }
        let called = Self::new::<C>(Arc::clone(&self.room), before, now.saturating_sub(before));
        one.called.push((id.to_owned(), Arc::clone(&called)));
        Some(called)
    }

    /// What there is so far.
    pub(super) fn recording(&self, id: &str) -> Recording {
        Recording::new(self.recorded(id))
    }

    pub(super) fn recorded(&self, id: &str) -> Recorded {
        let (began_at, now) = match &self.clock {
            Clock::Runs(began) => match began.get() {
                Some((began, at)) => (*at, self.before + began.elapsed()),
                None => (SystemTime::now(), self.before),
            },
            Clock::Told(now, began_at) => (*began_at, Duration::from_nanos(now.load(Ordering::Relaxed))),
        };
        let since = began_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let log = self.log();
        let lasted = log.ended.unwrap_or(now);
        let one = |one: &OneTry| {
            let mut execution = one.execution.clone();
            if execution.ended == Ended::Running {
                execution.lasted = lasted.saturating_sub(execution.began);
                let open = execution.waits.kept.iter_mut().filter(|wait| wait.ended == WaitEnded::Open);
                open.for_each(|wait| wait.lasted = lasted.saturating_sub(wait.began));
            }
            execution.called = one.called.iter().map(|(id, called)| called.recorded(id)).collect();
            execution
        };
        Recorded {
            id: id.to_owned(),
            began_at: since.as_millis() as u64,
            before: self.before,
            called_at: self.called_at,
            lasted,
            outcome: log.outcome.clone(),
            executions: log.kept.iter().map(one).collect(),
            left_out: log.kept.left_out(),
            gap: log.kept.gap(),
            paths: log.paths.iter().map(|(path, times)| (*path, *times)).collect(),
            steps: log.steps.clone(),
            flow: (log.scene)(),
        }
    }

    /// The time since the run's start, which is now if it has not begun.
    fn now(&self) -> Duration {
        match &self.clock {
            Clock::Runs(began) => {
                let (began, _) = began.get_or_init(|| (Instant::now(), SystemTime::now()));
                self.before + began.elapsed()
            }
            Clock::Told(now, _) => Duration::from_nanos(now.load(Ordering::Relaxed)),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody will ask for it any more: keeps nothing from now on. Gives the number of places that it had.
    fn forget(&self) -> u64 {
        let mut log = self.log();
        let called: u64 = log.kept.iter().map(OneTry::forget).sum();
        let places = 1 + log.kept.iter().count() as u64 + called;
        log.kept.close();
        log.live.clear();
        log.waits.clear();
        places
    }
}

/// Keeps one more, and makes room for it in the middle if need be; `None` when there is none.
fn keep(kept: &mut Kept<OneTry>, room: &Room, one: impl FnOnce() -> OneTry) -> Option<Place> {
    if kept.is_closed() {
        return None;
    }
    if !room.take() {
        let Some(out) = kept.leave_out() else {
            kept.note_left_out();
            return None;
        };
        // Its own place goes to the new one.
        room.give_back(out.forget());
    }
    Some(kept.push(one()))
}
