//! Check: what is wrong with a graph, in words, at the step or event to edit.
//!
//! Every finding is provable: a graph that could run is never refused. One mistake gives one finding:
//! what only follows from another finding is left out.

use super::solve::solve_into;
use super::ways::{Along, follows, leads};
use super::{Graph, Role, Solution, Takes, Text, memory};

/// Refuses a workflow that has no way in or out: in a constant this is the compile error, at the caller's place.
///
/// # Panics
///
/// With the text of [`flow_findings`], when there is one.
#[track_caller]
pub const fn deny_flow(solved: &Solution<'_>) {
    deny(flow_findings(solved));
}

/// Refuses an event that opens a run a second time.
///
/// # Panics
///
/// With the text of [`event_findings`], when there is one.
#[track_caller]
pub const fn deny_event(solved: &Solution<'_>, event: usize) {
    if matches!(solved.graph.events[event].role, Role::Start) {
        deny(event_findings(solved, event));
    }
}

/// Refuses a step: by one look where nothing is wrong, for a constant pays for each statement.
///
/// # Panics
///
/// With the text of [`step_findings`], when there is one.
#[track_caller]
pub const fn deny_step(solved: &Solution<'_>, step: usize) {
    if !solved.is_sound(step) {
        deny(step_findings(solved, step));
    }
}

/// Refuses the `Vec` parameter of a step.
///
/// # Panics
///
/// With the text of [`batch_findings`], when there is one.
#[track_caller]
pub const fn deny_batch(solved: &Solution<'_>, step: usize) {
    if !solved.is_fed(step) {
        deny(batch_findings(solved, step));
    }
}

#[track_caller]
const fn deny(finding: Option<Text>) {
    if let Some(text) = finding {
        panic!("{}", text.as_str());
    }
}

/// Everything that is wrong with a graph that is only known at run time, in the words of the compiler.
#[must_use]
pub fn findings(graph: &Graph) -> Vec<Text> {
    let mut words = vec![0; memory(graph)];
    solve_into(graph, &mut words);
    let solved = Solution::new(graph, &words);
    let mut all = Vec::from_iter(flow_findings(&solved));
    all.extend((0..graph.events.len()).filter_map(|event| event_findings(&solved, event)));
    for step in 0..graph.steps.len() {
        all.extend(step_findings(&solved, step).or_else(|| batch_findings(&solved, step)));
    }
    all
}

/// What is wrong with the workflow as a whole: no way in, or no way out.
#[must_use]
pub const fn flow_findings(solved: &Solution<'_>) -> Option<Text> {
    let graph = solved.graph;
    if graph.start().is_none() {
        return Some(
            Text::new()
                .say("no step of ")
                .name(graph.name)
                .say(" takes `StartEvent`\nhelp: let the first step take `StartEvent<T>`, where `T` is the input of a run"),
        );
    }
    if stops(solved) {
        return None;
    }
    Some(
        Text::new()
            .say("no step of ")
            .name(graph.name)
            .say(" returns `StopEvent`\nhelp: return `StopEvent<T>` from the last step, where `T` is the result of a run"),
    )
}

/// Whether some step gives the event that ends a run.
const fn stops(solved: &Solution<'_>) -> bool {
    let Some(stop) = solved.graph.stop() else {
        return false;
    };
    let mut step = 0;
    while step < solved.graph.steps.len() {
        if solved.emits(step, stop) {
            return true;
        }
        step += 1;
    }
    false
}

/// What is wrong with an event: a second one that opens a run.
#[must_use]
pub const fn event_findings(solved: &Solution<'_>, event: usize) -> Option<Text> {
    let graph = solved.graph;
    match graph.start() {
        Some(first) if matches!(graph.events[event].role, Role::Start) && first as usize != event => Some(
            Text::new()
                .say("two start events: ")
                .name(graph.event_name(first))
                .say(" and ")
                .name(graph.events[event].name)
                .say("\nhelp: take one `StartEvent<T>`; an enum `T` holds several kinds of input"),
        ),
        _ => None,
    }
}

/// What is wrong with a step, to be shown at its name.
#[must_use]
pub const fn step_findings(solved: &Solution<'_>, step: usize) -> Option<Text> {
    let node = &solved.graph.steps[step];
    if node.emits.nests_batches() {
        return Some(
            Text::new()
                .say("step ")
                .name(node.name)
                .say(" returns a `Vec` in a `Vec`\nhelp: return one `Vec`, and let the step that takes its members return the inner one"),
        );
    }
    if solved.graph.start().is_none() {
        return None;
    }
    if node.catches.is_some() && !node.allow_unreachable && first_caught(solved.graph, step).is_none() {
        return Some(
            Text::new()
                .say("step ")
                .name(node.name)
                .say(" can never run: every step has a catch of its own\nhelp: remove ")
                .name(node.name),
        );
    }
    if !solved.runs(step) {
        if node.allow_unreachable {
            return None;
        }
        return match dead_join(solved, step) {
            None => never_runs(solved, step),
            found => found,
        };
    }
    if let Some(event) = waits_in_vain(solved, step) {
        return Some(
            Text::new()
                .say("step ")
                .name(node.name)
                .say(" waits for ")
                .name(event)
                .say(", which no step emits and the caller does not send\nhelp: emit it from a step, or let the caller send it: `#[workflow(receives(")
                .say(event)
                .say("))]`"),
        );
    }
    if solved.ends(step) || node.allow_dead_end || !stops(solved) {
        return None;
    }
    dead_end(solved, step)
}

