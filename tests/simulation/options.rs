//! Options: what a wait and a catch do to the check of a graph.
//!
//! An event that is waited for leads to the step that waits; a failure leads to the catch.

use workflow_core::graph::{Catches, EventNode, Graph, Role, Shape, StepNode, Takes, findings};

const START: u16 = 0;
const STOP: u16 = 1;
const FAILED: u16 = 2;
const A: u16 = 3;
const B: u16 = 4;

/// The same events for every graph.
const EVENTS: &[EventNode] = &[
    EventNode::new("StartEvent<u32>", Role::Start),
    EventNode::new("StopEvent<u32>", Role::Stop),
    EventNode::new("StepFailed", Role::Between),
    EventNode::new("A", Role::Between),
    EventNode::new("B", Role::Between),
];

const fn step(name: &'static str, takes: &'static [u16], emits: Shape) -> StepNode {
    StepNode::new(name, Takes::Any(takes), emits)
}

const fn waits(step: StepNode, waits: &'static [u16]) -> StepNode {
    StepNode { waits, ..step }
}

const fn catch(of: &'static [u16], name: &'static str, emits: Shape) -> StepNode {
    StepNode { catches: Some(Catches { of, times: 1 }), ..step(name, &[FAILED], emits) }
}

fn found(steps: &'static [StepNode]) -> Vec<String> {
    found_with(EVENTS, steps)
}

