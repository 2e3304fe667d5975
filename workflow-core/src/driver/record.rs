//! Record: takes down what a run does, from the same facts as those who watch it.
//!
//! What it keeps is bounded: the first executions and the last, and of each event and list the beginning. What
//! it counts is not: a way that is gone a million times is a number.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::kept::{Kept, Place};
use super::trail::Trail;
use crate::draw::Scene;
use crate::graph::{Graph, Role};
use crate::hash::fnv_1a;
use crate::machine::{Again, Given, Input, InvocationId, Machine, Outcome, Token};
use crate::recording::{
    self, Ended, Execution, How, Passed, Path, Recorded, Steps, WaitEnded, Waited, shortened,
};
use crate::{Emission, Events, Recording, Workflow};

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
    began: OnceLock<(Instant, SystemTime)>,
}

/// How much may be kept of a run and of those that it calls.
pub(super) struct Room {
    limit: u64,
    used: AtomicU64,
}

/// What was taken down.
struct Log {
    graph: &'static Graph,
    scene: fn() -> Scene,
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
struct Live {
    /// Where its last try is kept.
    place: Option<Place>,
    step: u16,
    follows: Vec<u64>,
    batch: Option<u64>,
    /// Whether a try of it is under way.
    is_running: bool,
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
        let plan = W::Event::plan();
        let graph = plan.graph();
        let is_marked = |event: u16| {
            let gathers = |step: &crate::graph::StepNode| matches!(step.takes, crate::graph::Takes::Batch { event: gathered, .. } if gathered == event);
            graph.steps.iter().any(|step| gathers(step) || step.waits.contains(&event))
        };
        let log = Log {
            graph,
            scene: || Scene::new(W::graph(), &W::Event::shapes()),
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
        Arc::new(Self { log: Mutex::new(log), room, before, called_at, began: OnceLock::new() })
    }

    /// Notes what a run that is resumed has in hand.
    pub(super) fn resumes<E: Token>(&self, machine: &Machine<E>) {
        let mut log = self.log();
        machine.pending().into_iter().for_each(|(step, event)| log.trail.pending(step, event));
    }

    /// The run begins with this event.
    pub(super) fn opens<E: Token>(&self, event: &E) {
        self.now();
        let mut log = self.log();
        log.went(Path::Started);
        let mark = log.mark(event);
        log.trail.sent(event.kind(), None, mark);
    }

    /// A try of a step begins.
    pub(super) fn starts<E: Token>(
        &self,
        invocation: InvocationId,
        step: u16,
        given: &Given<E>,
        again: Option<&Again<E>>,
    ) {
        let now = self.now();
        let events = match given {
            Given::One(event) => std::slice::from_ref(event),
            Given::Several(events) => events,
        };
        let log = &mut *self.log();
        let number = invocation.number;
        if !log.live.contains_key(&number) {
            log.begins(number, step, events, again.is_some());
        }
        let attempt = again.map_or(1, |again| again.attempt.number);
        let Some(live) = log.live.get(&number) else { return };
        let (follows, batch) = (live.follows.clone(), live.batch);
        let one = || {
            let mut execution = Execution {
                step: Cow::Borrowed(log.graph.steps[usize::from(step)].name),
                place: step,
                number,
                attempt,
                began: now,
                lasted: Duration::ZERO,
                ended: Ended::Running,
                took: Default::default(),
                gave: Default::default(),
                waits: Default::default(),
                follows: Default::default(),
                batch,
                called: Vec::new(),
                calls_left_out: 0,
            };
            events.iter().for_each(|event| execution.took.push(|| passed(log.graph, event, How::Taken)));
            follows.iter().for_each(|from| execution.follows.push(|| *from));
            OneTry { execution, called: Vec::new() }
        };
        let place = keep(&mut log.kept, &self.room, one);
        let steps = &mut log.steps[usize::from(step)];
        steps.tries += 1;
        steps.running += 1;
        steps.gave_up = false;
        if let Some(live) = log.live.get_mut(&number) {
            live.place = place;
            live.is_running = true;
        }
    }

