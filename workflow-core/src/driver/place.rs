//! Place: what the generated dispatch and the driver say to each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering::Relaxed};

use super::Core;
use super::execution::Execution;
use crate::graph::Graph;
use crate::machine::InvocationId;
use crate::{BoxError, Carries, Context, Emission, Workflow};

/// What the next step takes: one event for its only taker, or the inputs of any other step.
#[doc(hidden)]
#[derive(Debug)]
pub struct Slot<E> {
    pub event: Option<E>,
    pub inputs: Option<Box<Inputs<E>>>,
}

impl<E> Slot<E> {
    pub(super) fn event(event: E) -> Self {
        Self { event: Some(event), inputs: None }
    }

    pub(super) fn step(step: u16, events: Vec<E>) -> Self {
        Self { event: None, inputs: Some(Box::new(Inputs { step, events: events.into_iter() })) }
    }

    /// The one event.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[inline]
    pub fn take(&mut self) -> E {
        match self.event.take() {
            Some(event) => event,
            None => no_such_step(),
        }
    }

    /// Puts an event where none is left: there is nothing to drop, and the compiler need not look.
    #[inline]
    pub fn fill(&mut self, event: E) {
        std::mem::forget(self.event.replace(event));
    }
}

/// The events that one step takes, in the order of its parameters.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inputs<E> {
    step: u16,
    events: std::vec::IntoIter<E>,
}

impl<E> Inputs<E> {
    /// The events themselves.
    pub(crate) fn into_events(self) -> std::vec::IntoIter<E> {
        self.events
    }

    /// The step's place in the graph.
    #[must_use]
    pub fn step(&self) -> u16 {
        self.step
    }

    /// The next one.
    ///
    /// # Panics
    ///
    /// When the machine handed out something else than the step's row says.
    pub fn one<T>(&mut self) -> T
    where
        E: Carries<T>,
    {
        self.events.next().and_then(E::unwrap).expect("the machine hands out what the step's row names")
    }

    /// All that are left. They stay in the same memory where that is possible, so the iterator is given away.
    pub fn all<T>(&mut self) -> Vec<T>
    where
        E: Carries<T>,
    {
        std::mem::take(&mut self.events).filter_map(E::unwrap).collect()
    }

    /// The next one, whichever it is.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn any(&mut self) -> E {
        self.events.next().expect("the machine hands out what the step's row names")
    }
}

/// Why the dispatch came back.
#[doc(hidden)]
#[derive(Debug)]
pub enum Exit<E> {
    /// The step has given this one event, and the chain was told to come back.
    Paused(E),
    /// The step has returned this, which is not one event for one taker.
    Emitted(Emission<E>),
    /// The step has failed.
    Failed(BoxError),
    /// A lane has given all that came of its members to their join, and there is none that it may begin now.
    Drained,
}

impl<E> Exit<E> {
    /// The dispatch has an event that is not for one step alone.
    #[must_use]
    pub fn handed(event: E) -> Self {
        Self::Emitted(Emission::One(event))
    }
}

/// The dispatch was given what none of its arms is for.
///
/// # Panics
///
/// Always: the machine and the generated code are made from the same rows.
#[doc(hidden)]
pub fn no_such_step() -> ! {
    unreachable!("the machine hands out what a step's row names")
}

/// Where one chain of steps is, and how far it may go before it comes back.
#[doc(hidden)]
pub struct Place<'r, W: Workflow> {
    core: &'r Arc<Core<W>>,
    /// Where the machine keeps the first execution, if it knows it.
    slot: u32,
    /// What is known of the first execution, where it is not simply the first try.
    execution: Option<Arc<Execution<W::Event>>>,
    /// The number of the first execution.
    first: AtomicU64,
    /// How many executions have begun.
    begun: AtomicU64,
    /// How many may begin before the chain comes back.
    until: AtomicU64,
    /// The step of the last one.
    step: AtomicU16,
    /// Whether it goes from one member of a batch to the next one.
    is_lane: bool,
    /// One bit for each step that ran; of the first 64, the core has the others.
    ran: AtomicU64,
}

impl<'r, W: Workflow> Place<'r, W> {
    /// How many steps a chain goes through before it lets others have the thread.
    const BUDGET: u64 = 128;

    /// A chain of any length that begins with the first execution of the run.
    pub(super) fn chain(core: &'r Arc<Core<W>>) -> Self {
        Self::until(core, 0, Self::BUDGET)
    }

    /// A single step.
    pub(super) fn single(
        core: &'r Arc<Core<W>>,
        invocation: InvocationId,
        execution: Option<Arc<Execution<W::Event>>>,
    ) -> Self {
        Self { slot: invocation.slot, execution, ..Self::until(core, invocation.number, 0) }
    }

    /// The step of one member of a batch after the other.
    pub(super) fn lane(core: &'r Arc<Core<W>>, first: InvocationId) -> Self {
        Self { is_lane: true, ..Self::single(core, first, None) }
    }

    fn until(core: &'r Arc<Core<W>>, first: u64, until: u64) -> Self {
        Self {
            core,
            slot: u32::MAX,
            execution: None,
            first: AtomicU64::new(first),
            begun: AtomicU64::new(0),
            until: AtomicU64::new(until),
            step: AtomicU16::new(0),
            is_lane: false,
            ran: AtomicU64::new(0),
        }
    }

