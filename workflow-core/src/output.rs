//! Output: what a run gives, found in the return types where no signature spells `StopEvent<T>`.
//!
//! An alias or an enum may hide it; types know. Found are types, so all of this is gone at run time.

use serde::{Deserialize, Serialize};

use crate::StopEvent;

/// A return type of a step, asked for the `StopEvent` that it holds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "write `#[event]` above its definition, or `#[derive(OneOf)]` above an enum of events"
)]
pub trait Gives {
    /// What a search in it finds: the result's type, or nothing.
    type Stop: Search;
}

/// A search through types that has found a `T`.
pub struct Found<T>(std::marker::PhantomData<T>);

/// A search through types that has found nothing.
pub enum Nothing {}

/// How a search goes on.
pub trait Search {
    /// The first of two that has found something.
    type Or<Other: Search>: Search;

    /// What was found.
    type Output: Send + 'static;
}

impl<T: Send + 'static> Search for Found<T> {
    type Or<Other: Search> = Self;
    type Output = T;
}

impl Search for Nothing {
    type Or<Other: Search> = Other;
    type Output = NoStopEvent;
}

/// The result of a workflow that does not compile because no step gives one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoStopEvent;

/// The input of a workflow that does not compile because no step takes one. It is made of whatever a
/// caller is likely to give, so that the call is not a second mistake.
#[cfg(feature = "runtime")]
#[derive(Debug)]
pub struct NoStartEvent;

#[cfg(feature = "runtime")]
macro_rules! made_of {
    ($($input:ty),*) => {$(
        impl From<$input> for NoStartEvent {
            fn from(_: $input) -> Self {
                Self
            }
        }
    )*};
}

#[cfg(feature = "runtime")]
made_of!(&str, String, bool, i32, i64, u32, u64, usize, f64, ());

impl<T: Send + 'static> Gives for StopEvent<T> {
    type Stop = Found<T>;
}

impl Gives for () {
    type Stop = Nothing;
}

impl<T: Gives> Gives for Option<T> {
    type Stop = T::Stop;
}

impl<T: Gives, E> Gives for Result<T, E> {
    type Stop = T::Stop;
}

impl<T: Gives> Gives for Vec<T> {
    type Stop = T::Stop;
}

macro_rules! tuples {
    (first of $last:ident) => { $last::Stop };
    (first of $head:ident $($rest:ident)+) => { <$head::Stop as Search>::Or<tuples!(first of $($rest)+)> };
    ($($name:ident)*) => {
        impl<$($name: Gives),*> Gives for ($($name,)*) {
            type Stop = tuples!(first of $($name)*);
        }
    };
}

tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