    /// A wait is over.
    pub(super) fn wakes<E: Token>(&self, step: u16, wait: u64, event: Option<&E>) {
        let now = self.now();
        let log = &mut *self.log();
        if let Some(event) = event {
            log.went(Path::Woke { step, event: event.kind() });
            let mark = log.mark(event);
            log.trail.woke(step, event.kind(), mark);
        }
        let ended = match event {
            Some(event) => WaitEnded::Got(passed(log.graph, event, How::Awaited)),
            None => WaitEnded::TimedOut,
        };
        log.wait_ended(wait, now, ended);
    }

    /// Something has happened.
    pub(super) fn fact<E: Token>(&self, machine: &Machine<E>, fact: &Input<E>) {
        let now = self.now();
        let log = &mut *self.log();
        match fact {
            Input::StepReturned { invocation, emission } => {
                if let Some(step) = machine.step(*invocation) {
                    log.returned(step, emission, false);
                }
                let (graph, marked) = (log.graph, &log.marked);
                log.trail.returned(invocation.number, emission, &|event| mark(marked, event));
                if let Some(one) = log.current(invocation.number) {
                    gives(graph, one, emission, How::Returned);
                }
                log.try_ended(invocation.number, now, Ended::Returned, true);
            }
            Input::StepSent { invocation, event } => {
                let from = machine.step(*invocation);
                if let Some(step) = from {
                    log.gave(step, event.kind(), false);
                }
                let mark = log.mark(event);
                log.trail.sent(event.kind(), from.map(|_| invocation.number), mark);
                log.give(invocation.number, event, How::Sent);
            }
            Input::StepPublished { invocation, event } => {
                log.went(Path::Published { event: event.kind() });
                log.give(invocation.number, event, How::Published);
            }
            Input::StepFailed { invocation, error, again } => {
                let words = std::iter::once(error.message()).chain(error.causes().iter().map(String::as_str));
                let (error, _) = shortened(words.collect::<Vec<_>>().join(": "), ROOM);
                let is_over = again.is_none();
                if let (true, Some(step)) = (is_over, machine.step(*invocation)) {
                    log.gave_up(invocation.number, step);
                }
                log.try_ended(invocation.number, now, Ended::Failed { error, again: *again }, is_over);
            }
            Input::StepWaits { invocation, wait, event, .. } => {
                log.waits(invocation.number, *wait, *event, now);
            }
            Input::WaitDropped { wait, .. } => log.wait_ended(*wait, now, WaitEnded::Dropped),
            Input::Received { event } => {
                log.went(Path::Received { event: event.kind() });
                let mark = log.mark(event);
                log.trail.sent(event.kind(), None, mark);
            }
            Input::Started { .. }
            | Input::Matched { .. }
            | Input::MatchedKept { .. }
            | Input::WaitsAreAll
            | Input::TimePassed
            | Input::Cancelled => (),
        }
    }

    /// The run is over.
    pub(super) fn ends<E: Token>(&self, outcome: &Outcome<E>) {
        let now = self.now();
        let log = &mut *self.log();
        let name = |step: u16| log.graph.steps[usize::from(step)].name.to_owned();
        let outcome = match outcome {
            Outcome::Stopped(event) => recording::Outcome::Stopped(passed(log.graph, event, How::Returned)),
            Outcome::Failed(gave_up) => recording::Outcome::Failed {
                step: name(gave_up.step),
                attempts: gave_up.attempts,
                error: shortened(gave_up.error.message().to_owned(), ROOM).0,
            },
            Outcome::Stalled(why) => recording::Outcome::Stalled { why: why.to_string() },
            Outcome::OutsideBatch { step, event } => {
                let event = log.graph.event_name(*event);
                recording::Outcome::Refused {
                    why: format!("`{event}` came to `{}` outside of a batch", name(*step)),
                }
            }
            Outcome::TimedOut { running } => {
                recording::Outcome::TimedOut { running: running.iter().map(|step| name(*step)).collect() }
            }
            Outcome::Cancelled => recording::Outcome::Cancelled,
        };
        if let recording::Outcome::Stopped(_) = outcome {
            log.went(Path::Stopped);
        }
        log.end(now, outcome);
    }

