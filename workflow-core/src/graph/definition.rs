//! Definition: a workflow's steps and events as JSON, to be read where the workflow is not known.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::{Graph, Shape};
use crate::machine::Plan;
use crate::{BoxError, Events};

/// What a workflow looks like, as it is written down.
#[derive(Serialize, Deserialize)]
struct Written<G, S, K> {
    graph: G,
    /// By event: what its fields are.
    shapes: S,
    /// By event: what it is called where one is written down.
    keys: K,
}

/// A workflow that is known only by its definition.
pub(crate) struct Defined {
    pub(crate) plan: &'static Plan,
    /// By event: what its fields are.
    pub(crate) shapes: Vec<String>,
    /// By event: what it is called where one is written down.
    pub(crate) keys: Vec<&'static str>,
}

/// The definition of the workflow with these events.
pub(crate) fn of<E: Events>() -> Arc<str> {
    let plan = E::plan();
    let write = || write(plan.graph(), &E::shapes(), &keys::<E>()).into();
    Arc::clone(plan.definition.get_or_init(write))
}

fn write(graph: &Graph, shapes: &[String], keys: &[&str]) -> String {
    serde_json::to_string(&Written { graph, shapes, keys }).expect("names and numbers can be written as JSON")
}

/// What events of this type are called where they are written down: one that is called nothing is refused with all
/// that would have been taken.
fn keys<E: DeserializeOwned>() -> Vec<&'static str> {
    let nothing = MapDeserializer::<_, Keys>::new(std::iter::once(("", ())));
    E::deserialize(nothing).map_or_else(|Keys(keys)| keys, |_| Vec::new())
}

/// An error that keeps the names that are possible.
#[derive(Debug)]
struct Keys(Vec<&'static str>);

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event is one of {:?}", self.0)
    }
}

impl std::error::Error for Keys {}

impl serde::de::Error for Keys {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(Vec::new())
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected.to_vec())
    }
}

/// The workflow with this definition. What it takes stays for good, once for all that are the same: a workflow is a
/// constant.
///
/// # Errors
///
/// When it is not one.
pub(crate) fn read(definition: &str) -> Result<&'static Defined, BoxError> {
    static KNOWN: Mutex<BTreeMap<&'static str, &'static Defined>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(defined) = known.get(definition) {
        return Ok(defined);
    }
    // What is no definition is not kept.
    serde_json::from_str::<Written<IgnoredAny, Vec<String>, Vec<String>>>(definition)?;
    let text: &'static str = Box::leak(definition.into());
    let Written::<Graph, Vec<String>, Vec<&str>> { graph, shapes, keys } = serde_json::from_str(text)?;
    if !graph.is_sound() || keys.len() != graph.events.len() {
        return Err("it names steps or events that it does not have".into());
    }
    let plan = Box::leak(Box::new(Plan::new(Box::leak(Box::new(graph)))));
    let defined: &'static Defined = Box::leak(Box::new(Defined { plan, shapes, keys }));
    known.insert(text, defined);
    Ok(defined)
}

impl Graph {
    /// Whether it has all the steps and events that it names.
    fn is_sound(&self) -> bool {
        let (steps, events) = (self.steps.len(), self.events.len());
        let has = |event: &u16| usize::from(*event) < events;
        let has_all = |shape: &Shape| {
            let mut all = true;
            shape.visit(&mut |event, _| all &= has(&event), false);
            all
        };
        steps <= Self::STEPS
            && self.steps.iter().all(|step| {
                let named = [step.takes.events(), step.sends, step.waits].concat();
                let caught = step.catches.iter().flat_map(|catches| catches.of);
                named.iter().all(has)
                    && has_all(&step.emits)
                    && caught.into_iter().all(|step| usize::from(*step) < steps)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{EventNode, Role, StepNode, Takes};

    const STEP: StepNode = StepNode {
        doc: "Says \"hello\".",
        sends: &[1],
        ..StepNode::new(
            "greet",
            Takes::Any(&[0]),
            Shape::OneOf(&[Shape::Event(1), Shape::Many(&Shape::Nothing)]),
        )
    };

    const GRAPH: Graph = Graph {
        name: "Greeter",
        events: &[EventNode::new("Name", Role::Start), EventNode::new("Greeting", Role::Stop)],
        steps: &[STEP],
    };

    #[test]
    fn a_definition_reads_as_the_graph_that_was_written_and_is_kept_once() {
        let written = write(&GRAPH, &["String".to_owned()], &["Name", "Greeting"]);
        let read = read(&written).unwrap();
        assert_eq!(*read.plan.graph(), GRAPH);
        assert_eq!(read.shapes, ["String"]);
        assert!(std::ptr::eq(read, super::read(&written).unwrap()));
    }

    #[test]
    fn what_is_no_definition_is_refused() {
        for text in ["", "{}", "{\"graph\":1,\"shapes\":[],\"keys\":[]}"] {
            assert!(read(text).is_err(), "{text}");
        }
        const BEYOND: Graph = Graph { steps: &[StepNode { waits: &[7], ..STEP }], ..GRAPH };
        assert!(read(&write(&BEYOND, &[], &["Name", "Greeting"])).is_err());
    }
}
