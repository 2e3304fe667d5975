//! Validate: what only the whole block can show and the type system cannot say better.
//!
//! What follows from the graph (a step that never runs, a dead join) is not checked here but by the core,
//! in constants.

use crate::model::{Catch, Role, Takes, Workflow};
use crate::report::{Report, not_yet};

/// Checks the block, one rule after the other, and notes on each event whether it is direct.
pub fn workflow(workflow: &mut Workflow, catches: &[Catch], report: &mut Report) {
    there_is_a_step(workflow, report);
    there_are_not_too_many(workflow, report);
    nothing_takes_the_stop(workflow, report);
    what_is_received_is_taken(workflow, report);
    what_is_sent_arrives(workflow, report);
    each_catch_has_its_own(workflow, catches, report);
    note_direct(workflow);
}

fn there_is_a_step(workflow: &Workflow, report: &mut Report) {
    if workflow.steps.is_empty() && report.is_clean() {
        report.error(
            &workflow.self_type,
            format!("workflow `{}` has no step", workflow.name),
            "write `#[step]` above a method that takes `StartEvent<T>`",
        );
    }
}

/// The rows count steps in a byte; 256 is `Graph::STEPS` of the core.
fn there_are_not_too_many(workflow: &Workflow, report: &mut Report) {
    if let Some(first) = workflow.steps.get(256) {
        report.error(
            &first.ident,
            format!("workflow `{}` has {} steps, and 256 are the limit", workflow.name, workflow.steps.len()),
            "split it in two workflows",
        );
    }
}

fn nothing_takes_the_stop(workflow: &Workflow, report: &mut Report) {
    for step in &workflow.steps {
        if let Some(stop) =
            step.takes.events().iter().find(|event| workflow.events[**event].role == Role::Stop)
        {
            report.error(
                &workflow.events[*stop].ty,
                format!("step `{}` takes `StopEvent`, with which the run is over", step.ident),
                "take the event before it, or let the caller do what follows the run",
            );
        }
    }
}

fn what_is_received_is_taken(workflow: &Workflow, report: &mut Report) {
    for (place, event) in workflow.events.iter().enumerate() {
        if event.received && !workflow.steps.iter().any(|step| step.takes.events().contains(&place)) {
            report.error(
                &event.ty,
                format!("`{}` is received, but no step takes it", event.name),
                format!("let a step take `{}`, or leave it out of `receives`", event.name),
            );
        }
    }
}

fn what_is_sent_arrives(workflow: &Workflow, report: &mut Report) {
    for (place, event) in workflow.events.iter().enumerate() {
        if !event.sent || event.published || event.role == Role::Stop {
            continue;
        }
        let mut takers = workflow.steps.iter().filter(|step| step.takes.events().contains(&place)).peekable();
        if takers.peek().is_none() {
            report.error(
                &event.ty,
                format!("`{}` is sent, but no step takes it", event.name),
                format!(
                    "let a step take `{}`, or give it to the caller: `#[workflow(publishes({}))]`",
                    event.name, event.name
                ),
            );
        } else if let Some(join) = takers.find(|step| matches!(step.takes, Takes::Batch { .. })) {
            report.error(
                &event.ty,
                format!(
                    "`{}` is sent, and step `{}` gathers it with its batch, which a sent event leaves",
                    event.name, join.ident
                ),
                "return it instead, or take it one at a time",
            );
        }
    }
}

fn each_catch_has_its_own(workflow: &Workflow, catches: &[Catch], report: &mut Report) {
    let before = report.is_clean();
    let mut general = None;
    let mut caught: Vec<String> = Vec::new();
    for catch in catches {
        if catch.of.is_empty() && general.replace(catch.at).is_some() {
            report.error_at(
                catch.at,
                "two general catches",
                "name the steps that this one is for: `#[catch(of(fetch))]`",
            );
        }
        for name in &catch.of {
            let known: Vec<_> = workflow.steps.iter().map(|step| format!("`{}`", step.ident)).collect();
            if !workflow.steps.iter().any(|step| step.ident == *name) {
                report.error(
                    name,
                    format!("no step is named `{name}`"),
                    format!("the steps are {}", known.join(", ")),
                );
            } else if caught.contains(&name.to_string()) {
                report.error(name, format!("two catches for step `{name}`"), "keep one of the two");
            }
            caught.push(name.to_string());
        }
    }
    if before && report.is_clean() {
        catches.iter().for_each(|catch| report.push(not_yet(catch.at, "`#[catch]`")));
    }
}

fn note_direct(workflow: &mut Workflow) {
    for (place, event) in workflow.events.iter_mut().enumerate() {
        let mut takers = workflow.steps.iter().filter(|step| step.takes.events().contains(&place));
        let starts_one =
            matches!(takers.next(), Some(step) if matches!(step.takes, Takes::One(_) | Takes::On(..)));
        event.direct = starts_one && takers.next().is_none() && !event.published;
    }
}