/// The first step whose failures go to this one.
const fn first_caught(graph: &Graph, catch: usize) -> Option<usize> {
    let mut step = 0;
    while step < graph.steps.len() {
        if matches!(graph.catcher(step), Some(catcher) if catcher == catch) {
            return Some(step);
        }
        step += 1;
    }
    None
}

/// The first event that the step waits for and that comes from nowhere.
const fn waits_in_vain(solved: &Solution<'_>, step: usize) -> Option<&'static str> {
    let (graph, waits) = (solved.graph, solved.graph.steps[step].waits);
    let mut waited = 0;
    while waited < waits.len() {
        if !graph.events[waits[waited] as usize].received {
            let mut from = 0;
            while from < graph.steps.len() && !solved.emits(from, waits[waited]) {
                from += 1;
            }
            if from == graph.steps.len() {
                return Some(graph.event_name(waits[waited]));
            }
        }
        waited += 1;
    }
    None
}

/// What is wrong with a step's `Vec` parameter, to be shown there.
#[must_use]
pub const fn batch_findings(solved: &Solution<'_>, step: usize) -> Option<Text> {
    let graph = solved.graph;
    let Takes::Batch { event, .. } = graph.steps[step].takes else {
        return None;
    };
    if graph.steps[step].allow_unreachable || solved.is_fed(step) || graph.start().is_none() {
        return None;
    }
    let name = graph.event_name(event);
    Some(
        Text::new()
            .say("step ")
            .name(graph.steps[step].name)
            .say(" takes a batch of ")
            .name(name)
            .say(", which no batch brings\nhelp: return a `Vec` from a step that leads to ")
            .name(name)
            .say(", or take one ")
            .name(name)
            .say(" at a time"),
    )
}

/// A step that nothing reaches, unless that only follows from another such step.
const fn never_runs(solved: &Solution<'_>, step: usize) -> Option<Text> {
    let graph = solved.graph;
    let node = &graph.steps[step];
    if matches!(node.takes, Takes::Batch { .. }) && !solved.is_fed(step) {
        return None; // `batch_findings` says it, at the parameter.
    }
    if follows(solved, step, Along::Unreached) {
        return None;
    }
    let (taken, mut parameter) = (node.takes.events(), 0);
    while parameter + 1 < taken.len() && solved.live(step, parameter) {
        parameter += 1;
    }
    let event = graph.event_name(taken[parameter]);
    let text = Text::new().say("step ").name(node.name).say(" can never run: ");
    if node.catches.is_some()
        && let Some(caught) = first_caught(graph, step)
    {
        let caught = graph.steps[caught].name;
        return Some(
            text.say("it catches ")
                .name(caught)
                .say(", which never runs either\nhelp: start ")
                .name(caught)
                .say(" by an event of a step that runs, or remove both"),
        );
    }
    if let Some(from) = last_words(solved, taken[parameter]) {
        return Some(
            text.name(graph.steps[from].name)
                .say(" emits ")
                .name(event)
                .say(" only beside what ends the run\nhelp: emit ")
                .name(event)
                .say(" in a step before the one that returns `StopEvent`"),
        );
    }
    let mut from = 0;
    while from < graph.steps.len() {
        if from != step && solved.emits(from, taken[parameter]) {
            return Some(
                text.name(event)
                    .say(" comes only from ")
                    .name(graph.steps[from].name)
                    .say(", which never runs either\nhelp: emit ")
                    .name(event)
                    .say(" from a step that runs, or remove both"),
            );
        }
        from += 1;
    }
    Some(
        text.say("no step emits ")
            .name(event)
            .say("\nhelp: return ")
            .name(event)
            .say(" from a step, or remove ")
            .name(node.name),
    )
}

/// A step that runs and emits the event, but only in such a way that the run is over with it.
const fn last_words(solved: &Solution<'_>, event: u16) -> Option<usize> {
    let mut from = 0;
    while from < solved.graph.steps.len() {
        if solved.runs(from) && solved.emits(from, event) && !solved.brings(from, event) {
            return Some(from);
        }
        from += 1;
    }
    None
}

/// The step that gathers what `step` emits only outside a batch.
const fn gathered_outside(solved: &Solution<'_>, step: usize) -> Option<usize> {
    let mut join = 0;
    while join < solved.graph.steps.len() {
        if let Takes::Batch { event, .. } = solved.graph.steps[join].takes
            && solved.emits(step, event)
            && !solved.brings(step, event)
        {
            return Some(join);
        }
        join += 1;
    }
    None
}

/// A step after which the run can only go on for ever or fall silent, unless the step that it leads to is
/// the one to mend.
const fn dead_end(solved: &Solution<'_>, step: usize) -> Option<Text> {
    if follows(solved, step, Along::DeadEnds) || goes_to_a_batch_that_none_brings(solved, step) {
        return None;
    }
    let graph = solved.graph;
    if let Some(join) = gathered_outside(solved, step) {
        if !solved.is_fed(join) {
            return None; // `batch_findings` says it, at the parameter of the join.
        }
        let event = graph.event_name(graph.steps[join].takes.events()[0]);
        return Some(
            Text::new()
                .say("step ")
                .name(graph.steps[step].name)
                .say(" emits ")
                .name(event)
                .say(" outside a batch, and ")
                .name(graph.steps[join].name)
                .say(" gathers it\nhelp: return `Vec<")
                .say(event)
                .say(">`, or take one ")
                .name(event)
                .say(" at a time"),
        );
    }
    let text = Text::new().say("no `StopEvent` can follow from step ").name(graph.steps[step].name);
    let mut next = 0;
    while next < graph.steps.len() {
        if solved.feeds(step, next) || solved.wakes(step, next) {
            return Some(
                text.say(": it only leads round to ")
                    .name(graph.steps[next].name)
                    .say("\nhelp: let one of the steps of this loop return `StopEvent` as well, by an enum with `#[derive(OneOf)]`"),
            );
        }
        next += 1;
    }
    Some(text.say(": it emits nothing that another step takes\nhelp: return `StopEvent` or an event that leads to it, or say `#[step(allow(dead_end))]`"))
}

/// Whether the step emits what a `Vec` parameter waits for in vain, which `batch_findings` says there.
const fn goes_to_a_batch_that_none_brings(solved: &Solution<'_>, step: usize) -> bool {
    let mut join = 0;
    while join < solved.graph.steps.len() {
        if let Takes::Batch { event, .. } = solved.graph.steps[join].takes
            && solved.emits(step, event)
            && !solved.is_fed(join)
        {
            return true;
        }
        join += 1;
    }
    false
}

/// A join whose events never come in one run, though each of them can come.
const fn dead_join(solved: &Solution<'_>, step: usize) -> Option<Text> {
    let graph = solved.graph;
    let Takes::Join(taken) = graph.steps[step].takes else {
        return None;
    };
    let mut parameter = 0;
    while parameter < taken.len() {
        if !solved.live(step, parameter) {
            return None;
        }
        parameter += 1;
    }
    let mut first = 0;
    while first < taken.len() {
        let mut second = first + 1;
        while second < taken.len() {
            if !solved.meet(step, first, second) {
                return Some(exclusive(solved, step, taken[first], taken[second]));
            }
            second += 1;
        }
        first += 1;
    }
    None
}

const fn exclusive(solved: &Solution<'_>, step: usize, a: u16, b: u16) -> Text {
    let graph = solved.graph;
    let text = Text::new().say("join ").name(graph.steps[step].name).say(" can never run: ");
    let text = if a == b {
        text.say("it takes two ").name(graph.event_name(a)).say(", and a run gives one")
    } else {
        text.name(graph.event_name(a)).say(" and ").name(graph.event_name(b)).say(" never come in one run")
    };
    let text = match chooser(solved, a, b) {
        Some(chooser) if a != b => text
            .say(", since ")
            .name(graph.steps[chooser].name)
            .say(" emits what leads to the one or to the other"),
        _ => text,
    };
    text.say("\nhelp: emit both (a tuple `(A, B)`), or take them in two steps or by `#[step(on(A, B))]`")
}

/// The step, nearest to both events, from which either can follow: the one that chooses.
const fn chooser(solved: &Solution<'_>, a: u16, b: u16) -> Option<usize> {
    let steps = solved.graph.steps;
    let mut step = 0;
    while step < steps.len() {
        if solved.runs(step) && solved.emits(step, a) && solved.emits(step, b) {
            return Some(step);
        }
        step += 1;
    }
    step = steps.len();
    while step > 0 {
        step -= 1;
        if solved.runs(step)
            && comes_from(solved, step, a)
            && comes_from(solved, step, b)
            && !passes_on(solved, step, a, b)
        {
            return Some(step);
        }
    }
    None
}

const fn comes_from(solved: &Solution<'_>, step: usize, event: u16) -> bool {
    let mut emitter = 0;
    while emitter < solved.graph.steps.len() {
        if solved.emits(emitter, event) && (emitter == step || leads(solved, step, emitter, Along::Events)) {
            return true;
        }
        emitter += 1;
    }
    false
}

/// Whether a single next step is already the source of both, so that the choice is made further down.
const fn passes_on(solved: &Solution<'_>, step: usize, a: u16, b: u16) -> bool {
    let mut next = 0;
    while next < solved.graph.steps.len() {
        if next != step
            && solved.feeds(step, next)
            && comes_from(solved, next, a)
            && comes_from(solved, next, b)
            && !leads(solved, next, step, Along::Events)
        {
            return true;
        }
        next += 1;
    }
    false
}
