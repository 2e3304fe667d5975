//! Play: a run whose order is chosen from outside: which step goes on, what comes in, when time passes, where the
//! process dies.
//!
//! It is a fork like any other, but for the one question of what comes next.

use std::collections::{BTreeSet, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::Fork;
use crate::driver::begin::open;
use crate::driver::clock::Clock;
use crate::driver::core::Special;
use crate::driver::drive::Driver;
use crate::driver::probe::Probe;
use crate::driver::record::{EXECUTIONS, Recorder, Room};
use crate::driver::snapshot::Written;
use crate::driver::watch::Watch;
use crate::driver::{Core, Exit, Inbound};
use crate::hash::fnv_1a;
use crate::machine::{Input, InvocationId, Machine, Outcome, Output, Part, Touch};
use crate::{BoxError, Emission, Events, Recording, ResumeError, RunError, SnapshotError, Workflow};

mod acting;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Choice {
    /// A step goes on, until it waits or ends.
    Step(Name),
    /// One of the events from outside comes in.
    Event(u16),
    /// Time passes, until something is due.
    Time,
    /// The process dies, and the run is resumed.
    Crash,
    /// The process dies after a step has gone on, and before anybody has taken note of that.
    CrashIn(Name),
}

/// One execution of a step: the step's place, and the how manieth of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) step: u16,
    pub(crate) index: u32,
}

/// Who chooses.
pub(crate) trait Director {
    /// What comes next, of these; `None` leaves the play. `key` tells the points of all plays apart: two with the
    /// same key go on in the same ways.
    fn choose(&mut self, choices: &[Choice], key: Option<u128>) -> Option<Choice>;

    /// What the choice has touched.
    fn moved(&mut self, touches: &[Touch]);

    /// Whether it asks for keys.
    fn wants_key(&self) -> bool;
}

/// What is done in the place of a step, with what it takes.
pub(crate) type Stand<E> = Box<dyn Fn(Vec<E>) -> Stood<E> + Send + Sync>;

/// What one try of a stand-in does.
pub(crate) struct Stood<E> {
    /// How long it takes; `None` for ever.
    pub(crate) after: Option<Duration>,
    /// What it sends before it ends.
    pub(crate) sends: Vec<E>,
    pub(crate) ends: Result<Emission<E>, BoxError>,
}

impl<E> Stood<E> {
    /// It ends at once.
    pub(crate) fn at_once(ends: Result<Emission<E>, BoxError>) -> Self {
        Self { after: Some(Duration::ZERO), sends: Vec::new(), ends }
    }
}

/// What is said of one step.
pub(crate) struct Cue<E> {
    pub(crate) stand_in: Option<Stand<E>>,
    /// Whether the stand-in has caught nothing, and so shares nothing.
    pub(crate) is_pure: bool,
    /// How many of its first tries fail.
    pub(crate) fails: u32,
    /// How long it takes.
    pub(crate) delay: Duration,
}

impl<E> Default for Cue<E> {
    fn default() -> Self {
        Self { stand_in: None, is_pure: false, fails: 0, delay: Duration::ZERO }
    }
}

/// What all plays of one check have in common.
pub(crate) struct Stage<'s, W: Workflow> {
    /// By step.
    pub(crate) cast: &'s [Cue<W::Event>],
    /// What comes from outside.
    pub(crate) events: &'s [W::Event],
    /// What holds of the state at every moment.
    pub(crate) always: Option<&'s dyn Fn(&W::State) -> bool>,
    /// How often the process may die.
    pub(crate) crashes: u32,
    /// Whether steps may share what nobody sees.
    pub(crate) is_opaque: bool,
    /// Whether a recording is taken.
    pub(crate) records: bool,
    /// How many moves a play has at most.
    pub(crate) most_moves: usize,
}

/// How one play went.
pub(crate) struct Played<W: Workflow> {
    pub(crate) end: End<W>,
    /// One for each life of the process, if any was taken.
    pub(crate) recordings: Vec<Recording>,
    /// How often something went on by itself that could not be ordered.
    pub(crate) unordered: u64,
}

impl<W: Workflow> Played<W> {
    /// The run cannot begin.
    pub(crate) fn refused(error: RunError) -> Self {
        let text = words(&error);
        Self { end: End::Over(Err(error), text), recordings: Vec::new(), unordered: 0 }
    }
}

/// How one play ended.
pub(crate) enum End<W: Workflow> {
    /// The run is over; and the same as text, to be compared.
    Over(Result<W::Output, RunError>, String),
    /// The director has left.
    Left,
    /// Nothing can go on any more: what waits.
    Stuck(String),
    /// The state is not as it always should be.
    Broken,
    /// It went on for longer than it may.
    Endless,
    /// Something was delivered twice.
    Twice(String),
    /// The run cannot be written down.
    Unwritable(SnapshotError),
    /// The run cannot be resumed.
    Unreadable(ResumeError),
}

