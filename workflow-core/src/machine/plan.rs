//! Plan: the graph turned round, so that each event finds its takers without a search.

#[cfg(feature = "runtime")]
use std::sync::{Arc, OnceLock};

#[cfg(feature = "runtime")]
use crate::Members;
use crate::graph::{EventNode, Graph, Role, Solution, StepNode, Takes, memory};

/// What the machine looks up; made once for a workflow.
#[derive(Debug)]
pub struct Plan {
    pub(super) graph: &'static Graph,
    /// By event: who takes it, in declaration order of the steps.
    pub(super) takers: Vec<Vec<Taker>>,
    /// By event: the one way that it goes, where that is all that is done with it.
    pub(super) routes: Vec<Option<Taker>>,
    /// By step: what each parameter slot of a join needs; empty for a step that is no join.
    pub(super) slots: Vec<Vec<Slot>>,
    /// By event: the steps that gather a batch of which it is a member.
    pub(super) gatherers: Vec<Vec<u16>>,
    /// By event: whether it starts one step and nothing else is done with it.
    #[cfg_attr(not(feature = "runtime"), allow(dead_code))]
    pub(crate) direct: Vec<bool>,
    /// Whether the caller may send anything.
    pub(super) receives: bool,
    /// By event: whether it can follow from what the caller may send.
    pub(super) from_outside: Vec<bool>,
    /// By event: whether some step waits for it.
    pub(super) waited: Vec<bool>,
    /// By step: the step that catches its failures.
    pub(super) catchers: Vec<Option<u16>>,
    /// By step: whether what it was given is needed again: it can be tried again, or caught.
    pub(super) keeps: Vec<bool>,
    /// Whether anything in a run asks how late it is.
    #[cfg_attr(not(feature = "runtime"), allow(dead_code))]
    pub(crate) clocked: bool,
    /// The graph as it is written down, once somebody has asked for it.
    #[cfg(feature = "runtime")]
    pub(crate) definition: OnceLock<Arc<str>>,
}

/// One way in which an event is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taker {
    /// It starts the step.
    Start(u16),
    /// It fills a slot of a join.
    Join { step: u16, slot: u16 },
    /// It is gathered with its batch.
    Gather(u16),
}

impl Taker {
    pub(super) const fn step(self) -> u16 {
        match self {
            Self::Start(step) | Self::Join { step, .. } | Self::Gather(step) => step,
        }
    }
}

/// One event that a join needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) event: u16,
    /// How many at once: as many as there are parameters of that event.
    pub(super) needs: usize,
}

impl Plan {
    /// Reads a graph that is known only at run time, and solves it.
    #[must_use]
    pub fn new(graph: &'static Graph) -> Self {
        let mut words = vec![0; memory(graph)];
        crate::graph::solve_into(graph, &mut words);
        Self::solved(graph, &Solution::new(graph, &words))
    }

    /// Reads a graph that the compiler has solved; linear in its edges.
    #[must_use]
    pub fn solved(graph: &'static Graph, solved: &Solution<'_>) -> Self {
        let mut takers = vec![Vec::new(); graph.events.len()];
        let mut slots = vec![Vec::new(); graph.steps.len()];
        for (index, step) in graph.steps.iter().enumerate() {
            note_takers(index as u16, step, &mut takers, &mut slots[index]);
        }
        let gatherers =
            (0..graph.events.len() as u16).map(|member| gatherers(graph, solved, member)).collect();
        let waited: Vec<bool> = (0..graph.events.len() as u16)
            .map(|event| graph.steps.iter().any(|step| step.waits.contains(&event)))
            .collect();
        let route = |event: usize| match (&graph.events[event], &takers[event][..]) {
            (EventNode { role: Role::Stop, .. } | EventNode { published: true, .. }, _) => None,
            (_, [taker]) if !waited[event] => Some(*taker),
            _ => None,
        };
        let routes: Vec<Option<Taker>> = (0..graph.events.len()).map(route).collect();
        let is_direct = |route: &Option<Taker>| match *route {
            Some(Taker::Start(step)) => graph.is_plain(step.into()),
            _ => false,
        };
        let direct = routes.iter().map(is_direct).collect();
        let catchers: Vec<Option<u16>> =
            (0..graph.steps.len()).map(|step| graph.catcher(step).map(|catch| catch as u16)).collect();
        let keeps = graph.steps.iter().zip(&catchers).map(|(step, catch)| step.retries || catch.is_some());
        Self {
            graph,
            takers,
            routes,
            slots,
            gatherers,
            direct,
            receives: graph.events.iter().any(|event| event.received),
            from_outside: from_outside(graph, solved),
            waited,
            keeps: keeps.collect(),
            clocked: (0..graph.steps.len())
                .any(|step| !graph.is_plain(step) || !graph.steps[step].waits.is_empty()),
            catchers,
            #[cfg(feature = "runtime")]
            definition: OnceLock::new(),
        }
    }

