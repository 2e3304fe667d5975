//! Scene: what a picture shows, before anything has a place.
//!
//! Every form of picture is written from this and not from the graph, so that all of them show the same.
//! Steps and events are nodes: an arrow goes from what gives an event to the event, and from there to
//! what takes it. A line in an alternative form of text may go through the event ([`Scene::arrows`]).

use serde::{Deserialize, Serialize};

use super::build::Builder;
use super::card::Card;
use super::loops;
use super::tally::Tally;
use super::text::printable;
use crate::graph::Graph;

/// Nodes and the lines between them.
///
/// A recording is written down with the scene of its workflow, so that it can be drawn where the workflow is
/// not known. What follows from the rest, and what a recording adds, is not written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Read")]
pub(crate) struct Scene {
    /// The workflow's name.
    pub(super) name: String,
    /// What stands in the picture, in declaration order.
    pub(super) nodes: Vec<Node>,
    /// What connects it, from the sources of events to the events, and from events to what takes them.
    pub(super) lines: Vec<Line>,
    /// The names of the events that the caller gets, and of those that it sends.
    pub(super) published: Vec<String>,
    pub(super) received: Vec<String>,
}

/// A scene that was read, and may be anything.
#[derive(Deserialize)]
struct Read {
    name: String,
    nodes: Vec<Node>,
    lines: Vec<Line>,
    published: Vec<String>,
    received: Vec<String>,
}

impl TryFrom<Read> for Scene {
    type Error = &'static str;

    fn try_from(read: Read) -> Result<Self, Self::Error> {
        let Read { name, nodes, lines, published, received } = read;
        if lines.iter().any(|line| line.from.max(line.to) >= nodes.len()) {
            return Err("a line in the picture of the workflow ends nowhere");
        }
        if nodes.iter().any(|node| !node.key.chars().all(|char| char.is_ascii_alphanumeric())) {
            return Err("a node in the picture of the workflow has no proper key");
        }
        let mut scene = Self { name, nodes, lines, published, received };
        for node in &mut scene.nodes {
            let words = node.row.iter_mut().flat_map(|row| [&mut row.takes, &mut row.gives]);
            let words = words.chain(&mut node.notes).chain([&mut node.name]);
            words.for_each(|words| *words = printable(words));
        }
        loops::find(&mut scene);
        Ok(scene)
    }
}

/// One thing in the picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Node {
    /// What no other node of the picture is called: `start`, `s0`, `e0`.
    pub(super) key: String,
    /// Of a step, of an event and of the failures that a step catches: its place in the graph.
    pub(super) place: u16,
    pub(super) kind: Kind,
    /// What it is called, in full.
    pub(super) name: String,
    /// What is said below its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<String>,
    /// Of a step: what it takes and gives, in the words of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) row: Option<Row>,
    /// What is said of it on demand.
    pub(super) card: Card,
    #[serde(skip)]
    pub(super) emphasis: Emphasis,
    /// It stands elsewhere in the picture too.
    #[cfg(feature = "draw")]
    #[serde(skip)]
    pub(super) again: bool,
    /// What a recorded run has done here.
    #[serde(skip)]
    pub(super) tally: Option<Tally>,
}

/// A step in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) takes: String,
    pub(super) gives: String,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Emphasis {
    #[default]
    Usual,
    /// No run comes here, or the recorded one did not.
    Faint,
    /// The recorded run came here.
    Taken,
}

/// A line between two nodes, by their places.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: LineKind,
    /// A batch goes along it.
    pub(super) many: bool,
    /// The step from which it comes may give something else instead, or nothing.
    pub(super) perhaps: bool,
    /// It leads back to what comes before.
    #[serde(skip)]
    pub(super) back: bool,
    #[serde(skip)]
    pub(super) emphasis: Emphasis,
    /// How often the recorded run took it.
    #[serde(skip)]
    pub(super) times: u64,
}

/// What goes along a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub(super) emphasis: Emphasis,
    pub(super) times: u64,
}

impl Scene {
    /// All that `graph` can do; `shapes` says what the fields of its events are.
    pub(crate) fn new(graph: &Graph, shapes: &[String]) -> Self {
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
                emphasis: match (first.emphasis, second.emphasis) {
                    (Emphasis::Taken, Emphasis::Taken) => Emphasis::Taken,
                    (Emphasis::Usual, _) | (_, Emphasis::Usual) => Emphasis::Usual,
                    _ => Emphasis::Faint,
                },
                times: first.times.min(second.times),
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
