//! Check: what is wrong with the functions that are attached to a workflow, in the words of the compiler.
//!
//! As there, what follows from the graph is asked only when everything before it is in order. The
//! sentences are those of the macros and of `Carries`, for a graph that no compiler has seen; a test holds
//! them against what the compiler prints.

use std::collections::HashMap;

use super::gather::{Wiring, input_name};
use super::{AttachedStep, Options};
use crate::graph::{self, Graph, Role, Takes};

/// Everything that is wrong; the later questions are asked when the earlier ones find nothing.
pub(super) fn findings(options: &Options, entries: &[&AttachedStep], wiring: &Wiring) -> Vec<String> {
    let graph = wiring.graph;
    let mut found = Vec::new();
    names_are_told_apart(entries, &mut found);
    there_is_one_result(wiring, &mut found);
    the_input_is_what_is_said(options, wiring, &mut found);
    there_is_a_step(graph, &mut found);
    there_are_not_too_many(graph, &mut found);
    nothing_takes_the_stop(graph, &mut found);
    nothing_waits_for_the_stop(graph, &mut found);
    what_is_received_is_taken(graph, &mut found);
    what_is_sent_arrives(graph, &mut found);
    each_catch_has_its_own(entries, &mut found);
    if found.is_empty() {
        what_is_emitted_goes_somewhere(wiring, &mut found);
    }
    if found.is_empty() {
        found.extend(graph::findings(graph).iter().map(ToString::to_string));
    }
    found
}

fn names_are_told_apart(entries: &[&AttachedStep], found: &mut Vec<String>) {
    let mut seen: HashMap<&str, &AttachedStep> = HashMap::new();
    for entry in entries {
        let name = entry.row.name;
        if let Some(first) = seen.get(name) {
            found.push(format!(
                "two steps are named `{name}`: one stands in `{}`, line {}, the other in `{}`, line {}\nhelp: rename one of the two",
                first.module, first.line, entry.module, entry.line
            ));
        } else {
            seen.insert(name, entry);
        }
    }
}

fn there_is_one_result(wiring: &Wiring, found: &mut Vec<String>) {
    if let [first, second, ..] = wiring.stops[..] {
        found.push(format!(
            "two stop types: `{}` and `{}`\nhelp: a run gives one type: an enum holds several kinds of result",
            wiring.graph.event_name(first),
            wiring.graph.event_name(second)
        ));
    }
}

fn the_input_is_what_is_said(options: &Options, wiring: &Wiring, found: &mut Vec<String>) {
    if let (Some(said), [(start, id)]) = (&options.input, &wiring.starts[..])
        && said.info.id != *id
    {
        found.push(format!(
            "the workflow says `input = {}`, but its first step takes `{start}`\nhelp: write `#[workflow(input = {})]`, or take `{}`",
            input_name(said.name),
            input_name(start),
            said.name
        ));
    }
}

fn there_is_a_step(graph: &Graph, found: &mut Vec<String>) {
    if graph.steps.is_empty() && found.is_empty() {
        let name = graph.name;
        found.push(format!(
            "workflow `{name}` has no step\nhelp: write `#[step(workflow = {name})]` above a function that takes `StartEvent<T>`; one in another crate counts when that crate is used: `use its_crate as _;`"
        ));
    }
}

fn there_are_not_too_many(graph: &Graph, found: &mut Vec<String>) {
    if graph.steps.len() > Graph::STEPS {
        found.push(format!(
            "workflow `{}` has {} steps, and {} are the limit\nhelp: split it in two workflows",
            graph.name,
            graph.steps.len(),
            Graph::STEPS
        ));
    }
}

fn nothing_takes_the_stop(graph: &Graph, found: &mut Vec<String>) {
    let stops = |event: &u16| graph.events[usize::from(*event)].role == Role::Stop;
    for step in graph.steps.iter().filter(|step| step.takes.events().iter().any(stops)) {
        found.push(format!(
            "step `{}` takes `StopEvent`, with which the run is over\nhelp: take the event before it, or let the caller do what follows the run",
            step.name
        ));
    }
}

