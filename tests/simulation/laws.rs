//! Laws: what holds for every graph, every return value and every order of completions.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use proptest::prelude::*;
use workflow_core::Emission;
use workflow_core::graph::{Solution, Takes, memory, solve_into};
use workflow_core::machine::{History, Input, Machine, Outcome, Output, State};

use super::graphs::{Kinds, graph};
use super::source::Source;
use super::walk::{Entry, Ev, SECOND, Walk, events, plan};

/// How many facts a run may take before the caller cancels it.
const FUEL: usize = 60;

fn walks() -> impl Strategy<Value = Walk> {
    walks_where(false)
}

/// Walks in which steps fail too.
fn failing_walks() -> impl Strategy<Value = Walk> {
    walks_where(true)
}

fn walks_where(fails: bool) -> impl Strategy<Value = Walk> {
    let numbers = |most| prop::collection::vec(0..5040_u32, most / 2..most);
    (numbers(100), numbers(200)).prop_map(move |(wiring, choices)| {
        let mut walk = Walk::new(plan(graph(&mut Source::new(wiring), Kinds::ALL)));
        walk.fails = fails;
        walk.run_to_its_end(&mut Source::new(choices), FUEL);
        walk
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_completions_ends_or_stalls_and_nothing_follows_the_end(
        walk in walks(),
    ) {
        let mut walk = walk;
        prop_assert!(!walk.hangs, "nothing runs, nothing can come, and the run is not over");
        let Some(Entry::Order(Output::Finish(outcome))) = walk.log.last().cloned() else {
            panic!("the walk goes on to the end");
        };
        if let Outcome::Stalled(_) = outcome {
            prop_assert!(walk.running.is_empty(), "a run stalls only when nothing runs");
        }
        for execution in std::mem::take(&mut walk.running) {
            let (invocation, emission) = (execution.invocation, Emission::None);
            walk.machine.handle_input(Duration::MAX, Input::StepReturned { invocation, emission });
            prop_assert_eq!(walk.machine.poll_output(), Output::Wait { until: None });
        }
    }

    #[test]
    fn no_step_runs_more_often_at_once_than_it_has_workers(walk in walks()) {
        let mut running = HashMap::new();
        for entry in &walk.log {
            match entry {
                Entry::Order(Output::RunStep { invocation, step, .. }) => {
                    running.insert(*invocation, *step);
                    let at_once = running.values().filter(|other| *other == step).count();
                    prop_assert!(at_once <= walk.graph.steps[*step as usize].workers as usize);
                }
                Entry::Fact(Input::StepReturned { invocation, .. }) => {
                    running.remove(invocation);
                }
                _ => (),
            }
        }
    }

    #[test]
    fn each_step_gets_each_event_once_in_the_order_of_emission(
        walk in walks(),
    ) {
        let emitted = emitted(&walk.log);
        let stalled = matches!(walk.log.last(), Some(Entry::Order(Output::Finish(Outcome::Stalled(_)))));
        for (index, step) in walk.graph.steps.iter().enumerate() {
            let given = given_to(&walk.log, index as u16);
            for event in step.takes.events() {
                let ids = given.iter().flatten().filter(|given| given.kind == *event).map(|given| given.id);
                let ids: Vec<u64> = ids.collect();
                let sent = emitted.iter().filter(|emitted| emitted.kind == *event).map(|emitted| emitted.id);
                let sent: Vec<u64> = sent.collect();
                match step.takes {
                    Takes::Batch { .. } => {
                        let once: HashSet<_> = ids.iter().collect();
                        prop_assert!(once.len() == ids.len() && once.iter().all(|id| sent.contains(id)));
                        prop_assert!(given.iter().all(|batch| batch.is_sorted_by_key(|event| event.id)));
                    }
                    _ => prop_assert!(sent.starts_with(&ids), "{ids:?} of {sent:?}"),
                }
                if stalled && matches!(step.takes, Takes::Any(_)) {
                    prop_assert_eq!(ids, sent);
                }
            }
            if let Takes::Join(taken) = step.takes && stalled {
                let possible = taken.iter().map(|event| {
                    let sent = emitted.iter().filter(|emitted| emitted.kind == *event).count();
                    sent / taken.iter().filter(|other| *other == event).count()
                });
                prop_assert_eq!(Some(given.len()), possible.min());
            }
        }
    }

    #[test]
    fn each_batch_closes_once_and_after_all_that_it_set_off(
        walk in walks(),
    ) {
        let stalled = matches!(walk.log.last(), Some(Entry::Order(Output::Finish(Outcome::Stalled(_)))));
        let mut words = vec![0; memory(walk.graph)];
        solve_into(walk.graph, &mut words);
        let solved = Solution::new(walk.graph, &words);
        for (index, step) in walk.graph.steps.iter().enumerate() {
            let Takes::Batch { event: gathered, first } = step.takes else { continue };
            let opened = walk.opened.iter().filter(|shape| {
                (0..walk.graph.events.len() as u16)
                    .any(|member| shape.has(member) && solved.same_batch(member, gathered))
            });
            let (opened, given) = (opened.count(), given_to(&walk.log, index as u16));
            prop_assert!(given.len() <= opened, "{} closings of {opened} batches", given.len());
            prop_assert!(!stalled || given.len() == opened, "{} closings of {opened} batches", given.len());
            let mut closed = HashSet::new();
            for batch in given.iter().filter_map(|batch| batch.first()?.lineage.as_ref()) {
                prop_assert!(closed.insert(batch.clone()), "one batch was closed twice");
            }
            for batch in &given {
                let lineages = batch.iter().filter_map(|event| event.lineage.as_ref());
                prop_assert!(lineages.collect::<HashSet<_>>().len() <= 1, "two batches were merged");
                prop_assert!(first.is_none_or(|first| batch.len() <= first as usize));
            }
            if first.is_none() {
                nothing_of_a_closed_batch_runs(&walk, index as u16)?;
            }
        }
    }

    #[test]
    fn the_same_facts_give_the_same_orders(walk in failing_walks()) {
        let (mut again, mut now) = (Machine::resumable(plan(walk.graph)), Duration::ZERO);
        follow(&mut again, &mut now, &walk.log)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_that_was_written_down_and_read_back_anywhere_gives_the_orders_that_were_left(
        walk in failing_walks(),
    ) {
        let (mut written, mut now) = (Machine::resumable(plan(walk.graph)), Duration::ZERO);
        for cut in 0..walk.log.len() {
            let (before, after) = walk.log.split_at(cut);
            let text = serde_json::to_string(written.state()).unwrap();
            let state: State<Ev> = serde_json::from_str(&text).unwrap();
            let mut machine = Machine::resume(plan(walk.graph), state, now);
            let is_over = after.iter().all(|entry| {
                matches!(entry, Entry::Order(Output::Publish { .. } | Output::Finish(_)))
            });
            for order in if is_over { Vec::new() } else { unanswered(before) } {
                prop_assert_eq!(as_first_given(machine.poll_output()), order, "cut at {}", cut);
            }
            follow(&mut machine, &mut now.clone(), after)?;
            follow(&mut written, &mut now, &after[..1])?;
        }
    }
}

/// Tells the machine the facts of a log and compares its orders with those of the log.
fn follow(machine: &mut Machine<Ev>, now: &mut Duration, log: &[Entry]) -> Result<(), TestCaseError> {
    for entry in log {
        match entry {
            Entry::Fact(fact) => {
                *now += if *fact == Input::TimePassed { SECOND } else { Duration::ZERO };
                machine.handle_input(*now, fact.clone());
            }
            Entry::Order(order) => prop_assert_eq!(&machine.poll_output(), order),
        }
    }
    Ok(())
}

/// The order without what has become of the execution meanwhile.
fn as_first_given(order: Output<Ev>) -> Output<Ev> {
    match order {
        Output::RunStep { invocation, step, given, again } => {
            let again = again.filter(|again| again.attempt.number > 1).map(|mut again| {
                again.history = History::default();
                again.attempt.elapsed = Duration::ZERO;
                again
            });
            Output::RunStep { invocation, step, given, again }
        }
        other => other,
    }
}

/// The orders to run a step that the log leaves open.
fn unanswered(log: &[Entry]) -> Vec<Output<Ev>> {
    let mut running = Vec::new();
    for entry in log {
        match entry {
            Entry::Order(order @ Output::RunStep { invocation, .. }) => {
                running.push((*invocation, as_first_given(order.clone())));
            }
            Entry::Fact(Input::StepReturned { invocation, .. } | Input::StepFailed { invocation, .. }) => {
                running.retain(|(known, _)| known != invocation);
            }
            _ => (),
        }
    }
    running.sort_by_key(|(invocation, _)| *invocation);
    running.into_iter().map(|(_, order)| order).collect()
}

/// Once a batch join has fired, nothing that is plainly of its batch is running or starts.
fn nothing_of_a_closed_batch_runs(walk: &Walk, join: u16) -> Result<(), TestCaseError> {
    let (mut closed, mut running) = (Vec::<&[u64]>::new(), HashMap::new());
    for entry in &walk.log {
        match entry {
            Entry::Order(Output::RunStep { invocation, step, given, .. }) => {
                let lineage = events(given).first().and_then(|event| event.lineage.as_deref());
                match (lineage, walk.graph.steps[*step as usize].takes) {
                    (Some(lineage), Takes::Any(_)) => drop(running.insert(*invocation, lineage)),
                    (Some(lineage), _) if *step == join => closed.push(lineage),
                    _ => (),
                }
                for of in running.values() {
                    let left = closed.iter().find(|batch| of.starts_with(batch));
                    prop_assert!(left.is_none(), "something runs in {left:?}, which is closed");
                }
            }
            Entry::Fact(Input::StepReturned { invocation, .. }) => {
                running.remove(invocation);
            }
            _ => (),
        }
    }
    Ok(())
}

/// All events that came into the run, in order.
fn emitted(log: &[Entry]) -> Vec<Ev> {
    fn flatten(emission: &Emission<Ev>, all: &mut Vec<Ev>) {
        match emission {
            Emission::None => (),
            Emission::One(event) => all.push(event.clone()),
            Emission::Many(events, _) => all.extend(events.iter().cloned()),
            Emission::All(parts) => parts.iter().for_each(|part| flatten(part, all)),
        }
    }
    let mut all = Vec::new();
    for entry in log {
        match entry {
            Entry::Fact(
                Input::Started { event } | Input::Received { event } | Input::StepSent { event, .. },
            ) => all.push(event.clone()),
            Entry::Fact(Input::StepReturned { emission, .. }) => flatten(emission, &mut all),
            _ => (),
        }
    }
    all
}

/// What each execution of a step was given, in the order in which they started.
fn given_to(log: &[Entry], step: u16) -> Vec<Vec<Ev>> {
    let orders = log.iter().filter_map(|entry| match entry {
        Entry::Order(Output::RunStep { step: ordered, given, .. }) if *ordered == step => {
            Some(events(given).to_vec())
        }
        _ => None,
    });
    orders.collect()
}
