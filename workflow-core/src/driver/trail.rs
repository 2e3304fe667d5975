//! Trail: from which executions the events come that start another, and to which batch it belongs.
//!
//! The machine forgets where an event came from. A recorded run is followed beside it: events wait here for
//! the steps that take them, in the order in which the machine hands them out.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::Emission;
use crate::Members;
use crate::graph::Takes;
use crate::machine::{Plan, Token};

/// What is on its way to steps in one run.
pub(super) struct Trail {
    plan: &'static Plan,
    /// By event: the steps that take it.
    takers: Vec<Vec<u16>>,
    /// By step: the events that have come and not started it, oldest first.
    coming: Vec<VecDeque<Coming>>,
    /// What arrives at the steps that gather, by batch, the oldest first.
    gathering: Vec<Gathering>,
    /// By execution that has not ended: the batch to which it belongs.
    batches: HashMap<u64, Option<Batch>>,
    opened: u64,
}

/// An event on its way to a step.
#[derive(Clone)]
struct Coming {
    event: u16,
    from: Option<u64>,
    batch: Option<Batch>,
    /// What tells it from others of its kind.
    mark: u64,
}

/// A batch, and those around it.
#[derive(Clone)]
struct Batch(Arc<OneBatch>);

struct OneBatch {
    number: u64,
    /// The execution that returned it.
    opener: u64,
    depth: u32,
    around: Option<Batch>,
}

/// What has arrived of one batch at one step.
struct Gathering {
    step: u16,
    batch: Batch,
    /// How many members it was opened with.
    opened_with: usize,
    arrived: Vec<(Option<u64>, u64)>,
}

/// Where an execution comes from.
#[derive(Default)]
pub(super) struct Origin {
    /// The executions whose events started it.
    pub(super) follows: Vec<u64>,
    /// The execution that opened its batch.
    pub(super) batch: Option<u64>,
}

impl Trail {
    pub(super) fn new(plan: &'static Plan) -> Self {
        let graph = plan.graph();
        let takes = |event: u16| {
            let takes = |step: &u16| graph.steps[usize::from(*step)].takes.events().contains(&event);
            (0..graph.steps.len() as u16).filter(takes).collect()
        };
        Self {
            plan,
            takers: (0..graph.events.len() as u16).map(takes).collect(),
            coming: vec![VecDeque::new(); graph.steps.len()],
            gathering: Vec::new(),
            batches: HashMap::new(),
            opened: 0,
        }
    }

    /// An event of which nobody knows where it came from, and that waits for a step.
    pub(super) fn pending(&mut self, step: u16, event: u16) {
        let coming = Coming { event, from: None, batch: None, mark: 0 };
        self.coming[usize::from(step)].push_back(coming);
    }

    /// An event that is part of no batch.
    pub(super) fn sent(&mut self, event: u16, from: Option<u64>, mark: u64) {
        self.deliver(&Coming { event, from, batch: None, mark });
    }

    /// What an execution has returned; `mark` tells an event from others of its kind.
    pub(super) fn returned<E: Token>(
        &mut self,
        from: u64,
        emission: &Emission<E>,
        mark: &impl Fn(&E) -> u64,
    ) {
        let batch = self.batches.remove(&from).flatten();
        self.route(from, emission, batch.as_ref(), mark);
    }

    /// An execution has failed for good; what catches it belongs to the same batch.
    pub(super) fn gave_up(&mut self, from: u64, catch: Option<(u16, u16)>) {
        let batch = self.batches.remove(&from).flatten();
        if let Some((step, event)) = catch {
            let coming = Coming { event, from: Some(from), batch, mark: 0 };
            self.coming[usize::from(step)].push_back(coming);
        }
    }

    /// A wait has got an event, which does not also start the step that waited.
    pub(super) fn woke(&mut self, step: u16, event: u16, mark: u64) {
        let coming = &mut self.coming[usize::from(step)];
        if let Some(place) = coming.iter().rposition(|known| (known.event, known.mark) == (event, mark)) {
            coming.remove(place);
        }
    }

    /// A step starts for the first time with these events.
    pub(super) fn starts<E: Token>(
        &mut self,
        number: u64,
        step: u16,
        events: &[E],
        mark: &impl Fn(&E) -> u64,
    ) -> Origin {
        let (follows, batch) = match self.plan.graph().steps[usize::from(step)].takes {
            Takes::Batch { .. } => self.gathered(step, events, mark),
            Takes::Any(_) | Takes::Join(_) => self.taken(step, events),
        };
        let origin = Origin { follows, batch: batch.as_ref().map(|batch| batch.0.opener) };
        self.batches.insert(number, batch);
        origin
    }

