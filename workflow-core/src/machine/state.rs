//! State: all that a run has in hand between two facts. It serialises at any moment.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::slots::Slots;
use super::{Given, Output, Plan};

/// The state of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State<E> {
    pub(super) steps: Vec<StepState<E>>,
    pub(super) running: Slots<Running<E>>,
    pub(super) batches: Slots<Batch<E>>,
    /// Open batches in which nothing runs and something waits in a join, by age.
    pub(super) settled: BTreeSet<BatchId>,
    pub(super) orders: VecDeque<Output<E>>,
    pub(super) next_invocation: u64,
    pub(super) next_batch: u64,
    pub(super) queued: usize,
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
}

/// An event that waits in a join.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Held<E> {
    pub(super) event: E,
    pub(super) batch: Option<BatchId>,
}

/// An execution that was ordered and has not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Running<E> {
    pub(super) number: u64,
    pub(super) step: u16,
    pub(super) batch: Option<BatchId>,
    /// Kept only where the run may have to start it again.
    pub(super) given: Option<Given<E>>,
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
    /// Executions that run or wait for a worker, and open batches inside.
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
    pub(super) fired: bool,
}

impl<E> State<E> {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            steps: plan.slots.iter().map(|slots| StepState::new(slots.len())).collect(),
            running: Slots::new(),
            batches: Slots::new(),
            settled: BTreeSet::new(),
            orders: VecDeque::new(),
            next_invocation: 0,
            next_batch: 0,
            queued: 0,
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
            queue: VecDeque::new(),
            held: (0..slots).map(|_| VecDeque::new()).collect(),
            lacking: slots,
        }
    }
}