/// What outlives a crash.
struct World {
    probe: Arc<Probe>,
    /// By number of the execution.
    names: Vec<Option<Name>>,
    /// By step: how many executions have a name.
    named: Vec<u32>,
    /// By step: how many tries still fail.
    fails: Vec<u32>,
    /// The events that have not come.
    to_come: Vec<u16>,
    crashes: u32,
    /// What those have done, in which order, that share what nobody sees.
    unseen: u64,
    /// The executions that have returned.
    returned: BTreeSet<u64>,
    twice: Option<String>,
    unordered: u64,
    recordings: Vec<Recording>,
    choices: Vec<Choice>,
    touches: Vec<Touch>,
    moves: usize,
}

/// A step that goes on.
struct Live<'r, E> {
    name: Name,
    invocation: InvocationId,
    future: Pin<Box<dyn Future<Output = (InvocationId, super::Ended<E>)> + Send + 'r>>,
    bell: Arc<Bell>,
    waker: Waker,
    polls: u32,
    seen: u64,
    is_opaque: bool,
    /// Whether it waits for something that is not known here.
    is_unknown: bool,
}

/// Whether a step wants to go on.
struct Bell {
    rings: AtomicBool,
    /// Who sleeps until any does.
    sleeper: Arc<Mutex<Option<Waker>>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rings.store(true, Ordering::Release);
        let sleeper = self.sleeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sleeper) = sleeper {
            sleeper.wake();
        }
    }
}

impl Bell {
    fn rings(&self) -> bool {
        self.rings.load(Ordering::Acquire)
    }
}

/// How one life of the process ended.
enum Death<W: Workflow> {
    End(End<W>),
    Crash(Box<Written>),
}

/// Plays one run.
pub(crate) async fn play<W: Workflow>(
    flow: &W,
    start: W::Event,
    director: &mut dyn Director,
    stage: &Stage<'_, W>,
) -> Played<W> {
    let steps = W::graph().steps.len();
    let mut world = World {
        probe: Arc::default(),
        names: Vec::new(),
        named: vec![0; steps],
        fails: stage.cast.iter().map(|part| part.fails).collect(),
        to_come: (0..stage.events.len() as u16).collect(),
        crashes: stage.crashes,
        unseen: 0,
        returned: BTreeSet::new(),
        twice: None,
        unordered: 0,
        recordings: Vec::new(),
        choices: Vec::new(),
        touches: Vec::new(),
        moves: 0,
    };
    let mut core = Arc::new(Core::new());
    core.set_id("explored".into());
    core.set_special(Box::new(special(&world, stage, Duration::ZERO)));
    open(&core, start, W::TIMEOUT, stage.crashes > 0);
    let mut death = live(flow, &core, director, stage, &mut world).await;
    let end = loop {
        match death {
            Death::End(end) => {
                world.recordings.extend(core.recording());
                break end;
            }
            Death::Crash(written) => {
                world.probe = Arc::default();
                let special = special(&world, stage, written.elapsed());
                match written.read::<W>(special) {
                    Ok(read) => {
                        core = read.core;
                        core.set_special(read.special);
                        core.recorder().into_iter().for_each(|recorder| {
                            core.machine().iter().for_each(|machine| recorder.resumes(machine));
                        });
                        death = live(flow, &core, director, stage, &mut world).await;
                    }
                    Err(error) => break End::Unreadable(error),
                }
            }
        }
    };
    let World { recordings, unordered, .. } = world;
    Played { end, recordings, unordered }
}

fn special<W: Workflow>(world: &World, stage: &Stage<'_, W>, before: Duration) -> Special {
    let mut watch = Watch::default();
    watch.explore(Arc::clone(&world.probe));
    if stage.records {
        watch.record(Recorder::new::<W>(Room::new(EXECUTIONS), before, Duration::ZERO));
    }
    Special { resumable: stage.crashes > 0, watch, ..Special::default() }
}

