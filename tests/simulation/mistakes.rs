//! Mistakes: wirings that the search found, each with what the check must say of it.

use workflow_core::graph::{EventNode, Graph, Role, Shape, StepNode, Takes, findings};

const EVENTS: &[EventNode] = &[
    EventNode::new("StartEvent", Role::Start),
    EventNode::new("StopEvent", Role::Stop),
    EventNode::new("A", Role::Between),
    EventNode::new("B", Role::Between),
    EventNode::new("C", Role::Between),
];
const STOP: Shape = Shape::Event(1);
const A: Shape = Shape::Event(2);
const B: Shape = Shape::Event(3);
const C: Shape = Shape::Event(4);

fn said<const N: usize>(steps: [StepNode; N]) -> Vec<String> {
    let graph = Graph { name: "Flow", events: EVENTS, steps: Box::leak(Box::new(steps)) };
    findings(&graph).iter().map(|finding| finding.to_string()).collect()
}

#[test]
fn what_is_emitted_beside_a_stop_starts_nothing() {
    let said = said([
        StepNode::new("write", Takes::Any(&[0]), Shape::All(&[A, STOP])),
        StepNode::new("log", Takes::Any(&[2]), STOP),
    ]);
    assert_eq!(
        said,
        ["step `log` can never run: `write` emits `A` only beside what ends the run\n\
          help: emit `A` in a step before the one that returns `StopEvent`"]
    );
}

#[test]
fn what_is_emitted_beside_a_stop_that_may_stay_away_starts_its_step() {
    const MAYBE: Shape = Shape::OneOf(&[Shape::Nothing, STOP]);
    let said = said([
        StepNode::new("write", Takes::Any(&[0]), Shape::All(&[A, MAYBE])),
        StepNode::new("log", Takes::Any(&[2]), STOP),
    ]);
    assert_eq!(said, <[&str; 0]>::default());
}

#[test]
fn an_event_for_a_batch_join_that_is_emitted_outside_a_batch_is_refused() {
    let said = said([
        StepNode::new("split", Takes::Any(&[0]), Shape::All(&[Shape::Many(&A), B])),
        StepNode::new("again", Takes::Any(&[3]), A),
        StepNode::new("gather", Takes::Batch { event: 2, first: None }, STOP),
    ]);
    assert_eq!(
        said,
        ["step `again` emits `A` outside a batch, and `gather` gathers it\n\
          help: return `Vec<A>`, or take one `A` at a time"]
    );
}

#[test]
fn a_batch_join_without_any_batch_is_one_mistake() {
    let said = said([
        StepNode::new("write", Takes::Any(&[0]), A),
        StepNode::new("gather", Takes::Batch { event: 2, first: None }, STOP),
    ]);
    assert_eq!(
        said,
        ["step `gather` takes a batch of `A`, which no batch brings\n\
          help: return a `Vec` from a step that leads to `A`, or take one `A` at a time"]
    );
}

#[test]
fn a_step_that_settles_an_inner_batch_is_no_dead_end() {
    let said = said([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("open", Takes::Any(&[2]), Shape::Many(&B)),
        StepNode::new("note", Takes::Any(&[3]), Shape::Nothing),
        StepNode::new("gather", Takes::Batch { event: 2, first: None }, STOP),
    ]);
    assert_eq!(said, <[&str; 0]>::default());
}

#[test]
fn a_join_of_an_inner_batch_that_gives_nothing_is_no_dead_end() {
    let said = said([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("open", Takes::Any(&[2]), Shape::Many(&B)),
        StepNode::new("inner", Takes::Batch { event: 3, first: None }, Shape::Nothing),
        StepNode::new("outer", Takes::Batch { event: 2, first: None }, STOP),
    ]);
    assert_eq!(said, <[&str; 0]>::default());
}

#[test]
fn a_join_of_two_results_of_one_batch_is_refused() {
    let said = said([
        StepNode::new("split", Takes::Any(&[0]), Shape::Many(&A)),
        StepNode::new("gather", Takes::Batch { event: 2, first: None }, Shape::OneOf(&[C, STOP])),
        StepNode::new("pair", Takes::Join(&[4, 4]), STOP),
    ]);
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("join `pair` can never run: it takes two `C`, and a run gives one"));
}
