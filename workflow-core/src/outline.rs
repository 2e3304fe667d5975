//! Outline: what a return type may send out, while the places of its events are not known yet.
//!
//! [`Shape`] is the same with places. A workflow whose steps are free functions is put together when the
//! program runs, so its return types tell their events by type.

#![cfg_attr(not(feature = "runtime"), allow(dead_code))]

use std::any::{Any, TypeId};
use std::fmt;

use serde_json::Value;

use crate::Event;
use crate::graph::Shape;

/// What a return type may send out.
#[doc(hidden)]
#[derive(Debug)]
pub enum Outline {
    /// All places are known.
    Known(Shape),
    /// Nothing: the branch ends here.
    Nothing,
    /// One event, and how its place is found once there is one.
    Event(EventInfo, fn() -> u16),
    /// Exactly one of these.
    OneOf(Vec<Outline>),
    /// All of these together.
    All(Vec<Outline>),
    /// A batch: any number of this.
    Many(Box<Outline>),
}

/// An event type as a value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct EventInfo {
    pub(crate) id: TypeId,
    /// The type's name, without its path and its arguments.
    pub(crate) name: &'static str,
    full_name: fn() -> &'static str,
    pub(crate) opens: bool,
    pub(crate) closes: bool,
    pub(crate) read: fn(Value) -> serde_json::Result<Box<dyn Erased>>,
    /// What its fields are, in words that change when they do.
    pub(crate) shape: fn() -> String,
}

impl EventInfo {
    /// That of `E`.
    #[must_use]
    pub const fn of<E: Event>() -> Self {
        Self {
            id: TypeId::of::<E>(),
            name: E::NAME,
            full_name: std::any::type_name::<E>,
            opens: E::OPENS,
            closes: E::CLOSES,
            read: |value| Ok(Box::new(serde_json::from_value::<E>(value)?)),
            shape: E::shape,
        }
    }

    /// The type as a user would spell it: `Found<Page>`.
    pub(crate) fn spelled(&self) -> String {
        without_paths((self.full_name)())
    }
}

/// An event of whatever type.
pub(crate) trait Erased: Any + Send {
    /// A copy of it.
    fn copy(&self) -> Box<dyn Erased>;

    /// The event, as its own `Debug` prints it.
    fn printed(&self) -> &dyn fmt::Debug;

    /// The event as JSON.
    fn write(&self) -> serde_json::Result<Value>;

    /// Its type.
    fn info(&self) -> EventInfo;
}

impl<E: Event> Erased for E {
    fn copy(&self) -> Box<dyn Erased> {
        Box::new(self.clone())
    }

    fn printed(&self) -> &dyn fmt::Debug {
        self
    }

    fn write(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }

    fn info(&self) -> EventInfo {
        EventInfo::of::<E>()
    }
}

impl Outline {
    /// The places of the events in it, each once.
    pub(crate) fn kinds(&self) -> Vec<u16> {
        let mut kinds = Vec::new();
        self.visit(&mut |_, kind| {
            if !kinds.contains(&kind()) {
                kinds.push(kind());
            }
        });
        kinds
    }

    /// Shows each event whose place is not known yet, once per occurrence.
    pub(crate) fn visit(&self, each: &mut impl FnMut(&EventInfo, fn() -> u16)) {
        match self {
            Self::Known(_) | Self::Nothing => (),
            Self::Event(info, kind) => each(info, *kind),
            Self::OneOf(parts) | Self::All(parts) => parts.iter().for_each(|part| part.visit(each)),
            Self::Many(inner) => inner.visit(each),
        }
    }
}

/// `Found<Page>` of `joke::Found<joke::Page>`.
fn without_paths(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut segment = 0;
    let mut rest = name;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        if letter == ':' && rest.starts_with(':') {
            rest = &rest[1..];
            kept.truncate(segment);
            continue;
        }
        kept.push(letter);
        if !(letter.is_alphanumeric() || letter == '_') {
            segment = kept.len();
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::without_paths;

    #[test]
    fn a_type_is_named_without_the_paths_in_it() {
        for (full, short) in [
            ("joke::Found<joke::Page>", "Found<Page>"),
            ("alloc::vec::Vec<(u8, alloc::string::String)>", "Vec<(u8, String)>"),
            ("[core::option::Option<a::B>; 3]", "[Option<B>; 3]"),
            ("()", "()"),
        ] {
            assert_eq!(without_paths(full), short);
        }
    }
}