/// One life of the process.
async fn live<W: Workflow>(
    flow: &W,
    core: &Arc<Core<W>>,
    director: &mut dyn Director,
    stage: &Stage<'_, W>,
    world: &mut World,
) -> Death<W> {
    let limit = core.machine().as_ref().and_then(|machine| machine.deadline());
    let before = core.begin();
    let mut driver = Driver::new(Clock::new(limit, before));
    world.probe.set_now(before);
    let mut play = Play {
        flow,
        core,
        stage,
        fork: Fork {
            core,
            driver: &mut driver,
            plan: W::Event::plan(),
            is_whole: true,
            adopted: Vec::new(),
            rung: false,
            writing: None,
            ordered: VecDeque::new(),
            current: None,
            going: BTreeSet::new(),
        },
        lives: Vec::new(),
        sleeper: Arc::default(),
    };
    let mut outcome = play.settle(world);
    world.probe.take_touches(&mut world.touches);
    loop {
        if let Some(always) = stage.always
            && !always(&core.state())
        {
            return Death::End(End::Broken);
        }
        if let Some(twice) = world.twice.take() {
            return Death::End(End::Twice(twice));
        }
        if let Some(outcome) = outcome {
            return Death::End(play.finish(outcome));
        }
        let due = play.due();
        play.list(world, due);
        let choices = std::mem::take(&mut world.choices);
        if choices.is_empty() || matches!(choices[..], [Choice::Crash]) {
            return Death::End(End::Stuck(play.what_waits()));
        }
        world.moves += 1;
        if world.moves > stage.most_moves {
            core.close();
            return Death::End(End::Endless);
        }
        let key = director.wants_key().then(|| play.key(world));
        let choice = director.choose(&choices, key);
        world.choices = choices;
        let Some(choice) = choice else {
            core.close();
            return Death::End(End::Left);
        };
        match choice {
            Choice::Step(name) => {
                if play.go_on(name, world) {
                    // What has given its turn to others is woken by the runtime.
                    tokio::task::yield_now().await;
                }
            }
            Choice::Event(place) => {
                world.to_come.retain(|other| *other != place);
                core.receive(Inbound::Received(stage.events[usize::from(place)].clone()));
            }
            Choice::Time => {
                if !play.pass_time(due, world).await {
                    return Death::End(End::Stuck(play.what_waits()));
                }
            }
            Choice::Crash | Choice::CrashIn(_) => {
                world.crashes -= 1;
                let written = Written::of(core);
                if let Choice::CrashIn(name) = choice {
                    let _ = play.poll(name, world);
                }
                world.recordings.extend(core.recording());
                core.close();
                director.moved(&[Touch::change(Part::All)]);
                return match written {
                    Ok(written) => Death::Crash(Box::new(written)),
                    Err(error) => Death::End(End::Unwritable(error)),
                };
            }
        }
        outcome = play.settle(world);
        if choice != Choice::Time && play.due().at != due.at {
            world.probe.touch(Touch::read(Part::Time));
        }
        if outcome.is_some() || due.is_last_resort && choice == Choice::Time {
            world.probe.touch(Touch::change(Part::All));
        }
        world.probe.take_touches(&mut world.touches);
        director.moved(&world.touches);
    }
}

/// What is due next.
#[derive(Clone, Copy, Default)]
struct Due {
    at: Option<Duration>,
    /// Whether it is to be waited for only when nothing else can go on.
    is_last_resort: bool,
    /// Whether a step waits for something that is not known here.
    is_unknown: bool,
}

/// One life of the process, in the middle.
struct Play<'d, W: Workflow> {
    flow: &'d W,
    core: &'d Arc<Core<W>>,
    stage: &'d Stage<'d, W>,
    fork: Fork<'d, W>,
    lives: Vec<Live<'d, W::Event>>,
    sleeper: Arc<Mutex<Option<Waker>>>,
}