    /// The run could not begin.
    pub(super) fn refused(&self, why: &impl std::fmt::Display) {
        let now = self.now();
        self.log().end(now, recording::Outcome::Refused { why: why.to_string() });
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

    fn recorded(&self, id: &str) -> Recorded {
        let began_at = self.began.get().map_or_else(SystemTime::now, |(_, at)| *at);
        let since = began_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = self.began.get().map_or(self.before, |(began, _)| self.before + began.elapsed());
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
        let (began, _) = self.began.get_or_init(|| (Instant::now(), SystemTime::now()));
        self.before + began.elapsed()
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

impl Log {
    fn went(&mut self, path: Path) {
        *self.paths.entry(path).or_default() += 1;
    }

    fn mark<E: Token>(&self, event: &E) -> u64 {
        mark(&self.marked, event)
    }

    /// An execution begins that is not known.
    fn begins<E: Token>(&mut self, number: u64, step: u16, events: &[E], is_known_to_machine: bool) {
        let marked = &self.marked;
        let origin = match is_known_to_machine {
            true => Default::default(),
            false => self.trail.starts(number, step, events, &|event| mark(marked, event)),
        };
        let node = &self.graph.steps[usize::from(step)];
        for event in events {
            match node.catches {
                None => self.went(Path::Took { step, event: event.kind() }),
                Some(_) => {
                    let failed = origin.follows.first().and_then(|from| self.caught.remove(from));
                    if let Some(failed) = failed {
                        self.went(Path::Caught { step: failed, catch: step });
                    }
                }
            }
        }
        self.steps[usize::from(step)].executions += 1;
        let live =
            Live { place: None, step, follows: origin.follows, batch: origin.batch, is_running: false };
        self.live.insert(number, live);
    }

    /// The try of an execution that is under way.
    fn current(&mut self, number: u64) -> Option<&mut OneTry> {
        let place = self.live.get(&number)?.place?;
        self.kept.get_mut(place)
    }

    fn gave(&mut self, step: u16, event: u16, many: bool) {
        self.went(Path::Gave { step, event, many });
        let node = &self.graph.events[usize::from(event)];
        if node.published && !matches!(node.role, Role::Stop) {
            self.went(Path::Published { event });
        }
    }

    fn returned<E: Token>(&mut self, step: u16, emission: &Emission<E>, many: bool) {
        match emission {
            Emission::None => (),
            Emission::One(event) => self.gave(step, event.kind(), many),
            Emission::All(parts) => parts.iter().for_each(|part| self.returned(step, part, many)),
            Emission::Many(events, _) => events.iter().for_each(|event| self.gave(step, event.kind(), true)),
        }
    }

    fn give<E: Token>(&mut self, number: u64, event: &E, how: How) {
        let graph = self.graph;
        if let Some(one) = self.current(number) {
            one.execution.gave.push(|| passed(graph, event, how));
        }
    }

    fn gave_up(&mut self, number: u64, step: u16) {
        let catch = self.graph.catcher(usize::from(step));
        let caught = catch.and_then(|catch| {
            let event = self.graph.steps[catch].takes.events().first()?;
            Some((catch as u16, *event))
        });
        self.trail.gave_up(number, caught);
        if caught.is_some() {
            self.caught.insert(number, step);
        }
        self.steps[usize::from(step)].gave_up = true;
    }

    /// The try that is under way has come to its end, and perhaps the execution with it.
    fn try_ended(&mut self, number: u64, now: Duration, ended: Ended, is_over: bool) {
        if let Some(live) = self.live.get_mut(&number).filter(|live| live.is_running) {
            live.is_running = false;
            let steps = &mut self.steps[usize::from(live.step)];
            steps.running -= u64::from(ended != Ended::Dropped);
            steps.failures += u64::from(matches!(ended, Ended::Failed { .. }));
        }
        if let Some(one) = self.current(number) {
            one.end(now, ended);
        }
        if is_over {
            self.live.remove(&number);
        }
        self.waits.retain(|_, (of, _)| *of != number);
    }

    fn waits(&mut self, number: u64, wait: u64, event: u16, now: Duration) {
        let event = self.graph.event_name(event);
        let Some(one) = self.current(number) else { return };
        let waits = &mut one.execution.waits;
        let place = waits.kept.len();
        waits.push(|| Waited {
            event: Cow::Borrowed(event),
            began: now,
            lasted: Duration::ZERO,
            ended: WaitEnded::Open,
        });
        if waits.kept.len() > place {
            self.waits.insert(wait, (number, place));
        }
    }

    fn wait_ended(&mut self, wait: u64, now: Duration, ended: WaitEnded) {
        let Some((number, place)) = self.waits.remove(&wait) else { return };
        let one = self.current(number);
        if let Some(waited) = one.and_then(|one| one.execution.waits.kept.get_mut(place)) {
            waited.lasted = now.saturating_sub(waited.began);
            waited.ended = ended;
        }
    }

    fn end(&mut self, now: Duration, outcome: recording::Outcome) {
        if self.ended.is_some() {
            return;
        }
        self.outcome = outcome;
        self.ended = Some(now);
        let live: Vec<u64> =
            self.live.iter().filter(|(_, live)| live.is_running).map(|(number, _)| *number).collect();
        for number in live {
            self.try_ended(number, now, Ended::Dropped, true);
        }
        self.live.clear();
    }
}

impl OneTry {
    /// Lets go of what it has called; gives the number of places that it had.
    fn forget(&self) -> u64 {
        self.called.iter().map(|(_, called)| called.forget()).sum()
    }

    fn end(&mut self, now: Duration, ended: Ended) {
        self.execution.lasted = now.saturating_sub(self.execution.began);
        self.execution.ended = ended;
        for wait in self.execution.waits.kept.iter_mut().filter(|wait| wait.ended == WaitEnded::Open) {
            wait.lasted = now.saturating_sub(wait.began);
        }
        // A run that was called and not brought to its end was dropped with its caller.
        self.called.iter().for_each(|(_, called)| called.dropped());
    }
}

/// What tells an event from others of its kind, where anybody will ask.
fn mark<E: Token>(marked: &[bool], event: &E) -> u64 {
    if !marked[usize::from(event.kind())] {
        return 0;
    }
    fnv_1a(&serde_json::to_vec(event).unwrap_or_default())
}

fn gives<E: Token>(graph: &'static Graph, one: &mut OneTry, emission: &Emission<E>, how: How) {
    let gave = &mut one.execution.gave;
    match emission {
        Emission::None => (),
        Emission::One(event) => gave.push(|| passed(graph, event, how)),
        Emission::All(parts) => parts.iter().for_each(|part| gives(graph, one, part, how)),
        Emission::Many(events, _) => {
            events.iter().for_each(|event| gave.push(|| passed(graph, event, How::Member)));
        }
    }
}

/// An event, written down as far as there is room.
fn passed<E: Token>(graph: &'static Graph, event: &E, how: How) -> Passed {
    // An enum writes itself as `{"Name": value}`; the name is known.
    let value = match serde_json::to_value(event) {
        Ok(serde_json::Value::Object(map)) if map.len() == 1 => {
            map.into_iter().next().map(|(_, value)| value)
        }
        Ok(value) => Some(value),
        Err(_) => None,
    };
    let (json, cut) = value.map(|value| shortened(value.to_string(), ROOM)).unzip();
    Passed { event: Cow::Borrowed(graph.event_name(event.kind())), how, json, cut: cut.unwrap_or_default() }
}