fn nothing_waits_for_the_stop(graph: &Graph, found: &mut Vec<String>) {
    let stops = |event: &u16| graph.events[usize::from(*event)].role == Role::Stop;
    for step in graph.steps.iter().filter(|step| step.waits.iter().any(stops)) {
        found.push(format!(
            "step `{}` waits for `StopEvent`, with which the run is over\nhelp: wait for the event before it",
            step.name
        ));
    }
}

fn is_waited(graph: &Graph, event: u16) -> bool {
    graph.steps.iter().any(|step| step.waits.contains(&event))
}

fn what_is_received_is_taken(graph: &Graph, found: &mut Vec<String>) {
    for (event, node) in (0..).zip(graph.events) {
        let is_taken = || graph.steps.iter().any(|step| step.takes.events().contains(&event));
        if node.received && !is_waited(graph, event) && !is_taken() {
            found.push(format!(
                "`{0}` is received, but no step takes it\nhelp: let a step take `{0}`, or leave it out of `receives`",
                node.name
            ));
        }
    }
}

fn what_is_sent_arrives(graph: &Graph, found: &mut Vec<String>) {
    for (event, node) in (0..).zip(graph.events) {
        let is_sent = graph.steps.iter().any(|step| step.sends.contains(&event));
        if !is_sent || node.published || node.role == Role::Stop {
            continue;
        }
        let mut takers = graph.steps.iter().filter(|step| step.takes.events().contains(&event)).peekable();
        if takers.peek().is_none() {
            if is_waited(graph, event) {
                continue;
            }
            found.push(format!(
                "`{0}` is sent, but no step takes it\nhelp: let a step take `{0}`, or give it to the caller: `#[workflow(publishes({0}))]`",
                node.name
            ));
        } else if let Some(join) = takers.find(|step| matches!(step.takes, Takes::Batch { .. })) {
            found.push(format!(
                "`{}` is sent, and step `{}` gathers it with its batch, which a sent event leaves\nhelp: return it instead, or take it one at a time",
                node.name, join.name
            ));
        }
    }
}

fn each_catch_has_its_own(entries: &[&AttachedStep], found: &mut Vec<String>) {
    let known: Vec<_> = entries.iter().filter(|entry| entry.catches.is_none()).collect();
    let listed: Vec<_> = known.iter().map(|entry| format!("`{}`", entry.row.name)).collect();
    let (mut general, mut caught) = (false, Vec::new());
    for (entry, catch) in entries.iter().filter_map(|entry| Some((entry, entry.catches?))) {
        if catch.of.is_empty() && std::mem::replace(&mut general, true) {
            found.push(
                "two general catches\nhelp: name the steps that this one is for: `#[catch(of(fetch))]`"
                    .to_owned(),
            );
        }
        for name in catch.of {
            if entries.iter().any(|other| other.row.name == *name && other.catches.is_some()) {
                let own = if entry.row.name == *name { "itself" } else { "a catch" };
                found.push(format!(
                    "step `{}` catches {own}, and what fails in a catch fails the run\nhelp: leave `{name}` out, or give it `#[step(retry)]`",
                    entry.row.name
                ));
            } else if !known.iter().any(|entry| entry.row.name == *name) {
                found.push(format!("no step is named `{name}`\nhelp: the steps are {}", listed.join(", ")));
            } else if caught.contains(name) {
                found.push(format!("two catches for step `{name}`\nhelp: keep one of the two"));
            }
            caught.push(*name);
        }
    }
}

fn what_is_emitted_goes_somewhere(wiring: &Wiring, found: &mut Vec<String>) {
    for stray in &wiring.strays {
        found.push(format!(
            "`{0}` is emitted, but no step takes it and the caller does not get it\nhelp: let a step take `{0}`, or give it to the caller: `#[workflow(publishes({0}))]`",
            wiring.graph.event_name(*stray)
        ));
    }
}
