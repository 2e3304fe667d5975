//! Collect: events that a step gathers over several executions, until there are as many as it asks for.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::machine::Token;
use crate::{Carries, Emission, Event};

/// What the steps of a run have collected and not used yet.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Collected<E> {
    buffers: Vec<Buffer<E>>,
    /// By execution: what its calls gave, for a later try of it.
    answers: BTreeMap<u64, Answers<E>>,
}

/// What the calls of one execution gave, over all its tries.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Answers<E> {
    given: Vec<Option<Vec<E>>>,
    /// How many of them the try that runs has asked for. One that starts again asks from the first on.
    #[serde(skip)]
    asked: usize,
}

/// The events of one kind that one step has collected.
#[derive(Debug, Serialize, Deserialize)]
struct Buffer<E> {
    step: u16,
    event: u16,
    events: VecDeque<E>,
}

impl<E> Default for Collected<E> {
    fn default() -> Self {
        Self { buffers: Vec::new(), answers: BTreeMap::new() }
    }
}

impl<E> Default for Answers<E> {
    fn default() -> Self {
        Self { given: Vec::new(), asked: 0 }
    }
}

impl<E: Token> Collected<E> {
    /// Adds events, and takes out as many of each kind as are wanted, once there are enough of all.
    pub(super) fn collect(
        &mut self,
        step: u16,
        events: Emission<E>,
        wanted: &[(u16, usize)],
    ) -> Option<Vec<E>> {
        self.add(step, events);
        let is_enough = |(event, count): &(u16, usize)| {
            let asked: usize =
                wanted.iter().filter(|(other, _)| other == event).map(|(_, count)| count).sum();
            *count == 0 || self.held(step, *event) >= asked
        };
        if !wanted.iter().all(is_enough) {
            return None;
        }
        let mut taken = Vec::new();
        for (event, count) in wanted {
            taken.extend(self.buffer(step, *event).drain(..*count));
        }
        self.buffers.retain(|buffer| !buffer.events.is_empty());
        Some(taken)
    }

    fn add(&mut self, step: u16, events: Emission<E>) {
        match events {
            Emission::None => (),
            Emission::One(event) => self.buffer(step, event.kind()).push_back(event),
            Emission::All(parts) => parts.into_iter().for_each(|part| self.add(step, part)),
            Emission::Many(events, _) => {
                events.into_iter().for_each(|event| self.buffer(step, event.kind()).push_back(event));
            }
        }
    }

    /// The same for an execution that may be tried again, or start again: what an earlier try of it was
    /// given, the later one is given too.
    pub(super) fn collect_for(
        &mut self,
        number: u64,
        step: u16,
        events: Emission<E>,
        wanted: &[(u16, usize)],
    ) -> Option<Vec<E>> {
        let answers = self.answers.entry(number).or_default();
        answers.asked += 1;
        if let Some(answer) = answers.given.get(answers.asked - 1) {
            return answer.clone();
        }
        let answer = self.collect(step, events, wanted);
        self.answers.entry(number).or_default().given.push(answer.clone());
        answer
    }

    /// Whether the next call of the execution has been answered before.
    pub(super) fn has_answer(&self, number: u64) -> bool {
        self.answers.get(&number).is_some_and(|answers| answers.asked < answers.given.len())
    }

    /// A call that was made before, as its record has it.
    pub(super) fn collect_again(
        &mut self,
        number: u64,
        step: u16,
        events: Emission<E>,
        wanted: &[(u16, usize)],
    ) {
        let answer = self.collect(step, events, wanted);
        self.answers.entry(number).or_default().given.push(answer);
    }

    /// All executions that have not ended begin to ask again.
    pub(super) fn start_again(&mut self) {
        self.answers.values_mut().for_each(|answers| answers.asked = 0);
    }

    /// A new try of the execution begins to ask.
    pub(super) fn rewind(&mut self, number: u64) {
        if let Some(answers) = self.answers.get_mut(&number) {
            answers.asked = 0;
        }
    }

    /// The execution has ended: no try of it will ask again.
    pub(super) fn forget(&mut self, number: u64) {
        self.answers.remove(&number);
    }

    fn held(&self, step: u16, event: u16) -> usize {
        let of = |buffer: &&Buffer<E>| buffer.step == step && buffer.event == event;
        self.buffers.iter().find(of).map_or(0, |buffer| buffer.events.len())
    }

    fn buffer(&mut self, step: u16, event: u16) -> &mut VecDeque<E> {
        let known = self.buffers.iter().position(|buffer| buffer.step == step && buffer.event == event);
        let place = known.unwrap_or_else(|| {
            self.buffers.push(Buffer { step, event, events: VecDeque::new() });
            self.buffers.len() - 1
        });
        &mut self.buffers[place].events
    }
}

/// What [`Context::collect`](crate::Context::collect) can gather: an event, or a tuple of events.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be collected",
    label = "neither an event nor a tuple of events",
    note = "write `ctx.collect::<A>(ev, n)` or `ctx.collect::<(A, B)>(ev, (n, m))`"
)]
pub trait Collect<Ev> {
    /// How many of each: a number, or a tuple of numbers.
    type Counts;

    /// The events: a `Vec`, or a tuple of them.
    type Collected;

    /// The events that are wanted, by their places in the graph.
    #[doc(hidden)]
    fn wanted(counts: Self::Counts) -> Vec<(u16, usize)>;

    /// The events out of one list.
    #[doc(hidden)]
    fn split(counts: &[(u16, usize)], events: &mut dyn Iterator<Item = Ev>) -> Self::Collected;
}

impl<Ev: Carries<E>, E: Event> Collect<Ev> for E {
    type Counts = usize;
    type Collected = Vec<E>;

    fn wanted(count: usize) -> Vec<(u16, usize)> {
        vec![(<Ev as Carries<E>>::kind(), count)]
    }

    fn split(counts: &[(u16, usize)], events: &mut dyn Iterator<Item = Ev>) -> Vec<E> {
        let count = counts.first().map_or(0, |(_, count)| *count);
        events.take(count).filter_map(Carries::unwrap).collect()
    }
}

macro_rules! counts {
    ($name:ident) => {
        usize
    };
}

macro_rules! tuples {
    ($($name:ident $place:tt)*) => {
        impl<Ev, $($name: Event),*> Collect<Ev> for ($($name,)*)
        where
            $(Ev: Carries<$name>),*
        {
            type Counts = ($(counts!($name),)*);
            type Collected = ($(Vec<$name>,)*);

            fn wanted(counts: Self::Counts) -> Vec<(u16, usize)> {
                vec![$((<Ev as Carries<$name>>::kind(), counts.$place)),*]
            }

            fn split(counts: &[(u16, usize)], events: &mut dyn Iterator<Item = Ev>) -> Self::Collected {
                ($(<$name as Collect<Ev>>::split(&counts[$place..=$place], events),)*)
            }
        }
    };
}

tuples!(A 0 B 1);
tuples!(A 0 B 1 C 2);
tuples!(A 0 B 1 C 2 D 3);
tuples!(A 0 B 1 C 2 D 3 E 4);
tuples!(A 0 B 1 C 2 D 3 E 4 F 5);
