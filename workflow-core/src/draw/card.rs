//! Card: what is said of a node when somebody asks for it.

use std::borrow::Cow;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, Role, RunsOn, Shape, StepNode, Takes};

/// All that is known of a step or an event, in words.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Card {
    /// What it is: `step`, `event`.
    pub(super) kind: Cow<'static, str>,
    /// Code: the signature of a step, the fields of an event.
    pub(super) code: String,
    /// The doc comment.
    pub(super) doc: String,
    /// Name and value.
    pub(super) facts: Vec<(Cow<'static, str>, String)>,
}

impl Card {
    fn new(kind: &'static str, code: String, doc: String, facts: Vec<(&'static str, String)>) -> Self {
        let facts = facts.into_iter().map(|(fact, value)| (Cow::Borrowed(fact), value)).collect();
        Self { kind: Cow::Borrowed(kind), code, doc, facts }
    }

    pub(super) fn start() -> Self {
        Self::new("start", String::new(), "A run begins here.".to_owned(), Vec::new())
    }

    pub(super) fn stop() -> Self {
        let doc = "A run ends here, with the first event that comes.".to_owned();
        Self::new("stop", String::new(), doc, Vec::new())
    }

    pub(super) fn caller() -> Self {
        let doc = "Who started the run: gets what the workflow publishes, sends what it receives.".to_owned();
        Self::new("outside", String::new(), doc, Vec::new())
    }

    /// The card of what is drawn once more.
    #[cfg(feature = "draw")]
    pub(super) fn again(first: &Self) -> Self {
        Self {
            kind: first.kind.clone(),
            doc: "It stands elsewhere in the picture too.".to_owned(),
            ..Self::default()
        }
    }

    /// The card as plain text, for where there is no other room for it.
    pub(super) fn text(&self, name: &str) -> String {
        let mut text = format!("{}: {name}", self.kind);
        for part in [&self.code, &self.doc] {
            if !part.is_empty() {
                text += "\n";
                text += part;
            }
        }
        for (fact, value) in &self.facts {
            // Writing to a string does not fail.
            let _ = write!(text, "\n{fact}: {value}");
        }
        text
    }
}

/// What is known of a step.
pub(super) fn of_step(graph: &Graph, step: usize) -> Card {
    let row = &graph.steps[step];
    let names = |events: &[u16], between: &str| {
        events.iter().map(|event| graph.event_name(*event)).collect::<Vec<_>>().join(between)
    };
    let mut facts = Vec::new();
    facts.push(match row.takes {
        Takes::Any(events) => ("takes", names(events, " or ")),
        Takes::Join(events) => ("takes", names(events, " and ")),
        Takes::Batch { event, first: None } => {
            ("takes", format!("the whole batch of {}", graph.event_name(event)))
        }
        Takes::Batch { event, first: Some(first) } => {
            ("takes", format!("the first {first} of a batch of {}", graph.event_name(event)))
        }
    });
    facts.push(("gives", given(graph, step)));
    if let Some(catch) = graph.catcher(step) {
        facts.push(("caught by", graph.steps[catch].name.to_owned()));
    }
    if !row.sends.is_empty() {
        facts.push(("sends", names(row.sends, ", ")));
    }
    if !row.waits.is_empty() {
        facts.push(("waits for", names(row.waits, ", ")));
    }
    if let Some(catches) = row.catches {
        let of: Vec<_> = catches.of.iter().map(|step| graph.steps[usize::from(*step)].name).collect();
        let of = if of.is_empty() { "any step that no other catches".to_owned() } else { of.join(", ") };
        facts.push(("catches", format!("{of}; {} in a line of events", times(catches.times))));
    }
    facts.push(("workers", format!("{} at once", row.workers)));
    if let Some(timeout) = row.timeout {
        facts.push(("timeout", format!("{timeout:?} for each try")));
    }
    if row.retries {
        facts.push(("retry", "when it fails, as its policy says".to_owned()));
    }
    match row.runs {
        RunsOn::Run => (),
        RunsOn::Task => facts.push(("runs on", "a task of its own".to_owned())),
        RunsOn::Pool => facts.push(("runs on", "a thread that may block".to_owned())),
    }
    Card::new("step", row.signature.to_owned(), row.doc.to_owned(), facts)
}

