//! Linear: a batch costs in proportion to its members, whatever its members do.
//!
//! No clock: what is counted is how often the machine looks at an event, copies one, or gives an order.

use std::cell::Cell;
use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use workflow_core::graph::{EventNode, Graph, Role, Shape, StepNode, Takes};
use workflow_core::machine::{Input, Machine, Outcome, Output, Token};
use workflow_core::{Emission, Members};

use super::walk::plan;

thread_local! {
    static LOOKS: Cell<u64> = const { Cell::new(0) };
    static COPIES: Cell<u64> = const { Cell::new(0) };
}

/// An event that counts what is done with it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Counted(u16);

impl Token for Counted {
    fn kind(&self) -> u16 {
        LOOKS.set(LOOKS.get() + 1);
        self.0
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        COPIES.set(COPIES.get() + 1);
        Self(self.0)
    }
}

const EVENTS: &[EventNode] = &[
    EventNode::new("Start", Role::Start),
    EventNode::new("Stop", Role::Stop),
    EventNode::new("A", Role::Between),
    EventNode::new("B", Role::Between),
    EventNode::new("C", Role::Between),
    EventNode::new("D", Role::Between),
];
const STOP: Shape = Shape::Event(1);
const A: Shape = Shape::Event(2);
const B: Shape = Shape::Event(3);
const C: Shape = Shape::Event(4);
const D: Shape = Shape::Event(5);

/// What one run took, and how much of it was written down when only its last step was left.
#[derive(Debug, PartialEq)]
struct Cost {
    looks: u64,
    copies: u64,
    orders: u64,
    written: usize,
}

/// Runs the graph; the step named `split` gives `members` members, and every other batch has one.
fn cost(graph: &'static Graph, members: usize, newest_first: bool) -> Cost {
    let (mut machine, mut running) = (Machine::new(plan(graph)), VecDeque::new());
    let (mut orders, mut written) = (0, 0);
    LOOKS.set(0);
    COPIES.set(0);
    machine.handle_input(Duration::ZERO, Input::Started { event: Counted(0) });
    loop {
        orders += 1;
        match machine.poll_output() {
            Output::RunStep { invocation, step, .. } => running.push_back((invocation, step)),
            Output::Publish { .. }
            | Output::Match { .. }
            | Output::MatchKept { .. }
            | Output::Wake { .. } => (),
            Output::Finish(outcome) => {
                assert!(matches!(outcome, Outcome::Stopped(_)), "{outcome:?}");
                return Cost { looks: LOOKS.get(), copies: COPIES.get(), orders, written };
            }
            Output::Wait { .. } => {
                let next = if newest_first { running.pop_back() } else { running.pop_front() };
                let (invocation, step) = next.expect("something runs, or the run is over");
                let step = &graph.steps[step as usize];
                if matches!(step.emits, STOP) {
                    written = serde_json::to_string(machine.state()).unwrap().len();
                }
                let count = if step.name == "split" { members } else { 1 };
                let emission = emission(&step.emits, count);
                machine.handle_input(Duration::ZERO, Input::StepReturned { invocation, emission });
            }
        }
    }
}

fn emission(shape: &Shape, count: usize) -> Emission<Counted> {
    match shape {
        Shape::Nothing => Emission::None,
        Shape::Event(event) => Emission::One(Counted(*event)),
        Shape::OneOf(parts) => emission(&parts[0], count),
        Shape::All(parts) => Emission::All(parts.iter().map(|part| emission(part, count)).collect()),
        Shape::Many(inner) => {
            let mut members = Vec::with_capacity(count);
            for _ in 0..count {
                match emission(inner, 1) {
                    Emission::One(event) => members.push(event),
                    other => panic!("a member is one event, not {other:?}"),
                }
            }
            Emission::Many(members, Members::of(inner))
        }
    }
}

fn graph<const N: usize>(steps: [StepNode; N]) -> &'static Graph {
    let steps = Box::leak(Box::new(steps));
    Box::leak(Box::new(Graph { name: "Large", events: EVENTS, steps }))
}

