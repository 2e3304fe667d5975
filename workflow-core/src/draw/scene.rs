//! Scene: what a picture shows, before anything has a place.
//!
//! Every form of picture is written from this and not from the graph, so that all of them show the same.
//! Steps and events are nodes: an arrow goes from what gives an event to the event, and from there to
//! what takes it. A line in an alternative form of text may go through the event ([`Scene::arrows`]).

use super::build::Builder;
use super::card::Card;
use super::loops;
use crate::graph::Graph;

/// Nodes and the lines between them.
#[derive(Debug)]
pub(super) struct Scene {
    /// The workflow's name.
    pub(super) name: &'static str,
    /// What stands in the picture, in declaration order.
    pub(super) nodes: Vec<Node>,
    /// What connects it, from the sources of events to the events, and from events to what takes them.
    pub(super) lines: Vec<Line>,
}

/// One thing in the picture.
#[derive(Debug)]
pub(super) struct Node {
    /// What no other node of the picture is called: `start`, `s0`, `e0`.
    pub(super) key: String,
    pub(super) kind: Kind,
    /// What it is called, in full.
    pub(super) name: String,
    /// What is said below its name.
    pub(super) notes: Vec<String>,
    /// What is said of it on demand.
    pub(super) card: Card,
    pub(super) emphasis: Emphasis,
    /// It stands elsewhere in the picture too.
    #[cfg(feature = "draw")]
    pub(super) again: bool,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Start,
    Stop,
    /// What is outside of the workflow, on the other side of a door.
    Caller,
    /// A step; `gathers` when it waits for several events: a join or a batch.
    Step {
        gathers: bool,
    },
    /// An event; `many` when it comes in batches.
    Event {
        many: bool,
    },
    /// The failure of a step.
    Failure,
}

/// How loud a node or a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emphasis {
    Usual,
    /// No run comes here.
    Faint,
}

/// A line between two nodes, by their places.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: LineKind,
    /// A batch goes along it.
    pub(super) many: bool,
    /// The step from which it comes may give something else instead, or nothing.
    pub(super) perhaps: bool,
    /// It leads back to what comes before.
    pub(super) back: bool,
    pub(super) emphasis: Emphasis,
}

/// What goes along a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    /// An event that starts a step.
    Flow,
    /// An event for which a step waits that runs already.
    Wait,
    /// An event that passes a door to the outside.
    Door,
    /// A failure on its way to the step that catches it.
    Failure,
}

/// A way from node to node through one event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrow<'a> {
    pub(super) from: &'a Node,
    pub(super) event: &'a Node,
    pub(super) to: &'a Node,
    pub(super) kind: LineKind,
    pub(super) many: bool,
}

impl Scene {
    /// All that `graph` can do; `shapes` says what the fields of its events are.
    pub(super) fn new(graph: &Graph, shapes: &[String]) -> Self {
        let mut scene = Builder::new(graph, shapes).build();
        loops::find(&mut scene);
        scene
    }

    /// Every way from node to node through an event, in the order of the lines that lead to the events.
    pub(super) fn arrows(&self) -> impl Iterator<Item = Arrow<'_>> {
        self.lines.iter().filter(|line| self.nodes[line.to].kind.is_event()).flat_map(move |first| {
            let second = self.lines.iter().filter(move |line| line.from == first.to);
            second.map(move |second| Arrow {
                from: &self.nodes[first.from],
                event: &self.nodes[first.to],
                to: &self.nodes[second.to],
                kind: second.kind,
                many: first.many,
            })
        })
    }

    /// Whether a line ends (or begins) at the node.
    pub(super) fn has_line(&self, node: usize, begins: bool) -> bool {
        self.lines.iter().any(|line| node == if begins { line.from } else { line.to })
    }
}

impl Kind {
    pub(super) const fn is_event(self) -> bool {
        matches!(self, Self::Event { .. } | Self::Failure)
    }
}
