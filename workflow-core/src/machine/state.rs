//! State: all that a run has in hand between two facts. It serialises at any moment.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::slots::Slots;
use super::{Given, History, InvocationId, Output, Plan};

/// The state of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State<E> {
    pub(super) steps: Vec<StepState<E>>,
    /// Executions that have started and not ended: they run, wait, or are to be tried again.
    pub(super) running: Slots<Running<E>>,
    /// How many of them run: they do not wait, nor are they between two tries.
    pub(super) active: usize,
    pub(super) batches: Slots<Batch<E>>,
    /// Open batches in which nothing runs and something waits in a join, by age.
    pub(super) settled: BTreeSet<BatchId>,
    pub(super) orders: VecDeque<Output<E>>,
    pub(super) next_invocation: u64,
    pub(super) next_batch: u64,
    pub(super) queued: usize,
    pub(super) timers: BTreeSet<Timer>,
    /// Open waits by name, which is by age. A run that is resumed begins them again.
    #[serde(skip)]
    pub(super) waits: BTreeMap<u64, Wait>,
    /// Waits that were open when the run was written down, and that their steps have not begun again.
    #[serde(skip)]
    pub(super) awaited: BTreeSet<Awaited>,
    /// Events that some wait may want, and that no fact has told the wish of yet, or that wait for it to begin
    /// again.
    pub(super) offers: VecDeque<Offer<E>>,
    pub(super) next_offer: u64,
    /// Events that came before a wait for them began, in order of their kinds.
    #[serde(with = "by_kind")]
    pub(super) kept: Vec<Kept<E>>,
    /// Whether the steps that wait do nothing else.
    pub(super) waits_are_all: bool,
    pub(super) deadline: Option<Duration>,
    pub(super) last_returned: Option<u16>,
    pub(super) started: bool,
    pub(super) over: bool,
}

/// What one step has in hand.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StepState<E> {
    pub(super) running: u32,
    pub(super) ran: bool,
    /// Executions that had a worker before and need one again; they go before the queue.
    pub(super) returning: VecDeque<Returning<E>>,
    pub(super) queue: VecDeque<Queued<E>>,
    /// By slot of a join: the events that wait for the others.
    pub(super) held: Vec<VecDeque<Held<E>>>,
    /// How many slots have too few.
    pub(super) lacking: usize,
}

/// An execution that waits for a free worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Queued<E> {
    pub(super) given: Given<E>,
    pub(super) batch: Option<BatchId>,
    pub(super) line: Line,
}

/// An execution that waits for a free worker, not for the first time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Returning<E> {
    /// It starts from its beginning.
    Start(InvocationId),
    /// It goes on with what it waited for.
    Wake { wait: u64, invocation: InvocationId, event: Option<E> },
}

/// An event that waits in a join.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Held<E> {
    pub(super) event: E,
    pub(super) batch: Option<BatchId>,
    pub(super) line: Line,
}

/// An execution that was ordered and has not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Running<E> {
    pub(super) number: u64,
    pub(super) step: u16,
    pub(super) phase: Phase,
    pub(super) batch: Option<BatchId>,
    pub(super) line: Line,
    /// Kept only where it may have to start again, or be caught.
    pub(super) given: Option<Given<E>>,
    /// When the first try began.
    pub(super) began: Duration,
    pub(super) tries: Option<Box<Tries>>,
    /// Kept only where the run can be written down.
    pub(super) history: Option<Box<History<E>>>,
}

impl<E> Running<E> {
    /// An execution that begins `now`.
    pub(super) fn new(number: u64, step: u16, now: Duration, batch: Option<BatchId>, line: Line) -> Self {
        Self {
            number,
            step,
            phase: Phase::Active,
            batch,
            line,
            given: None,
            began: now,
            tries: None,
            history: None,
        }
    }
}

/// Where an execution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// It holds a worker.
    Active,
    /// It waits for so many events, or for a worker to go on with what came.
    Waiting(u32),
    /// It failed, and is tried again later.
    BetweenTries,
}

/// The tries of an execution that have failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tries {
    pub(super) failures: u32,
    pub(super) last_error: String,
}

/// How often each catch has run in the line of events that leads to here; nothing for most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[expect(clippy::box_collection, reason = "most lines are empty, and one word is all that they take")]
pub(super) struct Line(Option<Box<Vec<(u16, u32)>>>);

impl Line {
    /// How often the catch has run.
    pub(super) fn times(&self, catch: u16) -> u32 {
        let entries = self.0.iter().flat_map(|entries| entries.iter());
        entries.filter(|(step, _)| *step == catch).map(|(_, times)| *times).sum()
    }

    /// The line after one more run of the catch.
    pub(super) fn and(mut self, catch: u16) -> Self {
        let entries = self.0.get_or_insert_default();
        match entries.iter_mut().find(|(step, _)| *step == catch) {
            Some((_, times)) => *times += 1,
            None => entries.push((catch, 1)),
        }
        self
    }

