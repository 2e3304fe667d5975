//! Recording: what a run has done, as data that can be drawn, printed and written down.
//!
//! Nothing in here runs anything: `driver/record.rs` takes it down. It carries the picture of its workflow, so
//! that it can be drawn by a program that does not know the workflow.

mod execution;
#[cfg(feature = "draw")]
mod facts;
mod passed;
mod print;
mod rows;
mod test;
mod words;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::Drawing;
use crate::draw::Scene;

pub use execution::{Ended, Execution, WaitEnded, Waited};
#[cfg(feature = "runtime")]
pub(crate) use passed::shortened;
pub use passed::{How, Passed};
#[cfg(feature = "draw")]
pub(crate) use rows::{Row, is_shown};
#[cfg(feature = "draw")]
pub(crate) use words::{count, length};

/// What one run has done: each try of each step with what it took and gave, and which paths were taken.
///
/// [`Run::record`](crate::Run::record) turns recording on, [`Run::recording`](crate::Run::recording) gives what
/// there is so far. It prints as a timeline for the terminal, [`Recording::draw`] shows the path that was taken
/// over those that were not. It serialises, so that a run that failed can be drawn elsewhere.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Versioned<Map<String, Value>>")]
pub struct Recording {
    run: Arc<Recorded>,
}

/// A recording as it is written down; of another version it may be anything.
#[derive(Serialize, Deserialize)]
struct Versioned<R> {
    version: u32,
    #[serde(flatten)]
    run: R,
}

/// The version of what is written.
const VERSION: u32 = 1;

/// All that is known of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) id: String,
    /// When it began, in milliseconds since 1970.
    pub(crate) began_at: u64,
    /// The time that it had spent before it was resumed.
    pub(crate) before: Duration,
    /// When it was called, counted from the start of the run that did.
    pub(crate) called_at: Duration,
    /// How long it has gone on, with that time.
    pub(crate) lasted: Duration,
    pub(crate) outcome: Outcome,
    pub(crate) executions: Vec<Execution>,
    /// How many executions were left out for want of room, and how many stand before the gap.
    pub(crate) left_out: u64,
    pub(crate) gap: usize,
    /// How often which way was gone, also by what was left out.
    pub(crate) paths: Vec<(Path, u64)>,
    /// What the steps have done, by step; also by what was left out.
    pub(crate) steps: Vec<Steps>,
    /// What can happen.
    pub(crate) flow: Scene,
}

impl PartialEq for Recorded {
    fn eq(&self, other: &Self) -> bool {
        let head = |run: &Self| (run.began_at, run.before, run.lasted, run.left_out, run.gap);
        head(self) == head(other)
            && (&self.id, &self.outcome) == (&other.id, &other.outcome)
            && (&self.executions, &self.paths) == (&other.executions, &other.paths)
            && (&self.steps, self.flow.name()) == (&other.steps, other.flow.name())
    }
}

/// How the recorded run ended, if it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Outcome {
    /// It goes on, or has not begun.
    Open,
    /// With this stop event.
    Stopped(Passed),
    /// A step gave up, and nothing caught that.
    #[non_exhaustive]
    Failed {
        /// The step's name.
        step: String,
        /// How many times it was tried.
        attempts: u32,
        /// What the last try failed with.
        error: String,
    },
    /// Nothing was left that could happen.
    #[non_exhaustive]
    Stalled {
        /// What waits for what.
        why: String,
    },
    /// The run's time was over.
    #[non_exhaustive]
    TimedOut {
        /// The steps that were running.
        running: Vec<String>,
    },
    /// Nobody wanted the result any more.
    Cancelled,
    /// It could not go on, or not begin.
    #[non_exhaustive]
    Refused {
        /// Why not.
        why: String,
    },
}

/// One way in the graph; steps and events by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Path {
    /// The run began with its input.
    Started,
    /// The stop event came.
    Stopped,
    /// A step gave an event; in a batch, or not.
    Gave { step: u16, event: u16, many: bool },
    /// An event started a step, or was one of those that did.
    Took { step: u16, event: u16 },
    /// An event was one that a step had waited for.
    Woke { step: u16, event: u16 },
    /// The caller got an event, or was to get it.
    Published { event: u16 },
    /// The caller sent an event.
    Received { event: u16 },
    /// A catch ran for a step.
    Caught { step: u16, catch: u16 },
}

