//! Event: what passes between steps, and the two that open and end a run.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fields::short_name;
use crate::output::{Found, Nothing, Search};

/// A value that passes between steps.
///
/// An event is data: it can be copied, printed, written down and read back. `#[event]` above a struct or
/// enum makes it one, with all the derives; `#[derive(Event)]` is the part alone. One that holds what
/// cannot be written down (a channel, a handle) is `#[event(transient)]`: it works in process, and a
/// snapshot that meets it is an error that names it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "an event is data: write `#[event]` above the definition of its type",
    note = "`StartEvent<T>` and `StopEvent<T>` are events when `T` is `#[derive(Clone, Debug, Serialize, Deserialize)]`",
    note = "a `Vec` of events is taken by a parameter that is spelled `Vec<..>`, with one event type inside"
)]
pub trait Event: Clone + fmt::Debug + Serialize + DeserializeOwned + Send + 'static {
    /// The type's name, without its path.
    const NAME: &'static str;

    /// Whether it opens a run.
    #[doc(hidden)]
    const OPENS: bool = false;

    /// Whether it ends a run.
    #[doc(hidden)]
    const CLOSES: bool = false;

    /// Which input it opens a run with.
    #[doc(hidden)]
    type Opens: Search;

    /// What its fields are, in words that change when they do.
    #[doc(hidden)]
    #[must_use]
    fn shape() -> String {
        String::new()
    }
}

/// The event that opens a run: it wraps the input, and derefs to it.
///
/// A step that takes `StartEvent<String>` makes `flow.run("pirates")` take a string. The bare
/// `StartEvent` is `StartEvent<Fields>`: a map, for input whose shape is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StartEvent<T = crate::Fields>(
    /// The input.
    pub T,
);

/// The event that ends a run: it wraps the result, and derefs to it.
///
/// The first one ends the run, returned or sent; what else is running then is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StopEvent<T = ()>(
    /// The result.
    pub T,
);

#[diagnostic::do_not_recommend]
impl<T> Event for StartEvent<T>
where
    T: Clone + fmt::Debug + Serialize + DeserializeOwned + Send + 'static,
{
    const NAME: &'static str = "StartEvent";
    const OPENS: bool = true;
    type Opens = Found<T>;

    fn shape() -> String {
        short_name::<T>().to_owned()
    }
}

/// A result must be data as an event is: a finished run is written down with it.
#[diagnostic::do_not_recommend]
impl<T> Event for StopEvent<T>
where
    T: Clone + fmt::Debug + Serialize + DeserializeOwned + Send + 'static,
{
    const NAME: &'static str = "StopEvent";
    const CLOSES: bool = true;
    type Opens = Nothing;

    fn shape() -> String {
        short_name::<T>().to_owned()
    }
}

macro_rules! derefs {
    ($($wrapper:ident),*) => {$(
        impl<T> Deref for $wrapper<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T> DerefMut for $wrapper<T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }

        impl<T: fmt::Display> fmt::Display for $wrapper<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<T> From<T> for $wrapper<T> {
            fn from(value: T) -> Self {
                Self(value)
            }
        }
    )*};
}

derefs!(StartEvent, StopEvent);