    /// Notes that a step begins.
    #[inline]
    pub fn enter(&self, step: u16) {
        self.begun.store(self.begun.load(Relaxed) + 1, Relaxed);
        self.step.store(step, Relaxed);
        if step < 64 {
            self.ran.store(self.ran.load(Relaxed) | 1 << step, Relaxed);
        } else {
            self.core.note_that_ran(step);
        }
    }

    /// The context of the step that begins.
    #[must_use]
    pub fn context(&self) -> Context<W> {
        let (step, number) = (self.step().unwrap_or(0), self.number());
        let (slot, execution) = match self.first.load(Relaxed) == number {
            true => (self.slot, self.execution.clone()),
            false => (u32::MAX, None),
        };
        Context::new(Arc::clone(self.core), step, InvocationId { number, slot }, execution)
    }

    /// What a step has returned: the event to go on with, or the reason to come back.
    ///
    /// # Errors
    ///
    /// The exit, which is no failure of the dispatch.
    #[inline]
    pub fn go_on(&self, returned: Result<Emission<W::Event>, BoxError>) -> Result<W::Event, Exit<W::Event>> {
        match returned {
            Ok(Emission::One(event)) if self.may_go_on() => Ok(event),
            Ok(Emission::One(event)) => Err(Exit::Paused(event)),
            Ok(emission) => Err(Exit::Emitted(emission)),
            Err(error) => Err(Exit::Failed(error)),
        }
    }

    #[inline]
    fn may_go_on(&self) -> bool {
        self.begun.load(Relaxed) < self.until.load(Relaxed) && !self.core.attention.load(Relaxed)
    }

    /// Lets a lane go on with the next member of its batch, which is then in the slot; gives back the exit of any other
    /// chain, and of a lane that may not. Apart from [`Place::go_on`], so that an event that a plain chain goes on with
    /// never has to be where this could look at it.
    #[inline]
    pub fn next_member(&self, slot: &mut Slot<W::Event>, exit: Exit<W::Event>) -> Option<Exit<W::Event>> {
        match exit {
            Exit::Paused(event) if self.is_lane => self.member_gave(slot, event),
            exit => Some(exit),
        }
    }

    #[inline(never)]
    fn member_gave(&self, slot: &mut Slot<W::Event>, event: W::Event) -> Option<Exit<W::Event>> {
        if self.core.attention.load(Relaxed) {
            return Some(Exit::Paused(event));
        }
        let number = self.number();
        let mut fan = self.core.fan();
        let Some(members) = fan.as_deref_mut().filter(|members| members.gathers(&event)) else {
            return Some(Exit::Paused(event));
        };
        self.core.forget(number, false);
        members.arrives(number, event);
        let Some((number, event)) = members.next() else {
            members.ends_lane();
            return Some(Exit::Drained);
        };
        self.first.store(number, Relaxed);
        self.begun.store(0, Relaxed);
        slot.fill(event);
        None
    }

    /// Gives the chain a new budget.
    pub(super) fn refill(&self) {
        self.until.store(self.begun.load(Relaxed) + Self::BUDGET, Relaxed);
    }

    /// Begins a new chain with execution `first`, on what is left of the budget; false when nothing is.
    pub(super) fn begin(&mut self, first: InvocationId, execution: Option<Arc<Execution<W::Event>>>) -> bool {
        (self.slot, self.execution) = (first.slot, execution);
        let spent = self.begun.load(Relaxed).max(1);
        let left = self.until.load(Relaxed).saturating_sub(spent);
        self.first.store(first.number, Relaxed);
        self.begun.store(0, Relaxed);
        self.until.store(left, Relaxed);
        left > 0
    }

    /// The execution that the chain began with, if the machine has ordered it.
    pub(super) fn ordered(&self) -> Option<InvocationId> {
        let number = self.first.load(Relaxed);
        (self.slot != u32::MAX).then_some(InvocationId { number, slot: self.slot })
    }

    /// Makes the chain come back after the step that runs.
    pub(super) fn stop_after_this_step(&self) {
        self.until.store(0, Relaxed);
    }

    /// The run that the chain is of.
    pub(super) fn core(&self) -> &'r Arc<Core<W>> {
        self.core
    }

    /// The step that runs or ran last; none before the first.
    pub(super) fn step(&self) -> Option<u16> {
        (self.begun.load(Relaxed) > 0).then(|| self.step.load(Relaxed))
    }

    /// The number of the execution that runs or ran last; before the first, of that one.
    pub(super) fn number(&self) -> u64 {
        self.first.load(Relaxed) + self.begun.load(Relaxed).saturating_sub(1)
    }

    /// The steps that ran since this was asked last.
    pub(super) fn take_ran(&self) -> impl Iterator<Item = u16> {
        let words = self.core.take_ran(self.ran.swap(0, Relaxed));
        (0..Graph::STEPS).filter(move |step| words[step / 64] >> (step % 64) & 1 == 1).map(|step| step as u16)
    }
}