    /// Whether the step can be tried again, or caught, so that the run goes on when it has failed.
    #[cfg(feature = "runtime")]
    pub(crate) fn keeps(&self, step: u16) -> bool {
        self.keeps[usize::from(step)]
    }

    /// Whether the event starts the step, and nothing else is done with it.
    #[cfg(feature = "runtime")]
    #[inline]
    pub(crate) fn starts(&self, event: u16, step: u16) -> bool {
        self.routes[usize::from(event)] == Some(Taker::Start(step))
    }

    /// Whether the step gathers the event with its batch, and nothing else is done with it.
    #[cfg(feature = "runtime")]
    #[inline]
    pub(crate) fn gathers(&self, event: u16, step: u16) -> bool {
        self.routes[usize::from(event)] == Some(Taker::Gather(step))
    }

    /// Whether a step may wait, alone, for what the caller sends.
    #[cfg(feature = "runtime")]
    pub(crate) fn may_rest(&self) -> bool {
        self.receives && self.waited.contains(&true)
    }

    /// Whether the event starts and feeds no step.
    #[cfg(feature = "runtime")]
    pub(crate) fn is_only_waited_for(&self, event: u16) -> bool {
        self.takers[usize::from(event)].is_empty()
    }

    /// The steps that gather a batch with such members.
    #[cfg(feature = "runtime")]
    pub(crate) fn gatherers(&self, members: &Members) -> impl Iterator<Item = u16> {
        members.0.iter().flat_map(|member| self.gatherers[usize::from(*member)].iter().copied())
    }

    /// The graph that the plan was made from.
    #[must_use]
    pub fn graph(&self) -> &'static Graph {
        self.graph
    }
}

fn note_takers(index: u16, step: &StepNode, takers: &mut [Vec<Taker>], slots: &mut Vec<Slot>) {
    match step.takes {
        Takes::Any(events) => {
            for event in events {
                takers[*event as usize].push(Taker::Start(index));
            }
        }
        Takes::Batch { event, .. } => takers[event as usize].push(Taker::Gather(index)),
        Takes::Join(events) => {
            for event in events {
                if let Some(slot) = slots.iter_mut().find(|slot| slot.event == *event) {
                    slot.needs += 1;
                } else {
                    takers[*event as usize].push(Taker::Join { step: index, slot: slots.len() as u16 });
                    slots.push(Slot { event: *event, needs: 1 });
                }
            }
        }
    }
}

fn gatherers(graph: &Graph, solved: &Solution<'_>, member: u16) -> Vec<u16> {
    let gathers = |step: &StepNode| match step.takes {
        Takes::Batch { event, .. } => solved.same_batch(member, event),
        _ => false,
    };
    (0..graph.steps.len() as u16).filter(|step| gathers(&graph.steps[*step as usize])).collect()
}

fn from_outside(graph: &Graph, solved: &Solution<'_>) -> Vec<bool> {
    let mut events: Vec<bool> = graph.events.iter().map(|event| event.received).collect();
    let mut reached = vec![false; graph.steps.len()];
    let mut steps: Vec<usize> = (0..graph.steps.len())
        .filter(|step| {
            let node = &graph.steps[*step];
            let taken = match node.takes {
                Takes::Batch { .. } => &[],
                _ => node.takes.events(),
            };
            taken.iter().chain(node.waits).any(|event| graph.events[*event as usize].received)
        })
        .collect();
    while let Some(step) = steps.pop() {
        if std::mem::replace(&mut reached[step], true) {
            continue;
        }
        for (event, reached) in events.iter_mut().enumerate() {
            *reached |= solved.brings(step, event as u16);
        }
        steps.extend(
            (0..graph.steps.len()).filter(|next| solved.feeds(step, *next) || solved.wakes(step, *next)),
        );
    }
    events
}
