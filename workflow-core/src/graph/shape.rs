//! Shape: what a return type may send out, as a tree of constants.
//!
//! Built by associated constants alone (`Emit::SHAPE`), so that aliases and the user's own enums count
//! as what they stand for.

use serde::{Deserialize, Serialize};

use super::{Graph, leaked};

/// What a return type may send out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// Nothing: the branch ends here.
    Nothing,
    /// One event, named by its place in [`Graph::events`](super::Graph::events).
    Event(u16),
    /// Exactly one of these: they exclude each other.
    OneOf(#[serde(deserialize_with = "leaked")] &'static [Shape]),
    /// All of these together.
    All(#[serde(deserialize_with = "leaked")] &'static [Shape]),
    /// A batch: any number of this.
    Many(#[serde(deserialize_with = "leaked")] &'static Shape),
}

impl Shape {
    /// The place of an event that has its real one only at run time.
    pub(crate) const LATER: u16 = u16::MAX;

    /// Whether `event` occurs anywhere in the shape.
    #[must_use]
    pub const fn has(&self, event: u16) -> bool {
        match self {
            Self::Nothing => false,
            Self::Event(own) => *own == event,
            Self::Many(inner) => inner.has(event),
            Self::OneOf(parts) | Self::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    if parts[part].has(event) {
                        return true;
                    }
                    part += 1;
                }
                false
            }
        }
    }

    /// Whether a batch opens anywhere in the shape.
    #[must_use]
    pub const fn opens_batch(&self) -> bool {
        match self {
            Self::Nothing | Self::Event(_) => false,
            Self::Many(_) => true,
            Self::OneOf(parts) | Self::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    if parts[part].opens_batch() {
                        return true;
                    }
                    part += 1;
                }
                false
            }
        }
    }

    /// Whether a batch opens inside of another.
    #[must_use]
    pub const fn nests_batches(&self) -> bool {
        match self {
            Self::Nothing | Self::Event(_) => false,
            Self::Many(inner) => inner.opens_batch(),
            Self::OneOf(parts) | Self::All(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    if parts[part].nests_batches() {
                        return true;
                    }
                    part += 1;
                }
                false
            }
        }
    }

    /// The shape with the names of its events.
    pub(crate) fn named(&self, graph: &Graph) -> String {
        let list = |parts: &[Self], between: &str| {
            parts.iter().map(|part| part.named(graph)).collect::<Vec<_>>().join(between)
        };
        match self {
            Self::Nothing => "()".to_owned(),
            Self::Event(event) => graph.event_name(*event).to_owned(),
            Self::OneOf(parts) => format!("({})", list(parts, " | ")),
            Self::All(parts) => format!("({})", list(parts, ", ")),
            Self::Many(inner) => format!("[{}]", inner.named(graph)),
        }
    }

    /// The events of the shape with their distance from the root, each once per occurrence.
    pub(crate) fn visit(&self, each: &mut impl FnMut(u16, bool), in_batch: bool) {
        match self {
            Self::Nothing => (),
            Self::Event(event) => each(*event, in_batch),
            Self::Many(inner) => inner.visit(each, true),
            Self::OneOf(parts) | Self::All(parts) => {
                for part in *parts {
                    part.visit(each, in_batch);
                }
            }
        }
    }
}
