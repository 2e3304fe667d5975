//! Begin: what a run begins with decides how it is driven.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Core;
use super::core::Special;
use super::drive::{drive, drive_whole};
use super::watch::Watch;
use crate::machine::{Input, Machine};
use crate::{Events, RunError, Workflow};

/// A run that has begun.
pub(super) type Driving<'a, W> =
    Pin<Box<dyn Future<Output = Result<<W as Workflow>::Output, RunError>> + Send + 'a>>;

/// What a run begins with.
pub(super) enum Opening<W: Workflow> {
    /// Its input.
    Input(W::Input),
    /// Its machine, which stands in the core.
    Resumed,
}

/// Begins a run: a plain one, unless something makes it more.
///
/// # Errors
///
/// When the workflow cannot be opened with this input.
pub(super) fn begin<'a, W: Workflow>(
    flow: &'a W,
    core: Arc<Core<W>>,
    opening: Opening<W>,
    limit: Option<Duration>,
    mut special: Option<Box<Special>>,
) -> Result<Driving<'a, W>, RunError> {
    if let Some(watch) = Watch::of_every_run::<W>(&core) {
        special.get_or_insert_default().watch.add(watch);
    }
    let special = match (opening, special) {
        (Opening::Input(input), None) => return Ok(Box::pin(drive(flow, core, W::open(input)?, limit))),
        (Opening::Input(input), Some(special)) => {
            let plan = W::Event::plan();
            let mut machine = if special.resumable { Machine::resumable(plan) } else { Machine::new(plan) };
            machine.set_deadline(limit);
            machine.handle_input(Duration::ZERO, Input::Started { event: W::open(input)? });
            *core.machine() = Some(Box::new(machine));
            special
        }
        (Opening::Resumed, special) => {
            core.machine().iter_mut().for_each(|machine| machine.set_deadline(limit));
            special.unwrap_or_default()
        }
    };
    core.set_special(special);
    Ok(Box::pin(drive_whole(flow, core, limit)))
}
