//! Scripts: what follows from which facts, one promise a test.

use std::time::Duration;

use workflow_core::graph::{EventNode, Graph, Role, Shape, StepNode, Takes};
use workflow_core::testing::{Script, all, batch, nothing, one};

const EVENTS: [EventNode; 6] = [
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

/// A run of these steps that has been given `Start 0`.
fn run<const N: usize>(steps: [StepNode; N]) -> Script {
    run_with(EVENTS, steps)
}

fn run_with<const N: usize>(events: [EventNode; 6], steps: [StepNode; N]) -> Script {
    let (events, steps) = (Box::leak(Box::new(events)), Box::leak(Box::new(steps)));
    let mut run = Script::of(Box::leak(Box::new(Graph { name: "Flow", events, steps })));
    run.started("Start", 0);
    run
}

const fn step(name: &'static str, takes: &'static [u16], emits: Shape) -> StepNode {
    StepNode::new(name, Takes::Any(takes), emits)
}

const fn join(name: &'static str, takes: &'static [u16], emits: Shape) -> StepNode {
    StepNode::new(name, Takes::Join(takes), emits)
}

const fn gather(name: &'static str, event: u16, emits: Shape) -> StepNode {
    StepNode::new(name, Takes::Batch { event, first: None }, emits)
}

const fn first(name: &'static str, first: u32, event: u16, emits: Shape) -> StepNode {
    StepNode::new(name, Takes::Batch { event, first: Some(first) }, emits)
}

const fn single(mut step: StepNode) -> StepNode {
    step.workers = 1;
    step
}

#[test]
fn an_event_goes_to_every_step_that_takes_it_in_declaration_order() {
    let mut run = run([step("c", &[2], STOP), step("a", &[0], A), step("b", &[2, 3], STOP)]);
    assert_eq!(run.orders(), ["run a(Start 0)", "wait"]);
    run.returned("a", one("A", 1));
    assert_eq!(run.orders(), ["run c(A 1)", "run b(A 1)", "wait"]);
}

#[test]
fn what_a_step_sends_goes_before_what_it_returns() {
    let mut run = run([step("a", &[0], A), step("b", &[2, 3], STOP)]);
    run.orders();
    run.sent("B", 1);
    run.returned("a", one("A", 2));
    assert_eq!(run.orders(), ["run b(B 1)", "run b(A 2)", "wait"]);
}

#[test]
fn the_first_stop_ends_the_run_and_what_was_published_before_it_still_comes() {
    let mut events = EVENTS;
    events[3].published = true;
    let mut run = run_with(events, [step("a", &[0], Shape::Many(&A)), single(step("b", &[2], B))]);
    run.orders();
    run.returned("a", batch([("A", 1), ("A", 2), ("A", 3)]));
    assert_eq!(run.orders(), ["run b(A 1)", "wait"]);
    run.returned("b", one("B", 4));
    run.sent("Stop", 5);
    run.sent("B", 6);
    assert_eq!(run.orders(), ["publish B 4", "stop with Stop 5"]);
}

#[test]
fn a_late_result_of_a_finished_run_is_dropped() {
    let mut run = run([step("a", &[0], A), step("b", &[0], STOP), step("c", &[2], STOP)]);
    assert_eq!(run.orders(), ["run a(Start 0)", "run b(Start 0)", "wait"]);
    run.returned("b", one("Stop", 1));
    run.returned("a", one("A", 2));
    assert_eq!(run.orders(), ["stop with Stop 1"]);
    assert_eq!(run.orders(), ["wait"]);
}

#[test]
fn an_event_from_the_caller_is_not_published_back() {
    let mut events = EVENTS;
    (events[2].published, events[2].received) = (true, true);
    let mut run = run_with(events, [step("a", &[0], A), step("b", &[2], STOP)]);
    run.orders();
    run.received("A", 1);
    assert_eq!(run.orders(), ["run b(A 1)", "wait"]);
    run.returned("a", one("A", 2));
    assert_eq!(run.orders(), ["publish A 2", "run b(A 2)", "wait"]);
}

#[test]
fn a_run_that_has_not_started_waits() {
    let events = Box::leak(Box::new(EVENTS));
    let steps = Box::leak(Box::new([step("a", &[0], STOP)]));
    let mut run = Script::of(Box::leak(Box::new(Graph { name: "Flow", events, steps })));
    assert_eq!(run.orders(), ["wait"]);
}

#[test]
fn overflow_waits_in_a_queue_of_its_step_in_the_order_of_arrival() {
    let mut run = run([step("a", &[0], Shape::Many(&A)), single(step("b", &[2], Shape::Nothing))]);
    run.orders();
    run.returned("a", batch([("A", 1), ("A", 2), ("A", 3)]));
    assert_eq!(run.orders(), ["run b(A 1)", "wait"]);
    run.sent("A", 4);
    run.returned("b", nothing());
    assert_eq!(run.orders(), ["run b(A 2)", "wait"]);
    run.returned("b", nothing());
    assert_eq!(run.orders(), ["run b(A 3)", "wait"]);
    run.returned("b", nothing());
    assert_eq!(run.orders(), ["run b(A 4)", "wait"]);
}

#[test]
fn a_join_takes_the_oldest_of_each_and_keeps_the_rest() {
    let mut run = run([step("a", &[0], A), join("pair", &[2, 3], STOP)]);
    run.orders();
    for (event, mark) in [("A", 1), ("A", 2), ("B", 3)] {
        run.sent(event, mark);
    }
    assert_eq!(run.orders(), ["run pair(A 1, B 3)", "wait"]);
    run.sent("B", 4);
    assert_eq!(run.orders(), ["run pair(A 2, B 4)", "wait"]);
}

#[test]
fn two_parameters_of_one_type_are_filled_in_the_order_of_arrival() {
    let mut run = run([step("a", &[0], A), join("three", &[2, 3, 2], STOP)]);
    run.orders();
    for (event, mark) in [("A", 1), ("B", 2), ("B", 3), ("A", 4), ("A", 5)] {
        run.sent(event, mark);
    }
    assert_eq!(run.orders(), ["run three(A 1, B 2, A 4)", "wait"]);
}

#[test]
fn a_batch_join_fires_once_when_all_work_is_done_with_the_members_in_order_of_arrival() {
    let mut run = run([
        step("split", &[0], Shape::Many(&A)),
        step("work", &[2], Shape::OneOf(&[B, Shape::Nothing])),
        gather("first", 3, STOP),
        gather("second", 3, STOP),
    ]);
    run.orders();
    run.returned("split", batch([("A", 1), ("A", 2), ("A", 3)]));
    run.orders();
    run.returned("work(A 3)", one("B", 4));
    run.returned("work(A 2)", nothing());
    assert_eq!(run.orders(), ["wait"]);
    run.returned("work(A 1)", one("B", 5));
    assert_eq!(run.orders(), ["run first(B 4, B 5)", "run second(B 4, B 5)", "wait"]);
}

#[test]
fn an_empty_batch_fires_its_joins_once_with_nothing_and_no_batch_fires_none() {
    let maybe = Shape::OneOf(&[Shape::Nothing, Shape::Many(&A)]);
    let steps = [step("split", &[0], maybe), gather("gather", 2, STOP)];
    let mut empty = run(steps);
    empty.orders();
    empty.returned("split", batch([]));
    assert_eq!(empty.orders(), ["run gather()", "wait"]);
    let mut none = run(steps);
    none.orders();
    none.returned("split", nothing());
    let stalled =
        "stall: nothing runs and no event is left: `split` returned last, and nothing that starts a step";
    assert_eq!(none.orders(), [stalled]);
}

#[test]
fn a_join_of_the_first_few_fires_at_the_last_of_them_and_ignores_the_others() {
    let mut run = run([
        step("split", &[0], Shape::Many(&A)),
        single(step("work", &[2], B)),
        first("two", 2, 3, Shape::Nothing),
        first("nine", 9, 3, STOP),
    ]);
    run.orders();
    run.returned("split", batch([("A", 1), ("A", 2), ("A", 3)]));
    run.orders();
    run.returned("work", one("B", 4));
    run.orders();
    run.returned("work", one("B", 5));
    assert_eq!(run.orders(), ["run two(B 4, B 5)", "run work(A 3)", "wait"]);
    run.returned("work", one("B", 6));
    assert_eq!(run.orders(), ["run nine(B 4, B 5, B 6)", "wait"]);
}

#[test]
fn a_batch_within_a_batch_is_gathered_once_for_each_outer_member() {
    let mut run = run([
        step("split", &[0], Shape::Many(&A)),
        step("open", &[2], Shape::Many(&B)),
        gather("inner", 3, C),
        gather("outer", 4, STOP),
    ]);
    run.orders();
    run.returned("split", batch([("A", 1), ("A", 2)]));
    run.orders();
    run.returned("open(A 1)", batch([("B", 3), ("B", 4)]));
    assert_eq!(run.orders(), ["run inner(B 3, B 4)", "wait"]);
    run.returned("inner", one("C", 5));
    run.returned("open(A 2)", batch([]));
    assert_eq!(run.orders(), ["run inner()", "wait"]);
    run.returned("inner", one("C", 6));
    assert_eq!(run.orders(), ["run outer(C 5, C 6)", "wait"]);
}

#[test]
fn two_producers_never_merge() {
    let mut run = run([
        step("odd", &[0], Shape::Many(&A)),
        step("even", &[0], Shape::Many(&A)),
        step("work", &[2], B),
        gather("gather", 3, STOP),
    ]);
    run.orders();
    run.returned("odd", batch([("A", 1), ("A", 3)]));
    run.returned("even", batch([("A", 2)]));
    run.orders();
    run.returned("work(A 1)", one("B", 1));
    run.returned("work(A 2)", one("B", 2));
    assert_eq!(run.orders(), ["run gather(B 2)", "wait"]);
    run.returned("work(A 3)", one("B", 3));
    assert_eq!(run.orders(), ["run gather(B 1, B 3)", "wait"]);
}

#[test]
fn what_is_sent_leaves_the_batch() {
    let mut run = run([
        step("split", &[0], Shape::Many(&A)),
        step("work", &[2], Shape::Nothing),
        step("log", &[4], Shape::Nothing),
        gather("gather", 2, STOP),
    ]);
    run.orders();
    run.returned("split", batch([("A", 1)]));
    run.orders();
    run.sent("C", 2);
    run.returned("work", nothing());
    assert_eq!(run.orders(), ["run log(C 2)", "run gather(A 1)", "wait"]);
}

#[test]
fn what_comes_to_a_batch_join_outside_a_batch_fails_the_run() {
    let mut run = run([step("split", &[0], Shape::Many(&A)), gather("gather", 2, STOP)]);
    run.orders();
    run.sent("A", 1);
    assert_eq!(run.orders(), ["fail: A came to gather outside a batch"]);
}

#[test]
fn what_a_join_gives_belongs_to_the_innermost_batch_of_what_it_took() {
    let mut run = run([
        step("split", &[0], Shape::All(&[Shape::Many(&A), B])),
        join("pair", &[3, 2], C),
        gather("gather", 4, STOP),
    ]);
    run.orders();
    run.returned("split", all([batch([("A", 1)]), one("B", 2)]));
    assert_eq!(run.orders(), ["run pair(B 2, A 1)", "wait"]);
    run.returned("pair", one("C", 3));
    assert_eq!(run.orders(), ["run gather(C 3)", "wait"]);
}

#[test]
fn members_that_wait_in_a_join_keep_their_batch_open_until_nothing_else_can_go_on() {
    let mut run = run([
        step("split", &[0], Shape::All(&[Shape::Many(&A), D])),
        step("slow", &[5], Shape::OneOf(&[B, Shape::Nothing])),
        join("pair", &[2, 3], C),
        gather("gather", 4, STOP),
    ]);
    run.orders();
    run.returned("split", all([batch([("A", 1), ("A", 2)]), one("D", 3)]));
    assert_eq!(run.orders(), ["run slow(D 3)", "wait"]);
    run.returned("slow", one("B", 4));
    assert_eq!(run.orders(), ["run pair(A 1, B 4)", "wait"]);
    run.returned("pair", one("C", 5));
    assert_eq!(run.orders(), ["run gather(C 5)", "wait"]);
}

#[test]
fn members_that_wait_for_the_caller_keep_their_batch_open() {
    let mut events = EVENTS;
    events[3].received = true;
    let steps = [step("split", &[0], Shape::Many(&A)), join("ask", &[2, 3], C), gather("gather", 4, STOP)];
    let mut run = run_with(events, steps);
    run.orders();
    run.returned("split", batch([("A", 1), ("A", 2)]));
    assert_eq!(run.orders(), ["wait"]);
    run.received("B", 3);
    run.received("B", 4);
    assert_eq!(run.orders(), ["run ask(A 1, B 3)", "run ask(A 2, B 4)", "wait"]);
    run.returned("ask", one("C", 5));
    run.returned("ask", one("C", 6));
    assert_eq!(run.orders(), ["run gather(C 5, C 6)", "wait"]);
}

#[test]
fn a_stall_says_what_each_join_holds_and_lacks_and_where_that_could_have_come_from() {
    let mut run = run([
        step("begin", &[0], Shape::OneOf(&[A, D])),
        step("make_b", &[5], B),
        join("finish", &[2, 3], STOP),
    ]);
    run.orders();
    run.returned("begin", one("A", 1));
    assert_eq!(
        run.orders(),
        ["stall: `finish` holds `A`, lacks `B`; `B` comes only from `make_b`, which never ran"]
    );
}

#[test]
fn a_stall_counts_what_a_join_holds_and_names_all_who_could_have_helped() {
    let mut run = run([
        step("begin", &[0], Shape::All(&[A, A])),
        join("twice", &[2, 2, 2], STOP),
        join("finish", &[2, 3], STOP),
        step("never", &[4], Shape::OneOf(&[A, B])),
    ]);
    run.orders();
    run.returned("begin", all([one("A", 1), one("A", 2)]));
    assert_eq!(
        run.orders(),
        [
            "stall: `twice` holds 2 `A`, lacks another `A`; `A` comes from `begin` (ran), `never` (never ran); \
          `finish` holds 2 `A`, lacks `B`; `B` comes only from `never`, which never ran"
        ]
    );
}

#[test]
fn a_run_that_could_receive_something_is_idle_and_does_not_stall() {
    let mut events = EVENTS;
    events[2].received = true;
    let mut run = run_with(events, [step("ask", &[0], Shape::Nothing), step("answer", &[2], STOP)]);
    run.orders();
    run.returned("ask", nothing());
    assert_eq!(run.orders(), ["wait"]);
    assert!(!run.machine().is_busy());
    run.received("A", 1);
    assert_eq!(run.orders(), ["run answer(A 1)", "wait"]);
}

#[test]
fn a_step_that_gives_up_a_deadline_and_a_cancel_each_end_the_run() {
    let steps = [step("a", &[0], STOP), step("b", &[0], STOP)];
    let mut failed = run(steps);
    failed.orders();
    failed.failed("b");
    assert_eq!(failed.orders(), ["fail: b"]);
    let mut cancelled = run(steps);
    cancelled.cancelled();
    assert_eq!(cancelled.orders(), ["cancel"]);
    let mut late = run(steps);
    late.limit(Duration::from_millis(50));
    assert_eq!(late.orders(), ["run a(Start 0)", "run b(Start 0)", "wait until 50ms"]);
    late.time_passed(Duration::from_millis(49));
    assert_eq!(late.orders(), ["wait until 50ms"]);
    late.time_passed(Duration::from_millis(50));
    assert_eq!(late.orders(), ["time out: a, b"]);
}

#[test]
fn a_run_goes_on_from_a_written_state_with_what_ran_and_what_was_still_to_be_ordered() {
    let mut events = EVENTS;
    events[3].published = true;
    let mut run = run_with(
        events,
        [
            step("split", &[0], Shape::All(&[Shape::Many(&A), B])),
            single(step("work", &[2], C)),
            gather("gather", 4, STOP),
        ],
    );
    run.orders();
    run.returned("split", all([batch([("A", 1), ("A", 2)]), one("B", 3)]));
    run.cut();
    assert_eq!(run.orders(), ["run work(A 1)", "publish B 3", "wait"]);
    run.cut();
    assert_eq!(run.orders(), ["run work(A 1)", "wait"]);
    run.returned("work", one("C", 4));
    run.cut();
    assert_eq!(run.orders(), ["run work(A 2)", "wait"]);
    run.returned("work", one("C", 5));
    assert_eq!(run.orders(), ["run gather(C 4, C 5)", "wait"]);
    run.returned("gather", one("Stop", 6));
    run.cut();
    assert_eq!(run.orders(), ["stop with Stop 6"]);
}

#[test]
fn an_event_for_a_wait_that_was_cut_off_is_offered_when_the_step_waits_again() {
    let (mut events, mut ask) = (EVENTS, step("ask", &[0], B));
    events[2].received = true;
    ask.waits = &[2];
    let mut run = run_with(events, [ask, step("hears", &[2], Shape::Nothing), step("end", &[3], STOP)]);
    run.orders();
    run.waits("ask", "A", None);
    run.cut();
    run.received("A", 1);
    run.cut();
    run.received("A", 2);
    assert_eq!(run.orders(), ["run ask(Start 0)", "wait"]);
    run.waits("ask", "A", None);
    assert_eq!(run.orders(), ["wake ask(Start 0) with A 1", "run hears(A 1)", "run hears(A 2)", "wait"]);
}

#[test]
fn an_event_for_a_wait_that_was_cut_off_goes_on_when_the_step_ends_without_it() {
    let (mut events, mut ask) = (EVENTS, step("ask", &[0], B));
    events[2].received = true;
    ask.waits = &[2];
    for fails in [false, true] {
        let mut run = run_with(events, [ask, step("hears", &[2], Shape::Nothing), step("end", &[3], STOP)]);
        run.orders();
        run.waits("ask", "A", None);
        run.cut();
        run.received("A", 1);
        assert_eq!(run.orders(), ["run ask(Start 0)", "wait"]);
        if fails {
            run.failed_for_now("ask", Duration::from_secs(1));
            assert_eq!(run.orders(), ["run hears(A 1)", "wait until 1s"]);
        } else {
            run.returned("ask", one("B", 2));
            assert_eq!(run.orders(), ["run hears(A 1)", "run end(B 2)", "wait"]);
        }
    }
}
