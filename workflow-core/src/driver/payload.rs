//! Payload: events as JSON, for those who look on; what cannot be written down is shown as it prints itself.

use std::fmt;

use crate::{Emission, Events};

/// Events that are written out when somebody reads them.
pub(super) enum Payload<'e, E> {
    /// An object with one key, the event's name.
    One(&'e E),
    /// A list of them.
    Several(&'e [E]),
    /// What a step has returned: null, one event or a list.
    Emitted(&'e Emission<E>),
}

impl<E: Events> fmt::Display for Payload<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(event) => one(*event, f),
            Self::Emitted(Emission::One(event)) => one(event, f),
            Self::Several(events) => list(events.iter(), f),
            Self::Emitted(Emission::None) => f.write_str("null"),
            Self::Emitted(emission) => list(events(emission).into_iter(), f),
        }
    }
}

/// The events of an emission, in order.
fn events<E>(emission: &Emission<E>) -> Vec<&E> {
    match emission {
        Emission::None => Vec::new(),
        Emission::One(event) => vec![event],
        Emission::Many(events, _) => events.iter().collect(),
        Emission::All(parts) => parts.iter().flat_map(events).collect(),
    }
}

fn list<'e, E: Events>(events: impl Iterator<Item = &'e E>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("[")?;
    for (place, event) in events.enumerate() {
        if place > 0 {
            f.write_str(",")?;
        }
        one(event, f)?;
    }
    f.write_str("]")
}

fn one<E: Events>(event: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match serde_json::to_string(event) {
        Ok(json) => f.write_str(&json),
        Err(_) => f.write_str(&serde_json::Value::from(format!("{event:?}")).to_string()),
    }
}