/// The first line of each finding.
fn found_with(events: &'static [EventNode], steps: &'static [StepNode]) -> Vec<String> {
    let found = findings(&Graph { name: "Flow", events, steps });
    found.iter().filter_map(|text| text.as_str().lines().next().map(str::to_owned)).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn event_that_is_only_waited_for_leads_to_the_end_of_the_step_that_waits() {
    const STEPS: &[StepNode] = &[
        step("begin", &[START], Shape::Event(A)),
        waits(step("wait", &[A], Shape::Event(STOP)), &[B]),
        step("answer", &[A], Shape::Event(B)),
    ];
    assert_eq!(found(STEPS), NONE);
}

#[test]
fn event_that_is_sent_leads_to_the_step_that_waits_for_it() {
    const STEPS: &[StepNode] = &[
        step("begin", &[START], Shape::Event(A)),
        waits(step("wait", &[A], Shape::Event(STOP)), &[B]),
        StepNode { sends: &[B], ..step("answer", &[A], Shape::Nothing) },
    ];
    assert_eq!(found(STEPS), NONE);
}

#[test]
fn event_of_the_caller_can_be_waited_for() {
    const STEPS: &[StepNode] = &[waits(step("wait", &[START], Shape::Event(STOP)), &[B])];
    const RECEIVED: &[EventNode] =
        &[EVENTS[0], EVENTS[1], EVENTS[2], EVENTS[3], EventNode { received: true, ..EVENTS[4] }];
    assert_eq!(found_with(RECEIVED, STEPS), NONE);
    assert_eq!(found(STEPS), ["step `wait` waits for `B`, which no step emits and the caller does not send"]);
}

#[test]
fn wait_in_a_branch_without_an_end_is_one_finding_where_it_waits() {
    const STEPS: &[StepNode] = &[
        step(
            "begin",
            &[START],
            Shape::All(&[Shape::Event(A), Shape::OneOf(&[Shape::Nothing, Shape::Event(STOP)])]),
        ),
        step("answer", &[A], Shape::Event(B)),
        waits(step("wait", &[A], Shape::Nothing), &[B]),
    ];
    assert_eq!(
        found(STEPS),
        ["no `StopEvent` can follow from step `wait`: it emits nothing that another step takes"]
    );
}

#[test]
fn wait_for_a_step_that_never_runs_does_not_hide_that_the_step_that_waits_never_does() {
    const STEPS: &[StepNode] = &[
        step("begin", &[START], Shape::Event(STOP)),
        step("answer", &[A], Shape::Event(B)),
        waits(step("wait", &[A], Shape::Event(STOP)), &[B]),
    ];
    assert_eq!(
        found(STEPS),
        ["step `answer` can never run: no step emits `A`", "step `wait` can never run: no step emits `A`"]
    );
}

#[test]
fn steps_that_wait_for_each_other_and_end_nothing_are_one_finding() {
    const STEPS: &[StepNode] = &[
        step("begin", &[START], Shape::OneOf(&[Shape::Event(A), Shape::Event(STOP)])),
        waits(step("one", &[A], Shape::Event(B)), &[B]),
        waits(step("other", &[A], Shape::Event(B)), &[B]),
    ];
    assert_eq!(found(STEPS), ["no `StopEvent` can follow from step `one`: it only leads round to `one`"]);
}

#[test]
fn loop_that_only_a_failure_leaves_is_no_dead_end() {
    const STEPS: &[StepNode] = &[
        step("begin", &[START], Shape::OneOf(&[Shape::Event(A), Shape::Event(FAILED)])),
        step("poll", &[A], Shape::OneOf(&[Shape::Event(A), Shape::Event(FAILED)])),
        catch(&[], "give_up", Shape::Event(STOP)),
    ];
    assert_eq!(found(STEPS), NONE);
}

#[test]
fn join_of_what_a_step_gives_with_what_its_catch_gives_is_dead() {
    const STEPS: &[StepNode] = &[
        step("begin", &[START], Shape::OneOf(&[Shape::Event(A), Shape::Event(FAILED)])),
        catch(&[0], "mend", Shape::Event(B)),
        StepNode::new("join", Takes::Join(&[A, B]), Shape::Event(STOP)),
    ];
    assert_eq!(
        found(STEPS),
        [
            "join `join` can never run: `A` and `B` never come in one run, since `begin` emits what leads to the one or to the other"
        ]
    );
}

#[test]
fn join_of_what_a_step_sends_with_what_its_catch_gives_can_run() {
    const STEPS: &[StepNode] = &[
        StepNode {
            sends: &[A],
            ..step("begin", &[START], Shape::OneOf(&[Shape::Event(STOP), Shape::Event(FAILED)]))
        },
        catch(&[0], "mend", Shape::Event(B)),
        StepNode::new("join", Takes::Join(&[A, B]), Shape::Event(STOP)),
    ];
    assert_eq!(found(STEPS), NONE);
}

#[test]
fn catch_of_a_step_that_may_be_unreachable_follows_from_that() {
    const STEPS: &[StepNode] = &[
        step("begin", &[START], Shape::Event(STOP)),
        StepNode {
            allow_unreachable: true,
            ..step("spare", &[A], Shape::OneOf(&[Shape::Event(STOP), Shape::Event(FAILED)]))
        },
        catch(&[1], "mend", Shape::Event(STOP)),
    ];
    assert_eq!(found(STEPS), NONE);
}

#[test]
fn catch_and_the_step_that_only_it_starts_are_one_finding() {
    const STEPS: &[StepNode] = &[
        step("begin", &[START], Shape::Event(STOP)),
        catch(&[2], "mend", Shape::Event(A)),
        step("spare", &[A], Shape::OneOf(&[Shape::Event(STOP), Shape::Event(FAILED)])),
    ];
    assert_eq!(found(STEPS), ["step `mend` can never run: it catches `spare`, which never runs either"]);
}

#[test]
fn general_catch_beside_one_for_each_step_can_never_run() {
    const STEPS: &[StepNode] = &[
        step("begin", &[START], Shape::OneOf(&[Shape::Event(STOP), Shape::Event(FAILED)])),
        catch(&[0], "mend", Shape::Event(STOP)),
        catch(&[], "mend_all", Shape::Event(STOP)),
    ];
    assert_eq!(found(STEPS), ["step `mend_all` can never run: every step has a catch of its own"]);
}
