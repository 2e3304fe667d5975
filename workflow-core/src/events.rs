//! Events: what the generated enum of a workflow can do.
//!
//! The enum has one variant for each event that the workflow knows; it is what queues hold and streams
//! yield. All that it asks of an event type goes through one constant each, so that a type that is no
//! event is one error, not one for every derive.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::graph::{Graph, Shape};
use crate::machine::{Plan, Token};
use crate::{Emission, Event, Outline, StopEvent};

/// The generated enum of a workflow.
pub trait Events: Token + fmt::Debug + Serialize + DeserializeOwned + Send + 'static {
    /// The workflow's rows.
    fn graph() -> &'static Graph;

    /// What the machine looks up, made once from [`Events::graph`].
    #[doc(hidden)]
    fn plan() -> &'static Plan;

    /// What the fields of each event are, in the order of the graph.
    #[doc(hidden)]
    #[must_use]
    fn shapes() -> Vec<String> {
        Vec::new()
    }
}

/// The workflow of the enum `Ev` knows the event.
///
/// Implemented for the event and not for the enum, so that rustc need not compare all events of a workflow
/// with each other.
#[doc(hidden)]
pub trait CarriedBy<Ev>: Sized {
    /// The event's place in the graph.
    const KIND: u16;

    /// What the enum can do with it.
    const TYPE: EventType<Self>;

    /// The event's place in the graph, where that is known only at run time.
    #[inline]
    fn kind() -> u16 {
        Self::KIND
    }

    /// The event as a part of a return type.
    fn outline() -> Outline {
        Outline::Known(Shape::Event(Self::KIND))
    }

    /// Puts the event into its variant.
    fn wrap(self) -> Ev;

    /// Takes the event out, when it is in that variant.
    fn unwrap(event: Ev) -> Option<Self>;
}

/// [`CarriedBy`], asked of the enum: an event that is not carried is then an error about the enum, with words
/// of its own.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{E}` is emitted, but no step takes it and the caller does not get it",
    label = "`{E}` goes nowhere",
    note = "let a step take `{E}`, or give it to the caller: `#[workflow(publishes({E}))]`"
)]
pub trait Carries<E>: Sized {
    /// The event's place in the graph.
    const KIND: u16;

    /// The event's place in the graph, where that is known only at run time.
    fn kind() -> u16;

    /// The event as a part of a return type.
    fn outline() -> Outline;

    /// Puts the event into its variant.
    fn wrap(event: E) -> Self;

    /// Takes the event out, when it is in that variant.
    fn unwrap(self) -> Option<E>;
}

#[diagnostic::do_not_recommend]
impl<Ev, E: CarriedBy<Ev>> Carries<E> for Ev {
    const KIND: u16 = E::KIND;

    #[inline]
    fn kind() -> u16 {
        E::kind()
    }

    fn outline() -> Outline {
        E::outline()
    }

    #[inline]
    fn wrap(event: E) -> Self {
        event.wrap()
    }

    #[inline]
    fn unwrap(self) -> Option<E> {
        E::unwrap(self)
    }
}

/// The workflow ends with a `StopEvent<T>`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`StopEvent<{T}>` is emitted, but this workflow ends with a `StopEvent` of another type",
    label = "two stop types",
    note = "a run gives one type: an enum holds several kinds of result"
)]
pub trait StopsWith<T>: Sized {
    /// What the event is as a part of a return type.
    const SHAPE: Shape;

    /// The same where the events have their places only at run time.
    fn outline() -> Outline {
        Outline::Known(Self::SHAPE)
    }

    /// The event as what a step gave.
    fn stop(event: StopEvent<T>) -> Emission<Self>;
}

/// The workflow takes `E` from its caller at any time.
#[diagnostic::on_unimplemented(
    message = "this workflow does not receive `{E}`",
    label = "cannot be sent from outside",
    note = "declare it: `#[workflow(receives({E}))]`, and let a step take it"
)]
pub trait Receives<E>: Carries<E> {}

/// The workflow gives `E` to its caller.
#[diagnostic::on_unimplemented(
    message = "this workflow does not publish `{E}`",
    label = "cannot be published",
    note = "declare it: `#[workflow(publishes({E}))]`"
)]
pub trait Publishes<E>: Carries<E> {}

