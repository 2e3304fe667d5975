//! Untyped: an event of a workflow that is known only by its definition.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::StepFailed;
use crate::graph::definition::Defined;
use crate::machine::Token;

/// An event as it is written down.
#[derive(Clone, Debug)]
pub(super) struct Untyped {
    pub(super) key: &'static str,
    pub(super) kind: u16,
    pub(super) value: Box<RawValue>,
}

thread_local! {
    /// Whose events are read. A derived `Deserialize` takes nothing along in which it could be said.
    static READ: Cell<Option<&'static Defined>> = const { Cell::new(None) };
}

/// Reads events of this workflow as long as `read` goes on.
pub(super) fn reading<R>(defined: &'static Defined, read: impl FnOnce() -> R) -> R {
    struct Before(Option<&'static Defined>);
    impl Drop for Before {
        fn drop(&mut self) {
            READ.set(self.0);
        }
    }
    let _before = Before(READ.replace(Some(defined)));
    read()
}

impl Token for Untyped {
    fn kind(&self) -> u16 {
        self.kind
    }

    fn failed(kind: u16, failed: impl FnOnce() -> StepFailed) -> Option<Self> {
        let key = READ.get()?.keys.get(usize::from(kind))?;
        let value = serde_json::value::to_raw_value(&failed()).ok()?;
        Some(Self { key, kind, value })
    }
}

impl Serialize for Untyped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.key, &self.value)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Untyped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = BTreeMap::<String, Box<RawValue>>::deserialize(deserializer)?;
        let (Some((name, value)), Some(defined)) = (event.into_iter().next(), READ.get()) else {
            return Err(D::Error::custom("an event is an object with one key, its name"));
        };
        let kind = defined.keys.iter().position(|key| **key == name);
        let kind = kind.ok_or_else(|| D::Error::custom(format_args!("there is no event `{name}`")))?;
        Ok(Self { key: defined.keys[kind], kind: kind as u16, value })
    }
}