/// Each member costs the same, the first thousand and the last.
fn is_linear(graph: &'static Graph) {
    for newest_first in [false, true] {
        let [few, twice] = [1_000, 2_000].map(|members| cost(graph, members, newest_first));
        for (members, thousands) in [(4_000, 4), (100_000, 100)] {
            let many = cost(graph, members, newest_first);
            let expected = |few: u64, twice: u64| few + (twice - few) * (thousands - 1);
            assert_eq!(many.looks, expected(few.looks, twice.looks));
            assert_eq!(many.copies, expected(few.copies, twice.copies));
            assert_eq!(many.orders, expected(few.orders, twice.orders));
        }
    }
}

/// What a batch has brought into the state is gone when it has closed.
#[test]
fn a_state_is_as_long_as_what_is_in_hand_and_not_as_what_was() {
    let flow = graph([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("open", Takes::Any(&[2]), Shape::Many(&B)),
        StepNode::new("inner", Takes::Batch { event: 3, first: None }, C),
        StepNode::new("outer", Takes::Batch { event: 4, first: None }, STOP),
    ]);
    let [few, many] = [10, 10_000].map(|members| cost(flow, members, false).written);
    assert!(many < few + 30, "{few} and {many} bytes are left");
}

#[test]
fn a_batch_that_waits_for_workers_is_linear() {
    is_linear(graph([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("work", Takes::Any(&[2]), B),
        StepNode::new("gather", Takes::Batch { event: 3, first: None }, STOP),
    ]));
}

#[test]
fn a_batch_whose_members_are_joined_is_linear() {
    is_linear(graph([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("work", Takes::Any(&[2]), Shape::All(&[B, C])),
        StepNode::new("pair", Takes::Join(&[3, 4]), D),
        StepNode::new("gather", Takes::Batch { event: 5, first: None }, STOP),
    ]));
}

#[test]
fn a_batch_whose_members_wait_for_ever_in_a_join_is_linear() {
    is_linear(graph([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("work", Takes::Any(&[2]), Shape::OneOf(&[B, C])),
        StepNode::new("pair", Takes::Join(&[3, 4]), D),
        StepNode::new("gather", Takes::Batch { event: 5, first: None }, STOP),
    ]));
}

#[test]
fn batches_in_a_batch_are_linear() {
    is_linear(graph([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("open", Takes::Any(&[2]), Shape::Many(&B)),
        StepNode::new("inner", Takes::Batch { event: 3, first: None }, C),
        StepNode::new("outer", Takes::Batch { event: 4, first: None }, STOP),
    ]));
}

#[test]
fn batches_that_close_because_nothing_else_can_go_on_are_linear() {
    is_linear(graph([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("open", Takes::Any(&[2]), Shape::Many(&Shape::OneOf(&[B, D]))),
        StepNode::new("pair", Takes::Join(&[3, 5]), Shape::Nothing),
        StepNode::new("inner", Takes::Batch { event: 3, first: None }, C),
        StepNode::new("outer", Takes::Batch { event: 4, first: None }, STOP),
    ]));
}

#[test]
fn a_join_of_the_first_members_is_linear_in_those_that_come_too_late() {
    is_linear(graph([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("work", Takes::Any(&[2]), B),
        StepNode::new("first", Takes::Batch { event: 3, first: Some(1) }, Shape::Nothing),
        StepNode::new("gather", Takes::Batch { event: 3, first: None }, STOP),
    ]));
}

#[test]
fn a_hundred_thousand_batches_one_in_another_close_at_once() {
    let deep = graph([
        StepNode::new("begin", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("deeper", Takes::Any(&[2]), Shape::OneOf(&[Shape::Many(&A), Shape::Nothing])),
        StepNode::new("inner", Takes::Batch { event: 3, first: Some(1) }, STOP),
        StepNode::new("never", Takes::Any(&[2]), Shape::OneOf(&[Shape::Nothing, B])),
    ]);
    let (mut machine, mut left) = (Machine::new(plan(deep)), 100_000_u32);
    machine.handle_input(Duration::ZERO, Input::Started { event: Counted(0) });
    loop {
        match machine.poll_output() {
            Output::RunStep { invocation, step, .. } => {
                left -= u32::from(step == 1);
                let goes_deeper = step == 0 || (step == 1 && left > 0);
                let emission = emission(if goes_deeper { &Shape::Many(&A) } else { &Shape::Nothing }, 1);
                machine.handle_input(Duration::ZERO, Input::StepReturned { invocation, emission });
            }
            Output::Finish(outcome) => return assert!(matches!(outcome, Outcome::Stalled(_)), "{outcome:?}"),
            _ => (),
        }
    }
}