/// Some step of the workflow declares that it sends `E`.
#[diagnostic::on_unimplemented(
    message = "no step of this workflow declares that it sends `{E}`",
    label = "cannot be sent",
    note = "declare it on the step that sends it: `#[step(sends({E}))]`, and let a step take it"
)]
pub trait Sends<E>: Carries<E> {}

/// Some step of the workflow declares that it waits for `E`.
#[diagnostic::on_unimplemented(
    message = "no step of this workflow declares that it waits for `{E}`",
    label = "cannot be waited for",
    note = "declare it on the step that waits for it: `#[step(waits({E}))]`, and emit or receive it"
)]
pub trait Waits<E>: Carries<E> {
    /// Shows the event, when it is in that variant.
    #[doc(hidden)]
    fn peek(&self) -> Option<&E>;
}

/// No event, and in no workflow. With two of them each door has more than one candidate, so that rustc
/// waits for the type of the event that is sent, and names it, rather than guess.
#[doc(hidden)]
pub enum Undecided<const NUMBER: usize> {}

impl<Ev, const NUMBER: usize> CarriedBy<Ev> for Undecided<NUMBER> {
    const KIND: u16 = u16::MAX;
    const TYPE: EventType<Self> = EventType {
        clone: |event| match *event {},
        debug: |event, _, _| match *event {},
        write: |event| match *event {},
        read: |_| Err(serde::de::Error::custom("no event")),
        shape: String::new,
        opens: false,
    };

    fn wrap(self) -> Ev {
        match self {}
    }

    fn unwrap(_: Ev) -> Option<Self> {
        None
    }
}

impl<Ev> Receives<Undecided<0>> for Ev {}
impl<Ev> Receives<Undecided<1>> for Ev {}
impl<Ev> Publishes<Undecided<0>> for Ev {}
impl<Ev> Publishes<Undecided<1>> for Ev {}
impl<Ev> Sends<Undecided<0>> for Ev {}
impl<Ev> Sends<Undecided<1>> for Ev {}

impl<Ev> Waits<Undecided<0>> for Ev {
    fn peek(&self) -> Option<&Undecided<0>> {
        None
    }
}

impl<Ev> Waits<Undecided<1>> for Ev {
    fn peek(&self) -> Option<&Undecided<1>> {
        None
    }
}

/// Takes the event out of its variant, which it is known to be in.
///
/// # Panics
///
/// When it is in another: the machine and the generated code are made from the same rows.
#[doc(hidden)]
#[inline]
pub fn taken<Ev, E: CarriedBy<Ev>>(event: Ev) -> E {
    match E::unwrap(event) {
        Some(event) => event,
        None => unreachable!("the machine hands out what a step's row names"),
    }
}

/// What the generated enum knows of one event type.
#[doc(hidden)]
pub struct EventType<E> {
    clone: fn(&E) -> E,
    debug: fn(&E, &'static str, &mut fmt::Formatter<'_>) -> fmt::Result,
    write: fn(&E) -> serde_json::Result<Value>,
    read: fn(Value) -> serde_json::Result<E>,
    shape: fn() -> String,
    opens: bool,
}

impl<E> EventType<E> {
    /// Whether the event opens a run, when its name does not tell.
    #[must_use]
    pub const fn opens(&self) -> bool {
        self.opens
    }

    /// What the event's fields are.
    #[must_use]
    pub fn shape(&self) -> String {
        (self.shape)()
    }
}

/// The one place in the generated code that asks whether a type is an event.
#[doc(hidden)]
#[must_use]
pub const fn event_type<E: Event>() -> EventType<E> {
    EventType {
        clone: E::clone,
        debug: |event, variant, f| f.debug_tuple(variant).field(event).finish(),
        write: |event| serde_json::to_value(event),
        read: |value| serde_json::from_value(value),
        shape: E::shape,
        opens: E::OPENS,
    }
}

/// The generated enum, asked what it holds.
#[doc(hidden)]
pub trait Variants: Sized {
    /// Shows the visitor the event and the name of its variant.
    fn visit<V: Visitor<Self>>(&self, visitor: V) -> V::Output;
}