/// What is known of an event; `fields` are its own words for what it holds.
pub(super) fn of_event(graph: &Graph, event: usize, fields: &str) -> Card {
    let row = &graph.events[event];
    let kind = match row.role {
        Role::Start => "event that begins a run",
        Role::Stop => "event that ends a run",
        Role::Between => "event",
    };
    let steps = |is: &dyn Fn(&StepNode) -> bool| {
        graph.steps.iter().filter(|step| is(step)).map(|step| step.name).collect::<Vec<_>>().join(", ")
    };
    let place = event as u16;
    let from = steps(&|step| step.emits.has(place) || step.sends.contains(&place));
    let to = steps(&|step| step.takes.events().contains(&place));
    let waits = steps(&|step| step.waits.contains(&place));
    let mut facts = vec![("from", from), ("to", to), ("waited for by", waits)];
    if row.published {
        facts.push(("published", "to the caller".to_owned()));
    }
    if row.received {
        facts.push(("received", "from the caller, at any time".to_owned()));
    }
    facts.retain(|(_, value)| !value.is_empty());
    Card::new(kind, one_a_line(fields), String::new(), facts)
}

/// What is known of the failures of `caught`.
pub(super) fn of_failure(graph: &Graph, caught: &[usize], fields: Option<&String>) -> Card {
    let of: Vec<_> = caught.iter().map(|step| graph.steps[*step].name).collect();
    let facts = vec![("from", of.join(", "))];
    let doc = "A step has given up.".to_owned();
    Card::new("failure", one_a_line(fields.map_or("", String::as_str)), doc, facts)
}

/// What a step returns. The failure that may come instead is no part of it.
fn given(graph: &Graph, step: usize) -> String {
    let row = &graph.steps[step];
    match (graph.catcher(step), &row.emits) {
        (Some(_), Shape::OneOf([own, Shape::Event(_)])) => in_words(graph, own, false),
        _ => in_words(graph, &row.emits, false),
    }
}

fn in_words(graph: &Graph, shape: &Shape, inside: bool) -> String {
    let list = |parts: &[Shape], between: &str| {
        let parts = parts.iter().map(|part| in_words(graph, part, true)).collect::<Vec<_>>();
        let list = parts.join(between);
        if inside && parts.len() > 1 { format!("({list})") } else { list }
    };
    match shape {
        Shape::Nothing => "nothing".to_owned(),
        Shape::Event(event) => graph.event_name(*event).to_owned(),
        Shape::Many(inner) => format!("a batch of {}", in_words(graph, inner, true)),
        Shape::OneOf(parts) => list(parts, " or "),
        Shape::All(parts) => list(parts, " and "),
    }
}

/// Fields or variants, as `Event::shape` has them, each on a line; one without a name has a number.
fn one_a_line(fields: &str) -> String {
    let (mut depth, mut lines) = (0_i32, vec![String::new()]);
    for char in fields.chars() {
        depth += match char {
            '<' | '(' | '[' | '{' => 1,
            '>' | ')' | ']' | '}' => -1,
            _ => 0,
        };
        match lines.last_mut() {
            Some(line) if char != ',' || depth != 0 => line.push(char),
            _ => lines.push(String::new()),
        }
    }
    let lines = lines.iter().enumerate().map(|(place, line)| {
        let line = line.trim().replace(" {  }", "").replace("{ : ", "{ ").replace(", : ", ", ");
        if line.starts_with(':') { format!("{place}{line}") } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn times(times: u32) -> String {
    match times {
        1 => "once".to_owned(),
        _ => format!("at most {times} times"),
    }
}