impl<W: Workflow> Play<'_, W> {
    /// Tells the machine what has come in and does what it orders; the outcome, when the run is over.
    fn settle(&mut self, world: &mut World) -> Option<Outcome<W::Event>> {
        let core = self.core;
        let mut machine = core.machine();
        let machine = machine.as_deref_mut().expect("a play begins with a machine");
        loop {
            self.take_in(machine);
            loop {
                let may_settle = machine.may_settle();
                let order = self.fork.next_order(machine);
                if may_settle && !machine.may_settle() {
                    world.probe.touch(Touch::change(Part::All));
                }
                match order {
                    Output::RunStep { invocation, step, given, again } => {
                        self.begin(world, invocation, step, given, again);
                    }
                    Output::Publish { .. } => (),
                    Output::Match { offer, waits } => self.fork.match_waits(machine, offer, &waits),
                    Output::MatchKept { wait } => self.fork.match_kept(machine, wait),
                    Output::Wake { invocation, step, wait, event } => {
                        self.fork.wake(machine, invocation, step, wait, event);
                    }
                    Output::Finish(outcome) => return Some(outcome),
                    Output::Wait { .. } => break,
                }
            }
            if core.attention.load(Ordering::Relaxed) {
                continue;
            }
            let is_quiet = self.lives.iter().all(|live| !live.bell.rings());
            let may_be_stuck =
                is_quiet && machine.has_waits() && !machine.is_busy() && !machine.knows_that_waits_are_all();
            if may_be_stuck && core.with_waiting(|waiting| waiting.are_all()) {
                self.fork.tell(machine, Input::WaitsAreAll);
                continue;
            }
            return None;
        }
    }

    fn take_in(&mut self, machine: &mut Machine<W::Event>) {
        if self.core.attention.load(Ordering::Relaxed) {
            for inbound in self.core.take_inbox() {
                let fact = self.fork.fact(inbound);
                self.fork.tell(machine, fact);
            }
        }
    }

    /// What may come next, the most ordinary first.
    fn list(&self, world: &mut World, due: Due) {
        let World { choices, to_come, crashes, .. } = world;
        choices.clear();
        let ready = self.lives.iter().filter(|live| live.bell.rings());
        choices.extend(ready.clone().map(|live| Choice::Step(live.name)));
        let is_quiet = choices.is_empty();
        choices.extend(to_come.iter().map(|place| Choice::Event(*place)));
        if (due.at.is_some() || due.is_unknown) && (is_quiet || !due.is_last_resort) {
            choices.push(Choice::Time);
        }
        if *crashes > 0 {
            choices.push(Choice::Crash);
            let opaque = ready.filter(|live| live.is_opaque);
            choices.extend(opaque.map(|live| Choice::CrashIn(live.name)));
        }
    }

    fn due(&self) -> Due {
        let machine = self.core.machine();
        let machine = machine.as_deref().expect("a play begins with a machine");
        let (asleep, guard) = self.fork.core.probe().map(|probe| probe.next()).unwrap_or_default();
        let timer = [machine.next_timer(), asleep].into_iter().flatten().min();
        let guard = [machine.deadline().filter(|_| !machine.is_over()), guard].into_iter().flatten().min();
        let is_quiet = self.lives.iter().all(|live| !live.bell.rings());
        let is_unknown = is_quiet && self.lives.iter().any(|live| live.is_unknown);
        let at = [timer, guard].into_iter().flatten().min();
        Due { at, is_last_resort: timer.is_none(), is_unknown }
    }

    /// Lets a step go on until it waits or ends; whether it waits for something that is not known here.
    fn go_on(&mut self, name: Name, world: &mut World) -> bool {
        let Some((place, polled)) = self.poll(name, world) else {
            return false;
        };
        let Poll::Ready((invocation, ended)) = polled else {
            return self.lives[place].is_unknown;
        };
        drop(self.lives.remove(place));
        let mut machine = self.core.machine();
        let machine = machine.as_deref_mut().expect("a play begins with a machine");
        self.take_in(machine);
        let returned = matches!(&ended, super::Ended::Exit(exit) if !matches!(exit, Exit::Failed(_)));
        if returned && !world.returned.insert(invocation.number) {
            let step = W::graph().steps[usize::from(name.step)].name;
            world.twice = Some(format!("what `{step}` returned was delivered twice"));
        }
        self.fork.note_end(machine, Some(invocation), ended);
        false
    }

    /// Polls a step, of which nobody has taken note yet.
    #[expect(clippy::type_complexity, reason = "a place, and what a future gives")]
    fn poll(
        &mut self,
        name: Name,
        world: &mut World,
    ) -> Option<(usize, Poll<(InvocationId, super::Ended<W::Event>)>)> {
        let place = self.lives.iter().position(|live| live.name == name)?;
        let core = self.core;
        let live = &mut self.lives[place];
        let number = live.invocation.number;
        live.bell.rings.store(false, Ordering::Relaxed);
        let seen = world.probe.swap_seen(live.seen);
        let _ = world.probe.take_slept();
        let before = core.open_waits(number, false);
        let mut cx = Context::from_waker(&live.waker);
        let mut polled = live.future.as_mut().poll(&mut cx);
        if polled.is_pending() && core.open_waits(number, false) > before {
            // A step that begins to wait is looked at once more, to see whether it does anything else.
            live.bell.rings.store(false, Ordering::Relaxed);
            polled = live.future.as_mut().poll(&mut cx);
        }
        live.polls += 1;
        live.seen = world.probe.swap_seen(seen);
        if live.is_opaque {
            world.probe.touch(Touch::change(Part::Unseen));
            let name = [u64::from(name.step), u64::from(name.index), live.seen, world.unseen];
            world.unseen = fnv_1a(&name.map(u64::to_le_bytes).concat());
        }
        let is_known = live.bell.rings()
            || world.probe.take_slept()
            || core.open_waits(number, false) > 0 && {
                let is_timed = W::graph().steps[usize::from(name.step)].timeout.is_some();
                is_timed || core.with_waiting(|waiting| waiting.only_waits_for(number)).is_some()
            };
        live.is_unknown = polled.is_pending() && !is_known;
        Some((place, polled))
    }

    /// Lets time pass until something is due; false when nothing will ever be.
    async fn pass_time(&mut self, due: Due, world: &mut World) -> bool {
        let now = self.fork.driver.now();
        let left = due.at.map(|at| at.saturating_sub(now));
        match left {
            Some(left) if !due.is_unknown => tokio::time::advance(left).await,
            left => {
                world.unordered += 1;
                if !self.sleep(left).await {
                    return false;
                }
            }
        }
        let now = self.fork.driver.now();
        world.probe.touch(Touch::change(Part::Time));
        world.probe.set_now(now);
        let mut machine = self.core.machine();
        let machine = machine.as_deref_mut().expect("a play begins with a machine");
        if machine.until().is_some_and(|until| until <= now) {
            self.fork.tell(machine, Input::TimePassed);
        }
        true
    }

    /// Sleeps until a step is woken by what is not known here, or the time is over; false when neither comes.
    async fn sleep(&self, left: Option<Duration>) -> bool {
        /// On the clock of tokio, which jumps when nothing else is to do.
        const FOR_EVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);
        /// On the wall.
        const PATIENCE: Duration = Duration::from_secs(5);
        let woken = poll_fn(|cx| {
            *self.sleeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            match self.lives.iter().any(|live| live.bell.rings()) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        });
        if tokio::time::timeout(left.unwrap_or(FOR_EVER), woken).await.is_ok() || left.is_some() {
            return true;
        }
        // Something outside of this process, or on another thread, may still wake a step.
        let began = std::time::Instant::now();
        while began.elapsed() < PATIENCE {
            if self.lives.iter().any(|live| live.bell.rings()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
            tokio::task::yield_now().await;
        }
        false
    }

    fn finish(&mut self, outcome: Outcome<W::Event>) -> End<W> {
        let text = match &outcome {
            Outcome::Stopped(event) => serde_json::to_string(event).ok(),
            _ => None,
        };
        let result = self.fork.finish(outcome);
        self.core.close();
        let text = text.unwrap_or_else(|| match &result {
            Ok(_) => "a result that cannot be written down".to_owned(),
            Err(error) => words(error),
        });
        End::Over(result, text)
    }

    /// What the run waits for that will never come.
    fn what_waits(&self) -> String {
        let step = |live: &Live<'_, W::Event>| {
            let number = live.invocation.number;
            let waits = self.core.if_rest(|rest| rest.waiting.only_waits_for(number)).flatten();
            let step = W::graph().steps[usize::from(live.name.step)].name;
            match waits {
                Some(event) => format!("`{step}` waits for `{}`", W::graph().event_name(event)),
                None => format!("`{step}` waits for something that never comes"),
            }
        };
        let steps: Vec<String> = self.lives.iter().map(step).collect();
        match &steps[..] {
            [] => "the run waits for an event from outside".to_owned(),
            steps => steps.join(", "),
        }
    }

    /// Where the run is, with all that decides how it goes on.
    fn key(&self, world: &World) -> u128 {
        let mut bytes = Vec::with_capacity(512);
        let core = self.core;
        {
            let machine = core.machine();
            let checkpoint = machine.as_ref().map(|machine| machine.checkpoint());
            // What cannot be written down is refused when the process dies.
            let _ = serde_json::to_writer(&mut bytes, &checkpoint);
        }
        let _ = serde_json::to_writer(&mut bytes, &*core.state());
        core.if_rest(|rest| {
            let _ = serde_json::to_writer(&mut bytes, &(&rest.values, &rest.collected));
        });
        let mut note = |number: u64| bytes.extend(number.to_le_bytes());
        for live in &self.lives {
            note(live.invocation.number);
            note(u64::from(live.polls) << 1 | u64::from(live.bell.rings()));
            note(live.seen);
        }
        note(world.unseen);
        note(u64::from(world.crashes));
        note(self.fork.driver.now().as_nanos() as u64);
        world.to_come.iter().for_each(|place| note(u64::from(*place)));
        world.fails.iter().for_each(|fails| note(u64::from(*fails)));
        let low = fnv_1a(&bytes);
        bytes.extend(low.to_le_bytes());
        u128::from(low) << 64 | u128::from(fnv_1a(&bytes).rotate_left(17) ^ bytes.len() as u64)
    }
}

/// An error with all its causes.
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