    /// The line of what follows from both.
    #[inline]
    pub(super) fn join(&mut self, other: &Self) {
        if other.0.is_some() {
            self.join_entries(other);
        }
    }

    fn join_entries(&mut self, other: &Self) {
        for (catch, times) in other.0.iter().flat_map(|entries| entries.iter()) {
            let entries = self.0.get_or_insert_default();
            match entries.iter_mut().find(|(step, _)| step == catch) {
                Some((_, most)) => *most = (*most).max(*times),
                None => entries.push((*catch, *times)),
            }
        }
    }
}

/// Something that is due at a time, counted from the run's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Timer {
    pub(super) at: Duration,
    pub(super) due: Due,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Due {
    /// The next try of an execution.
    Retry(InvocationId),
    /// The end of a wait.
    Wait(u64),
}

/// A step that waits for an event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Wait {
    pub(super) invocation: InvocationId,
    pub(super) step: u16,
    pub(super) index: u32,
    pub(super) event: u16,
    pub(super) until: Option<Duration>,
}

/// A wait that its step begins again when it comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Awaited {
    pub(super) event: u16,
    pub(super) invocation: InvocationId,
    pub(super) index: u32,
}

/// An event that is offered to waits before it goes to the steps that take it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Offer<E> {
    pub(super) number: u64,
    pub(super) event: E,
    pub(super) batch: Option<BatchId>,
    pub(super) line: Line,
}

/// What is kept of one kind of event, the oldest first; there is at least one.
#[derive(Clone, Debug)]
pub(super) struct Kept<E> {
    pub(super) kind: u16,
    pub(super) events: VecDeque<(E, Line)>,
}

/// What is kept, written down as a map from the kind to the events.
mod by_kind {
    use std::collections::{BTreeMap, VecDeque};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Kept, Line};

    pub(super) fn serialize<E: Serialize, S: Serializer>(
        kept: &[Kept<E>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(kept.iter().map(|kept| (kept.kind, &kept.events)))
    }

    pub(super) fn deserialize<'de, E: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Kept<E>>, D::Error> {
        let kept = BTreeMap::<u16, VecDeque<(E, Line)>>::deserialize(deserializer)?;
        Ok(kept.into_iter().map(|(kind, events)| Kept { kind, events }).collect())
    }
}

/// A batch's name: its number, counted from 0 over the run, and where the state keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct BatchId {
    pub(super) number: u64,
    pub(super) slot: u32,
}

/// One batch, from the return of a `Vec` until nothing that it set off is left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Batch<E> {
    pub(super) number: u64,
    pub(super) parent: Option<BatchId>,
    pub(super) depth: u32,
    pub(super) open: bool,
    /// Executions that have not ended or wait for a worker, and open batches inside.
    pub(super) live: usize,
    /// By step: how many of the events that wait in that join are members.
    pub(super) held: Vec<(u16, usize)>,
    /// What keeps the record although the batch is closed: events in joins, and batches inside.
    pub(super) pins: usize,
    pub(super) gathering: Vec<Gathering<E>>,
}

/// The arrivals for one join of a batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Gathering<E> {
    pub(super) step: u16,
    pub(super) arrived: Vec<E>,
    pub(super) line: Line,
    pub(super) fired: bool,
}

impl<E> State<E> {
    /// Where the events of a kind are kept; an error says where they would be.
    pub(super) fn kept_at(&self, kind: u16) -> Result<usize, usize> {
        self.kept.binary_search_by_key(&kind, |kept| kept.kind)
    }

    /// Whether it has the steps and joins of this workflow.
    pub(crate) fn fits(&self, plan: &Plan) -> bool {
        let slots = self.steps.iter().map(|step| step.held.len());
        slots.eq(plan.slots.iter().map(Vec::len))
            && self.running.iter().all(|(_, running)| usize::from(running.step) < self.steps.len())
    }

    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            steps: plan.slots.iter().map(|slots| StepState::new(slots.len())).collect(),
            running: Slots::new(),
            active: 0,
            batches: Slots::new(),
            settled: BTreeSet::new(),
            orders: VecDeque::new(),
            next_invocation: 0,
            next_batch: 0,
            queued: 0,
            timers: BTreeSet::new(),
            waits: BTreeMap::new(),
            awaited: BTreeSet::new(),
            offers: VecDeque::new(),
            next_offer: 0,
            kept: Vec::new(),
            waits_are_all: false,
            deadline: None,
            last_returned: None,
            started: false,
            over: false,
        }
    }
}

impl<E> StepState<E> {
    fn new(slots: usize) -> Self {
        Self {
            running: 0,
            ran: false,
            returning: VecDeque::new(),
            queue: VecDeque::new(),
            held: (0..slots).map(|_| VecDeque::new()).collect(),
            lacking: slots,
        }
    }
}
