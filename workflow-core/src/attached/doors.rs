//! Doors: what may be sent and published. The compiler knows it for an `impl` block; for free functions the
//! graph does, once there is one.

use crate::graph::{EventNode, Takes};
use crate::{Carries, Events, Outline, SendError};

/// The event's name, also when the workflow does not know the event.
pub(crate) fn event_name<Ev: Events + Carries<E>, E>() -> &'static str {
    match (node::<Ev, E>(), <Ev as Carries<E>>::outline()) {
        (Some(node), _) => node.name,
        (None, Outline::Event(info, _)) => info.name,
        (None, _) => "",
    }
}

/// Whether the caller may send such an event: it is received, and no step gathers it with a batch.
pub(crate) fn may_receive<Ev: Events + Carries<E>, E>() -> Result<(), SendError> {
    let kind = <Ev as Carries<E>>::kind();
    if !node::<Ev, E>().is_some_and(|node| node.received) {
        return Err(SendError::NotReceived { event: event_name::<Ev, E>() });
    }
    let gathers = |takes: Takes| matches!(takes, Takes::Batch { event, .. } if event == kind);
    match Ev::graph().steps.iter().find(|step| gathers(step.takes)) {
        Some(step) => Err(SendError::Gathered { event: event_name::<Ev, E>(), step: step.name }),
        None => Ok(()),
    }
}

/// Whether such an event may go to the caller.
pub(crate) fn may_publish<Ev: Events + Carries<E>, E>() -> bool {
    node::<Ev, E>().is_some_and(|node| node.published)
}

fn node<Ev: Events + Carries<E>, E>() -> Option<&'static EventNode> {
    Ev::graph().events.get(usize::from(<Ev as Carries<E>>::kind()))
}
