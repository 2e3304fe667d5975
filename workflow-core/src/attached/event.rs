//! Event: any event of a workflow whose steps are free functions, in a box.

use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;

use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Attachable;
use crate::events::{CarriedBy, EventType, StopsWith, event_type, read_event};
use crate::graph::{Graph, Shape};
use crate::machine::{Plan, Token};
use crate::outline::{Erased, EventInfo};
use crate::{Emission, Event, Events, Outline, Publishes, Receives, Sends, StepFailed, StopEvent, Waits};

/// Any event of the workflow `W`, whose steps are free functions: what a stream of its published events
/// yields.
///
/// An `impl` block has an enum in its place. What is in here is asked for by type:
///
/// ```
/// use workflow_core::prelude::*;
///
/// #[event]
/// struct Progress(u32);
///
/// #[workflow(publishes(Progress), output = u32)]
/// struct Counter;
///
/// #[step(workflow = Counter)]
/// async fn count(ctx: &Context<Counter>, to: StartEvent<u32>) -> StopEvent<u32> {
///     (1..=to.0).for_each(|number| ctx.publish(Progress(number)));
///     StopEvent(to.0)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut run = Counter.run(2);
/// let mut seen = Vec::new();
/// while let Some(event) = run.next().await {
///     if let Some(progress) = event.get::<Progress>() {
///         seen.push(progress.0);
///     }
/// }
/// assert_eq!(seen, [1, 2]);
/// # run.await?;
/// # Ok::<(), RunError>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Attached<W> {
    event: Box<dyn Erased>,
    /// Its place in the graph; [`Shape::LATER`] when the workflow does not know it.
    kind: u16,
    flow: PhantomData<fn() -> W>,
}

impl<W> Attached<W> {
    /// Whether it is an `E`.
    #[must_use]
    pub fn is<E: Event>(&self) -> bool {
        self.get::<E>().is_some()
    }

    /// The event, if it is an `E`.
    #[must_use]
    pub fn get<E: Event>(&self) -> Option<&E> {
        let event: &dyn Any = &*self.event;
        event.downcast_ref()
    }

    /// The event itself, if it is an `E`.
    ///
    /// # Errors
    ///
    /// All of it again, when it is none.
    pub fn take<E: Event>(self) -> Result<E, Self> {
        self.into_inner()
    }

    /// What is in it, if that is a `T`.
    ///
    /// # Errors
    ///
    /// All of it again, when it is none.
    #[doc(hidden)]
    pub fn into_inner<T: 'static>(self) -> Result<T, Self> {
        let Self { event, kind, flow } = self;
        let inside: &dyn Any = &*event;
        if !inside.is::<T>() {
            return Err(Self { event, kind, flow });
        }
        let inside: Box<dyn Any> = event;
        Ok(*inside.downcast().expect("its type was asked for in the lines above"))
    }

    /// Whether it ends a run.
    pub(super) fn closes(&self) -> bool {
        self.event.info().closes
    }

    /// The event as JSON.
    pub(super) fn write(&self) -> serde_json::Result<Value> {
        self.event.write()
    }

    /// Its place in the graph.
    pub(super) fn place(&self) -> u16 {
        self.kind
    }
}

impl<W: Attachable> Attached<W> {
    pub(super) fn new<E: Event>(event: E) -> Self {
        Self::erased(Box::new(event), W::known().kind(TypeId::of::<E>()))
    }

    pub(super) fn erased(event: Box<dyn Erased>, kind: u16) -> Self {
        Self { event, kind, flow: PhantomData }
    }

    /// The event's name: that of its type, with more of it where two would be called alike.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let known = W::known().names().get(usize::from(self.kind));
        known.copied().unwrap_or_else(|| self.event.info().name)
    }
}

#[diagnostic::do_not_recommend]
impl<W: Attachable, E: Event> CarriedBy<Attached<W>> for E {
    const KIND: u16 = Shape::LATER;
    const TYPE: EventType<Self> = event_type::<E>();

    fn kind() -> u16 {
        W::known().kind(TypeId::of::<E>())
    }

    fn outline() -> Outline {
        Outline::Event(EventInfo::of::<E>(), <E as CarriedBy<Attached<W>>>::kind)
    }

    fn wrap(self) -> Attached<W> {
        Attached::new(self)
    }

    fn unwrap(event: Attached<W>) -> Option<Self> {
        event.take().ok()
    }
}

#[diagnostic::do_not_recommend]
impl<W: Attachable, T> StopsWith<T> for Attached<W>
where
    StopEvent<T>: Event,
{
    const SHAPE: Shape = Shape::Event(Shape::LATER);

    fn outline() -> Outline {
        <StopEvent<T> as CarriedBy<Self>>::outline()
    }

    fn stop(event: StopEvent<T>) -> Emission<Self> {
        Emission::One(Self::new(event))
    }
}

// Which events pass the doors is known when the run asks.
#[diagnostic::do_not_recommend]
impl<W: Attachable, E: Event> Receives<E> for Attached<W> {}
#[diagnostic::do_not_recommend]
impl<W: Attachable, E: Event> Publishes<E> for Attached<W> {}
#[diagnostic::do_not_recommend]
impl<W: Attachable, E: Event> Sends<E> for Attached<W> {}
#[diagnostic::do_not_recommend]
impl<W: Attachable, E: Event> Waits<E> for Attached<W> {
    fn peek(&self) -> Option<&E> {
        self.get()
    }
}

impl<W: Attachable> Events for Attached<W> {
    fn graph() -> &'static Graph {
        W::known().graph()
    }

    fn plan() -> &'static Plan {
        W::known().plan()
    }

    fn shapes() -> Vec<String> {
        W::known().shapes()
    }
}

impl<W: Attachable> Token for Attached<W> {
    fn kind(&self) -> u16 {
        self.kind
    }

    fn failed(_: u16, failed: impl FnOnce() -> StepFailed) -> Option<Self> {
        let failed = Self::new(failed());
        (failed.kind != Shape::LATER).then_some(failed)
    }
}

impl<W> Clone for Attached<W> {
    fn clone(&self) -> Self {
        Self { event: self.event.copy(), ..*self }
    }
}

impl<W: Attachable> fmt::Debug for Attached<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.name()).field(self.event.printed()).finish()
    }
}

impl<W: Attachable> Serialize for Attached<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.write().map_err(S::Error::custom)?;
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.name(), &value)?;
        map.end()
    }
}

impl<'de, W: Attachable> Deserialize<'de> for Attached<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_event(W::known().names(), |kind, value| W::known().read(kind, value), deserializer)
    }
}
