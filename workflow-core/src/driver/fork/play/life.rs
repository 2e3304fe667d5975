//! Life: one life of the process in a play, from its start or its resume to its end or the next crash.

use std::collections::{BTreeSet, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::{Choice, Death, Director, End, Name, Stage, World};
use crate::driver::clock::Clock;
use crate::driver::drive::Driver;
use crate::driver::fork::{Ended, Fork};
use crate::driver::snapshot::Written;
use crate::driver::{Core, Execution, Exit, Inbound};
use crate::hash::fnv_1a;
use crate::machine::{Input, InvocationId, Machine, Outcome, Output, Part, Touch};
use crate::{Events, Workflow};

/// A step that goes on.
pub(super) struct Live<'r, E> {
    pub(super) name: Name,
    pub(super) invocation: InvocationId,
    pub(super) future: Pin<Box<dyn Future<Output = (InvocationId, Ended<E>)> + Send + 'r>>,
    pub(super) bell: Arc<Bell>,
    pub(super) waker: Waker,
    pub(super) polls: u32,
    pub(super) seen: u64,
    pub(super) is_opaque: bool,
    /// Of the step itself, and not of one that stands in for it.
    pub(super) execution: Option<Arc<Execution<E>>>,
    /// Whether it waits for something that is not known here.
    pub(super) is_unknown: bool,
}

/// Whether a step wants to go on.
pub(super) struct Bell {
    pub(super) rings: AtomicBool,
    /// Who sleeps until any does.
    pub(super) sleeper: Arc<Mutex<Option<Waker>>>,
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
    pub(super) fn rings(&self) -> bool {
        self.rings.load(Ordering::Acquire)
    }
}

/// One life of the process.
pub(super) async fn live<W: Workflow>(
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
pub(super) struct Play<'d, W: Workflow> {
    pub(super) flow: &'d W,
    pub(super) core: &'d Arc<Core<W>>,
    pub(super) stage: &'d Stage<'d, W>,
    pub(super) fork: Fork<'d, W>,
    pub(super) lives: Vec<Live<'d, W::Event>>,
    pub(super) sleeper: Arc<Mutex<Option<Waker>>>,
}

impl<W: Workflow> Play<'_, W> {
    /// Tells the machine what has come in and does what it orders; the outcome, when the run is over.
    fn settle(&mut self, world: &mut World) -> Option<Outcome<W::Event>> {
        let core = self.core;
        let mut machine = core.machine();
        let machine = machine.as_deref_mut().expect("a play begins with a machine");
        loop {
            let _ = self.take_in(machine);
            loop {
                let may_settle = machine.may_settle();
                let order = self.fork.next_order(machine);
                if may_settle && !machine.may_settle() {
                    world.probe.touch(Touch::change(Part::All));
                }
                match order {
                    Output::RunStep { invocation, step, given, again } => {
                        self.begin(world, machine, (invocation, step), given, again);
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

    /// Tells the machine what has come in; how much of it the step that went on has sent and published.
    fn take_in(&mut self, machine: &mut Machine<W::Event>) -> u32 {
        let mut given_out = 0;
        if self.core.attention.load(Ordering::Relaxed) {
            for inbound in self.core.take_inbox() {
                let fact = self.fork.fact(inbound);
                let is_counted = |invocation: &InvocationId| *invocation != InvocationId::NONE;
                given_out += match &fact {
                    Input::StepSent { invocation, .. } | Input::StepPublished { invocation, .. } => {
                        u32::from(is_counted(invocation))
                    }
                    _ => 0,
                };
                self.fork.tell(machine, fact);
            }
        }
        given_out
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
        let core = self.core;
        let mut machine = core.machine();
        let machine = machine.as_deref_mut().expect("a play begins with a machine");
        let delivered = self.take_in(machine);
        if let Some(execution) = self.lives[place].execution.as_ref().filter(|_| delivered > 0) {
            let number = self.lives[place].invocation.number;
            let counts = world.given_out.entry((number, execution.attempt.number)).or_default();
            *counts = (counts.0.max(execution.given_out()), counts.1 + delivered);
            if counts.1 > counts.0 {
                let step = W::graph().steps[usize::from(name.step)].name;
                world.twice = Some(format!("what `{step}` sent or published was delivered twice"));
            }
        }
        let Poll::Ready((invocation, ended)) = polled else {
            return self.lives[place].is_unknown;
        };
        drop(self.lives.remove(place));
        let returned = matches!(&ended, Ended::Exit(exit) if !matches!(exit, Exit::Failed(_)));
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
    ) -> Option<(usize, Poll<(InvocationId, Ended<W::Event>)>)> {
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
}
