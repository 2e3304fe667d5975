//! Attached: workflows whose steps are free functions, gathered when the program is linked.
//!
//! What the compiler does for an `impl` block happens here once, at first use: the steps are put in order,
//! their events get places, and the graph is checked in the same words. Every event is boxed.

mod check;
mod doors;
mod entry;
mod event;
mod gather;
mod known;

use serde_json::Value;

use crate::driver::{Exit, Place, Slot, no_such_step};
use crate::{Event, RunError, StartEvent, Workflow};

pub(crate) use doors::{event_name, may_publish, may_receive};
pub use entry::{AttachedStep, Caught, Options, Runner, Spelled, Taken};
pub use event::Attached;
pub use known::Known;

/// A workflow to which functions can be attached: `#[workflow]` above its struct.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no workflow that functions are attached to",
    label = "no function can be attached",
    note = "write `#[workflow]` above the definition of `{Self}`; where it stands above an `impl` block, the steps are methods in that block"
)]
pub trait Attachable: Workflow<Event = Attached<Self>> + 'static {
    /// [`Attached`] of it. A projection from a type that is no workflow is one mistake, and what is made of
    /// it none.
    type Events;

    /// The workflow itself, by another such projection.
    type Flow;

    /// The workflow itself.
    fn flow(&self) -> &Self::Flow;

    /// The workflow as it is put together when this is first asked.
    fn known() -> &'static Known<Self>;
}

/// The event that opens a run with an input whose type the workflow says.
///
/// # Errors
///
/// [`RunError::Graph`] for a workflow that cannot run.
#[doc(hidden)]
pub fn open<W: Attachable, T>(input: T) -> Result<Attached<W>, RunError>
where
    StartEvent<T>: Event,
{
    W::known().check()?;
    Ok(Attached::new(StartEvent(input)))
}

/// The event that opens a run with an input that is read as what the first step takes.
///
/// # Errors
///
/// [`RunError::Graph`] for a workflow that cannot run, and [`RunError::Input`].
#[doc(hidden)]
pub fn open_value<W: Attachable>(input: Value) -> Result<Attached<W>, RunError> {
    W::known().check()?;
    W::known().read_start(input)
}

/// The result, in the type that the workflow says.
///
/// # Errors
///
/// The event, when it does not end a run.
#[doc(hidden)]
pub fn close<W: Attachable, T>(event: Attached<W>) -> Result<T, Attached<W>>
where
    crate::StopEvent<T>: Event,
{
    event.take::<crate::StopEvent<T>>().map(|stop| stop.0)
}

/// Why the result was not taken out of the event that ends a run.
#[doc(hidden)]
#[must_use]
pub fn unclosed<W: Attachable>(event: &Attached<W>) -> crate::RunError {
    crate::RunError::unwritten(event)
}

/// The result as JSON, where the workflow does not say its type.
///
/// # Errors
///
/// The event, when it does not end a run or cannot be written down.
#[doc(hidden)]
pub fn close_value<W: Attachable>(event: Attached<W>) -> Result<Value, Attached<W>> {
    if !event.closes() {
        return Err(event);
    }
    event.write().map_err(|_| event)
}

/// The loop that goes from step to step inside one future, as the generated dispatch of an `impl` block does.
#[doc(hidden)]
pub async fn dispatch<W: Attachable>(
    flow: &W,
    slot: &mut Slot<Attached<W>>,
    place: &Place<'_, W>,
) -> Exit<Attached<W>> {
    let known = W::known();
    loop {
        let (step, events, context) = match (slot.inputs.take(), slot.event.take()) {
            (Some(inputs), _) => {
                place.enter(inputs.step());
                (inputs.step(), inputs.into_events(), place.context())
            }
            (None, Some(event)) => match known.starts(event.place()) {
                Some(step) => {
                    place.enter(step);
                    (step, vec![event].into_iter(), place.context())
                }
                None => return Exit::handed(event),
            },
            (None, None) => no_such_step(),
        };
        match place.go_on(known.run(step, flow, Taken(events), context).await) {
            Ok(event) => slot.fill(event),
            Err(exit) => match place.next_member(slot, exit) {
                None => (),
                Some(exit) => return exit,
            },
        }
    }
}