    /// The oldest events of these kinds that have come to the step.
    fn taken<E: Token>(&mut self, step: u16, events: &[E]) -> (Vec<u64>, Option<Batch>) {
        let coming = &mut self.coming[usize::from(step)];
        let (mut follows, mut deepest) = (Vec::new(), None::<Batch>);
        for event in events {
            let oldest = coming.iter().position(|known| known.event == event.kind());
            let Some(taken) = oldest.and_then(|place| coming.remove(place)) else { continue };
            follows.extend(taken.from.filter(|from| !follows.contains(from)));
            let depth = |batch: &Option<Batch>| batch.as_ref().map(|batch| batch.0.depth);
            if depth(&taken.batch) > depth(&deepest) {
                deepest = taken.batch;
            }
        }
        (follows, deepest)
    }

    /// What has arrived of the batch that these events are, and the batch around it.
    fn gathered<E: Token>(
        &mut self,
        step: u16,
        events: &[E],
        mark: &impl Fn(&E) -> u64,
    ) -> (Vec<u64>, Option<Batch>) {
        let is_of = |known: &&mut Gathering| known.step == step && known.arrived.len() >= events.len();
        let count = self.gathering.iter_mut().filter(is_of).count();
        let marks: Vec<u64> = if count < 2 { Vec::new() } else { events.iter().map(mark).collect() };
        let is_same = |known: &Gathering| {
            let exact = self.takes_all(step);
            known.step == step
                && known.arrived.len() >= events.len()
                && (!exact || known.arrived.len() == events.len())
                && marks.iter().zip(&known.arrived).all(|(mark, (_, arrived))| mark == arrived)
        };
        // An empty batch is told from one of which nothing has arrived yet.
        let empty = || self.gathering.iter().position(|known| is_same(known) && known.opened_with == 0);
        let first = || self.gathering.iter().position(is_same);
        let found = if events.is_empty() { empty().or_else(first) } else { first() };
        let Some(place) = found else {
            return (Vec::new(), None);
        };
        let Gathering { batch, arrived, .. } = self.gathering.remove(place);
        let mut follows: Vec<u64> =
            arrived.into_iter().take(events.len()).filter_map(|(from, _)| from).collect();
        if follows.is_empty() {
            follows.push(batch.0.opener);
        }
        follows.dedup();
        (follows, batch.0.around.clone())
    }

    fn takes_all(&self, step: u16) -> bool {
        matches!(self.plan.graph().steps[usize::from(step)].takes, Takes::Batch { first: None, .. })
    }

    fn route<E: Token>(
        &mut self,
        from: u64,
        emission: &Emission<E>,
        batch: Option<&Batch>,
        mark: &impl Fn(&E) -> u64,
    ) {
        let coming = |event: &E, batch: Option<&Batch>| Coming {
            event: event.kind(),
            from: Some(from),
            batch: batch.cloned(),
            mark: mark(event),
        };
        match emission {
            Emission::None => (),
            Emission::One(event) => self.deliver(&coming(event, batch)),
            Emission::All(parts) => parts.iter().for_each(|part| self.route(from, part, batch, mark)),
            Emission::Many(events, members) => {
                let opened = self.open(from, events.len(), members, batch);
                let batch = opened.as_ref().or(batch);
                events.iter().for_each(|event| self.deliver(&coming(event, batch)));
            }
        }
    }

    /// Opens a batch; `None` where nobody gathers it: then its members belong to the one around it.
    fn open(&mut self, opener: u64, members: usize, of: &Members, around: Option<&Batch>) -> Option<Batch> {
        let mut steps: Vec<u16> = self.plan.gatherers(of).collect();
        steps.sort_unstable();
        steps.dedup();
        if steps.is_empty() {
            return None;
        }
        let depth = around.map_or(0, |around| around.0.depth + 1);
        let one = OneBatch { number: self.opened, opener, depth, around: around.cloned() };
        self.opened += 1;
        let batch = Batch(Arc::new(one));
        self.gathering.extend(steps.into_iter().map(|step| Gathering {
            step,
            batch: batch.clone(),
            opened_with: members,
            arrived: Vec::new(),
        }));
        Some(batch)
    }

    fn deliver(&mut self, coming: &Coming) {
        for taker in 0..self.takers[usize::from(coming.event)].len() {
            let step = self.takers[usize::from(coming.event)][taker];
            match self.plan.graph().steps[usize::from(step)].takes {
                Takes::Batch { .. } => self.arrive(step, coming),
                Takes::Any(_) | Takes::Join(_) => self.coming[usize::from(step)].push_back(coming.clone()),
            }
        }
    }

    /// Notes an arrival at a step that gathers its batch, or one around it.
    fn arrive(&mut self, step: u16, coming: &Coming) {
        let mut batch = coming.batch.clone();
        while let Some(at) = batch {
            let is_of = |known: &&mut Gathering| known.step == step && known.batch.0.number == at.0.number;
            if let Some(gathering) = self.gathering.iter_mut().rev().find(is_of) {
                return gathering.arrived.push((coming.from, coming.mark));
            }
            if !self.takes_all(step) {
                return; // It has taken as many as it wants.
            }
            batch = at.0.around.clone();
        }
    }
}