/// What is done with an event of whatever type.
#[doc(hidden)]
pub trait Visitor<Ev> {
    /// What comes of it.
    type Output;

    /// Does it.
    fn event<E: CarriedBy<Ev>>(self, variant: &'static str, event: &E) -> Self::Output;
}

struct Copied;

impl<Ev> Visitor<Ev> for Copied {
    type Output = Ev;

    fn event<E: CarriedBy<Ev>>(self, _: &'static str, event: &E) -> Ev {
        (E::TYPE.clone)(event).wrap()
    }
}

struct Printed<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl<Ev> Visitor<Ev> for Printed<'_, '_> {
    type Output = fmt::Result;

    fn event<E: CarriedBy<Ev>>(self, variant: &'static str, event: &E) -> fmt::Result {
        (E::TYPE.debug)(event, variant, self.0)
    }
}

struct Written<S>(S);

impl<Ev, S: Serializer> Visitor<Ev> for Written<S> {
    type Output = Result<S::Ok, S::Error>;

    fn event<E: CarriedBy<Ev>>(self, variant: &'static str, event: &E) -> Self::Output {
        let value = (E::TYPE.write)(event).map_err(S::Error::custom)?;
        let mut map = self.0.serialize_map(Some(1))?;
        map.serialize_entry(variant, &value)?;
        map.end()
    }
}

/// A copy of the event, in its variant.
#[doc(hidden)]
#[inline]
pub fn clone_event<Ev: Variants>(event: &Ev) -> Ev {
    event.visit(Copied)
}

/// Prints the event as the derive would.
///
/// # Errors
///
/// Those of the formatter.
#[doc(hidden)]
pub fn debug_event<Ev: Variants>(event: &Ev, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    event.visit(Printed(f))
}

/// Writes the event as `{"Variant": value}`.
///
/// # Errors
///
/// When the event cannot be written down; a transient one says its name.
#[doc(hidden)]
pub fn write_event<Ev: Variants, S: Serializer>(event: &Ev, serializer: S) -> Result<S::Ok, S::Error> {
    event.visit(Written(serializer))
}

/// Reads what [`write_event`] wrote; `read` is told which of the variants it is.
///
/// # Errors
///
/// When the name is none of `variants`, or the value is not that event.
#[doc(hidden)]
pub fn read_event<'de, D: Deserializer<'de>, Ev>(
    variants: &'static [&'static str],
    read: fn(usize, Value) -> serde_json::Result<Ev>,
    deserializer: D,
) -> Result<Ev, D::Error> {
    use serde::de::Error as _;
    let map = serde_json::Map::deserialize(deserializer)?;
    let mut entries = map.into_iter();
    let (Some((name, value)), None) = (entries.next(), entries.next()) else {
        return Err(D::Error::custom("an event is an object with one key, its name"));
    };
    match variants.iter().position(|variant| *variant == name) {
        Some(variant) => read(variant, value).map_err(D::Error::custom),
        None => Err(D::Error::unknown_variant(&name, variants)),
    }
}

/// Reads the value of one variant.
///
/// # Errors
///
/// When the value is not that event.
#[doc(hidden)]
pub fn event_from<Ev, E: CarriedBy<Ev>>(value: Value) -> serde_json::Result<Ev> {
    (E::TYPE.read)(value).map(E::wrap)
}

/// What the fields of an event are.
#[doc(hidden)]
#[must_use]
pub fn shape_of<Ev, E: CarriedBy<Ev>>() -> String {
    E::TYPE.shape()
}

/// What the fields of all events are: a list of functions is less to compile than as many calls.
#[doc(hidden)]
#[must_use]
pub fn shapes_of(events: &[fn() -> String]) -> Vec<String> {
    events.iter().map(|shape| shape()).collect()
}

/// Why a transient event is not written down.
#[doc(hidden)]
pub fn transient<E: serde::ser::Error>(name: &str) -> E {
    E::custom(format_args!("the event `{name}` is transient: it cannot be written down"))
}

/// Why a transient event is not read back.
#[doc(hidden)]
pub fn transient_read<E: serde::de::Error>(name: &str) -> E {
    E::custom(format_args!("the event `{name}` is transient: it cannot be read back"))
}
