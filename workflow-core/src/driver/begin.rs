//! Begin: what a run begins with decides how it is driven.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Core;
use super::drive::{drive, drive_whole};
use super::journaled::drive_journaled;
use super::special::Special;
use super::watch::Watch;
use crate::machine::{Input, Machine};
use crate::{Events, RunError, Workflow};

/// A run that has begun.
pub(super) type Driving<'a, W> = Pin<Box<dyn Future<Output = Driven<W>> + Send + 'a>>;

/// What a run gave. The error is in a box, so that a result is moved in no more room than it needs.
pub(super) type Driven<W> = Result<<W as Workflow>::Output, Box<RunError>>;

/// What drives a run with a journal: known by its address, so that a program without journals is without this too.
pub(super) type Journaled<W> =
    for<'a> fn(&'a W, Arc<Core<W>>, Option<<W as Workflow>::Event>, Option<Duration>) -> Driving<'a, W>;

/// Drives a run with a journal.
pub(super) fn journaled<W: Workflow>(
    flow: &W,
    core: Arc<Core<W>>,
    start: Option<W::Event>,
    limit: Option<Duration>,
) -> Driving<'_, W> {
    Box::pin(drive_journaled(flow, core, start, limit))
}

/// What a run begins with.
pub(super) enum Opening<W: Workflow> {
    /// Its input.
    Input(W::Input),
    /// An event that takes the place of one that is on record.
    Event(W::Event),
    /// Its machine, which stands in the core.
    Resumed,
}

impl<W: Workflow> Opening<W> {
    /// The input, or else the event.
    pub(super) fn of(input: Option<W::Input>, event: Option<W::Event>) -> Self {
        input.map(Self::Input).or_else(|| event.map(Self::Event)).unwrap_or(Self::Resumed)
    }

    pub(super) fn into_parts(self) -> (Option<W::Input>, Option<W::Event>) {
        match self {
            Self::Input(input) => (Some(input), None),
            Self::Event(event) => (None, Some(event)),
            Self::Resumed => (None, None),
        }
    }
}

/// Begins a run of which nothing was said: a plain one, unless every run is watched.
///
/// # Errors
///
/// When the workflow cannot be opened with this input.
pub(super) fn begin<W: Workflow>(
    flow: &W,
    core: Arc<Core<W>>,
    input: W::Input,
) -> Result<Driving<'_, W>, RunError> {
    let mut special = None;
    prepare(&core, &mut special);
    match special {
        None => begin_plain(flow, core, input, W::TIMEOUT),
        special => begin_prepared(flow, core, Opening::Input(input), W::TIMEOUT, special, None),
    }
}

/// Begins a plain run.
#[inline]
fn begin_plain<W: Workflow>(
    flow: &W,
    core: Arc<Core<W>>,
    input: W::Input,
    limit: Option<Duration>,
) -> Result<Driving<'_, W>, RunError> {
    let start = W::open(input)?;
    // The room first: then the driver is written into it in parts, and not copied as a whole.
    let place = Box::new_uninit();
    let driving = Box::write(place, drive(flow, core, start, limit));
    Ok(Box::into_pin(driving))
}

/// Begins a run of which something was said.
///
/// # Errors
///
/// When the workflow cannot be opened with this input.
pub(super) fn begin_with<'a, W: Workflow>(
    flow: &'a W,
    core: Arc<Core<W>>,
    opening: Opening<W>,
    limit: Option<Duration>,
    mut special: Option<Box<Special<W::Event>>>,
    journaled: Option<Journaled<W>>,
) -> Result<Driving<'a, W>, RunError> {
    prepare(&core, &mut special);
    begin_prepared(flow, core, opening, limit, special, journaled)
}

/// Begins a run of which all is known that makes it more than a plain one.
#[cold]
#[inline(never)]
fn begin_prepared<'a, W: Workflow>(
    flow: &'a W,
    core: Arc<Core<W>>,
    opening: Opening<W>,
    limit: Option<Duration>,
    special: Option<Box<Special<W::Event>>>,
    journaled: Option<Journaled<W>>,
) -> Result<Driving<'a, W>, RunError> {
    if let Some(drive) = journaled {
        if core.special().is_none() {
            core.set_special(special.unwrap_or_default());
        }
        let start = match opening {
            Opening::Input(input) => Some(W::open(input)?),
            Opening::Event(event) => Some(event),
            Opening::Resumed => None,
        };
        if let (Some(event), Some(watch)) = (&start, core.watch()) {
            watch.input(event);
        }
        return Ok(drive(flow, core, start, limit));
    }
    let special = match (opening, special) {
        (Opening::Input(input), None) => return begin_plain(flow, core, input, limit),
        (Opening::Input(input), Some(special)) => {
            let resumable = special.resumable;
            core.set_special(special);
            open(&core, W::open(input)?, limit, resumable);
            None
        }
        // Only a run with a journal begins with an event.
        (Opening::Resumed | Opening::Event(_), special) => {
            core.machine().iter_mut().for_each(|machine| machine.set_deadline(limit));
            special
        }
    };
    if core.special().is_none() {
        core.set_special(special.unwrap_or_default());
    }
    Ok(Box::pin(drive_whole(flow, core, limit)))
}

/// Adds who looks on at every run.
#[inline]
fn prepare<W: Workflow>(core: &Core<W>, special: &mut Option<Box<Special<W::Event>>>) {
    if core.special().is_none()
        && let Some(watch) = Watch::of_every_run(core)
    {
        special.get_or_insert_default().watch.add(watch);
    }
}

/// Tells the machine what opens the run.
pub(super) fn open<W: Workflow>(core: &Core<W>, event: W::Event, limit: Option<Duration>, resumable: bool) {
    let plan = W::Event::plan();
    let mut machine = if resumable { Machine::resumable(plan) } else { Machine::new(plan) };
    machine.set_deadline(limit);
    if let Some(watch) = core.watch() {
        watch.opens(&event);
    }
    machine.handle_input(Duration::ZERO, Input::Started { event });
    *core.machine() = Some(Box::new(machine));
}

/// A run that is more than a plain one, so far that it can be written down before it is first polled.
///
/// # Errors
///
/// When the workflow cannot be opened with this input.
pub(super) fn open_whole<W: Workflow>(
    core: &Core<W>,
    opening: Opening<W>,
    limit: Option<Duration>,
    special: Box<Special<W::Event>>,
) -> Result<Opening<W>, RunError> {
    let mut special = Some(special);
    prepare(core, &mut special);
    let special = special.unwrap_or_default();
    if special.noted.is_some() {
        core.set_special(special);
        return Ok(opening);
    }
    let resumable = special.resumable;
    core.set_special(special);
    if let Opening::Input(input) = opening {
        open(core, W::open(input)?, limit, resumable);
    }
    Ok(Opening::Resumed)
}
