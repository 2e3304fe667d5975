//! Validate: what only the whole block can show and the type system cannot say better.
//!
//! What follows from the graph (a step that never runs, a dead join) is not checked here but by the core,
//! in constants.

use syn::{Ident, ImplItem};

use crate::model::{Role, Takes, Workflow};
use crate::report::Report;

/// Checks the block, one rule after the other, and notes on each event whether it is direct.
pub fn workflow(workflow: &mut Workflow, report: &mut Report) {
    there_is_a_step(workflow, report);
    there_are_not_too_many(workflow, report);
    nothing_takes_the_stop(workflow, report);
    nothing_waits_for_the_stop(workflow, report);
    what_is_received_is_taken(workflow, report);
    what_is_sent_arrives(workflow, report);
    each_catch_has_its_own(workflow, report);
    what_runs_apart_can_be_shared(workflow, report);
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

fn nothing_waits_for_the_stop(workflow: &Workflow, report: &mut Report) {
    for step in &workflow.steps {
        if let Some(stop) = step.waits.iter().find(|event| workflow.events[**event].role == Role::Stop) {
            report.error(
                &workflow.events[*stop].ty,
                format!("step `{}` waits for `StopEvent`, with which the run is over", step.ident),
                "wait for the event before it",
            );
        }
    }
}

fn what_is_received_is_taken(workflow: &Workflow, report: &mut Report) {
    for (place, event) in workflow.events.iter().enumerate() {
        let is_taken = || workflow.steps.iter().any(|step| step.takes.events().contains(&place));
        if event.received && !event.waited && !is_taken() {
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
            if event.waited {
                continue;
            }
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

fn each_catch_has_its_own(workflow: &Workflow, report: &mut Report) {
    let known: Vec<_> = workflow.steps.iter().filter(|step| step.catch.is_none()).collect();
    let listed: Vec<_> = known.iter().map(|step| format!("`{}`", step.ident)).collect();
    let (mut general, mut caught) = (None, Vec::new());
    for (step, catch) in workflow.steps.iter().filter_map(|step| Some((step, step.catch.as_ref()?))) {
        if catch.of.is_empty() && general.replace(catch.at).is_some() {
            report.error_at(
                catch.at,
                "two general catches",
                "name the steps that this one is for: `#[catch(of(fetch))]`",
            );
        }
        if !catch.of.is_empty() && catch.of.iter().all(|name| workflow.gone.contains(name)) {
            report.error_at(
                catch.at,
                format!("step `{}` catches only steps that their `#[cfg]` leaves out", step.ident),
                "write the same `#[cfg(..)]` above it",
            );
        }
        for name in catch.of.iter().filter(|name| !workflow.gone.contains(name)) {
            if workflow.steps.iter().any(|other| other.ident == *name && other.catch.is_some()) {
                let own = if step.ident == *name { "itself" } else { "a catch" };
                report.error(
                    name,
                    format!("step `{}` catches {own}, and what fails in a catch fails the run", step.ident),
                    format!("leave `{name}` out, or give it `#[step(retry)]`"),
                );
            } else if !known.iter().any(|step| step.ident == *name) {
                // A step that could not be read has its own error.
                if report.is_clean() || !is_a_method(workflow, name) {
                    report.error(
                        name,
                        format!("no step is named `{name}`"),
                        format!("the steps are {}", listed.join(", ")),
                    );
                }
            } else if caught.contains(&name) {
                report.error(name, format!("two catches for step `{name}`"), "keep one of the two");
            }
            caught.push(name);
        }
    }
}

fn is_a_method(workflow: &Workflow, name: &Ident) -> bool {
    let mut items = workflow.block.items.iter();
    items.any(|item| matches!(item, ImplItem::Fn(method) if method.sig.ident == *name))
}

/// A copy of the workflow goes with a step that runs apart, for as long as the step likes.
fn what_runs_apart_can_be_shared(workflow: &Workflow, report: &mut Report) {
    let Some(lifetime) = workflow.borrows_for() else {
        return;
    };
    for step in &workflow.steps {
        if let Some(apart) = &step.apart {
            report.error_at(
                apart.at,
                format!(
                    "step `{}` runs apart from its run, and workflow `{}` borrows for `{lifetime}`",
                    step.ident, workflow.name
                ),
                "leave the option out, or let the workflow own what it borrows, in an `Arc` when it is big",
            );
        }
    }
}

/// The same rule as in `Plan::new` of the core: the dispatch and the machine must agree.
fn note_direct(workflow: &mut Workflow) {
    let direct: Vec<bool> = (0..workflow.events.len()).map(|event| is_direct(workflow, event)).collect();
    for (event, direct) in workflow.events.iter_mut().zip(direct) {
        event.direct = direct;
    }
}

fn is_direct(workflow: &Workflow, place: usize) -> bool {
    let event = &workflow.events[place];
    let mut takers = workflow.steps.iter().filter(|step| step.takes.events().contains(&place));
    let (Some(taker), None) = (takers.next(), takers.next()) else {
        return false;
    };
    let starts = matches!(taker.takes, Takes::One(_) | Takes::On(..));
    starts && !event.published && !event.waited && workflow.is_plain(taker)
}