/// What one step has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Steps {
    pub(crate) executions: u64,
    pub(crate) tries: u64,
    pub(crate) failures: u64,
    /// The tries that have not ended, or were dropped.
    pub(crate) running: u64,
    /// Its last try that ended has failed, and no other came after.
    pub(crate) gave_up: bool,
}

impl Recording {
    pub(crate) fn new(run: Recorded) -> Self {
        Self { run: Arc::new(run) }
    }

    /// The path that was taken, over those that were not, and a timeline: as HTML with all that is known on
    /// hover, as SVG, Mermaid, DOT and text.
    #[must_use]
    pub fn draw(&self) -> Drawing {
        Drawing::of_recording(self.clone())
    }

    /// The workflow's name.
    #[must_use]
    pub fn workflow(&self) -> &str {
        self.run.flow.name()
    }

    /// The run's id.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run.id
    }

    /// When the recording began, by the clock of the machine on which it did: for display, and for nothing that
    /// is computed.
    #[must_use]
    pub fn began_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_millis(self.run.began_at))
            .unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The time that the run had spent before it was resumed; what it did then is in no execution here.
    #[must_use]
    pub fn before(&self) -> Duration {
        self.run.before
    }

    /// From the run's start to its end, or to now.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.run.lasted
    }

    /// How the run ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.run.outcome
    }

    /// Each try of each step, in the order in which they began; in the middle some may be
    /// [`left_out`](Recording::left_out).
    #[must_use]
    pub fn executions(&self) -> &[Execution] {
        &self.run.executions
    }

    /// How many executions were left out for want of room: the first and the last are kept.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.run.left_out
    }

    /// How often the step began, without later tries, and also where that is left out.
    #[must_use]
    pub fn times(&self, step: &str) -> u64 {
        let place = self.run.flow.place_of_step(step);
        place.and_then(|place| self.run.steps.get(place)).map_or(0, |steps| steps.executions)
    }

    /// How often the step failed, each try counted.
    #[must_use]
    pub fn failures(&self, step: &str) -> u64 {
        let place = self.run.flow.place_of_step(step);
        place.and_then(|place| self.run.steps.get(place)).map_or(0, |steps| steps.failures)
    }

    /// The lines of the picture with how often each was taken: from, to, times. A line leads from a step to an
    /// event, and from an event to a step; `start`, `stop` and `caller` stand at the doors.
    pub fn paths(&self) -> impl Iterator<Item = (String, String, u64)> {
        let scene = self.scene();
        scene.into_paths()
    }

    /// The runs that this execution has called, as recordings of their own.
    pub fn called_by(&self, execution: &Execution) -> impl Iterator<Item = Self> {
        execution.called.iter().map(|run| Self::new(run.clone()))
    }

    #[cfg(feature = "draw")]
    pub(crate) fn recorded(&self) -> &Recorded {
        &self.run
    }

    /// The picture of the workflow, with what was done.
    pub(crate) fn scene(&self) -> Scene {
        let mut scene = self.run.flow.clone();
        scene.trace(&self.run);
        scene
    }
}

impl Serialize for Recording {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Versioned { version: VERSION, run: &*self.run }.serialize(serializer)
    }
}

impl TryFrom<Versioned<Map<String, Value>>> for Recording {
    type Error = String;

    fn try_from(Versioned { version, run }: Versioned<Map<String, Value>>) -> Result<Self, String> {
        if version > VERSION {
            return Err(format!(
                "the recording has version {version}, and {VERSION} is the newest that is known here"
            ));
        }
        let run: Recorded = serde_json::from_value(Value::Object(run)).map_err(|error| error.to_string())?;
        if run.gap > run.executions.len() {
            return Err("the recording has a gap where it has no executions".to_owned());
        }
        Ok(Self::new(run))
    }
}

/// A timeline for the terminal, one line an execution, in 80 columns.
impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::write(&self.run, f)
    }
}
