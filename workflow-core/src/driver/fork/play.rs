//! Play: a run whose order is chosen from outside: which step goes on, what comes in, when time passes, where the
//! process dies.
//!
//! It is a fork like any other, but for the one question of what comes next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::driver::Core;
use crate::driver::begin::open;
use crate::driver::probe::Probe;
use crate::driver::record::{EXECUTIONS, Recorder, Room};
use crate::driver::snapshot::Written;
use crate::driver::special::Special;
use crate::driver::watch::Watch;
use crate::machine::Touch;
use crate::{BoxError, Emission, Recording, ResumeError, RunError, SnapshotError, Workflow};

use life::live;

mod acting;
mod life;
mod point;

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

/// What holds of the state at every moment.
pub(crate) type Always<'s, W> = dyn Fn(&<W as Workflow>::State) -> bool + 's;

/// What all plays of one check have in common.
pub(crate) struct Stage<'s, W: Workflow> {
    /// By step.
    pub(crate) cast: &'s [Cue<W::Event>],
    /// What comes from outside.
    pub(crate) events: &'s [W::Event],
    /// What holds of the state at every moment.
    pub(crate) always: Option<&'s Always<'s, W>>,
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
    /// By number and try: how often a step has sent and published something, at most in any life, and how often that
    /// was delivered in all of them.
    given_out: BTreeMap<(u64, u32), (u32, u32)>,
    twice: Option<String>,
    unordered: u64,
    recordings: Vec<Recording>,
    choices: Vec<Choice>,
    touches: Vec<Touch>,
    moves: usize,
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
        given_out: BTreeMap::new(),
        twice: None,
        unordered: 0,
        recordings: Vec::new(),
        choices: Vec::new(),
        touches: Vec::new(),
        moves: 0,
    };
    let mut core = Arc::<Core<W>>::default();
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

fn special<W: Workflow>(world: &World, stage: &Stage<'_, W>, before: Duration) -> Special<W::Event> {
    let mut watch = Watch::default();
    watch.explore(Arc::clone(&world.probe));
    if stage.records {
        watch.record(Recorder::new::<W>(Room::new(EXECUTIONS), before, Duration::ZERO));
    }
    Special { resumable: stage.crashes > 0, watch, ..Special::default() }
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
