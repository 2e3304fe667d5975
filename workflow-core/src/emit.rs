//! Emit: what a return type may send out, as a shape at compile time and as events at run time.

use std::error::Error;

use crate::events::{Carries, StopsWith};
use crate::graph::Shape;
use crate::{Outline, StartEvent, StopEvent};

/// Any error, as a step's failure carries it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A return type of a step of the workflow whose events are `Ev`.
///
/// An event emits itself, `()` nothing, `Option` perhaps one, `Vec` a batch, a tuple all its parts,
/// `Result` its value or a failure, and an enum with `#[derive(OneOf)]` whichever variant it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "write `#[event]` above the definition of `{Self}`, or `#[derive(OneOf)]` above an enum of events"
)]
pub trait Emit<Ev>: Sized {
    /// Which events can come of it.
    const SHAPE: Shape;

    /// The same where the events have their places only at run time.
    #[doc(hidden)]
    #[must_use]
    fn outline() -> Outline;

    /// The events themselves.
    ///
    /// # Errors
    ///
    /// The step's own error, where the type is a `Result`.
    fn emit(self) -> Result<Emission<Ev>, BoxError>;
}

/// What one step gave when it returned.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Emission<Ev> {
    /// Nothing.
    None,
    /// One event.
    One(Ev),
    /// Several at once, in order.
    All(Vec<Emission<Ev>>),
    /// A batch: its members, and which events a member can be.
    Many(Vec<Ev>, Members),
}

/// Which events can be members of a batch, by their places in the graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Members(pub(crate) Vec<u16>);

impl Members {
    /// The events that occur in the shape of one member.
    #[must_use]
    pub fn of(shape: &Shape) -> Self {
        let mut members = Vec::new();
        shape.visit(
            &mut |event, _| {
                if !members.contains(&event) {
                    members.push(event);
                }
            },
            true,
        );
        Self(members)
    }

    /// Whether a member of the batch can be this event.
    #[must_use]
    pub fn has(&self, event: u16) -> bool {
        self.0.contains(&event)
    }
}

impl<Ev> Emit<Ev> for () {
    const SHAPE: Shape = Shape::Nothing;

    fn outline() -> Outline {
        Outline::Nothing
    }

    fn emit(self) -> Result<Emission<Ev>, BoxError> {
        Ok(Emission::None)
    }
}

impl<Ev, T> Emit<Ev> for StartEvent<T>
where
    Ev: Carries<Self>,
{
    const SHAPE: Shape = Shape::Event(Ev::KIND);

    fn outline() -> Outline {
        Ev::outline()
    }

    #[inline]
    fn emit(self) -> Result<Emission<Ev>, BoxError> {
        Ok(Emission::One(Ev::wrap(self)))
    }
}

impl<Ev: StopsWith<T>, T> Emit<Ev> for StopEvent<T> {
    const SHAPE: Shape = Ev::SHAPE;

    fn outline() -> Outline {
        Ev::outline()
    }

    #[inline]
    fn emit(self) -> Result<Emission<Ev>, BoxError> {
        Ok(Ev::stop(self))
    }
}

impl<Ev, T: Emit<Ev>> Emit<Ev> for Option<T> {
    const SHAPE: Shape = Shape::OneOf(&[Shape::Nothing, T::SHAPE]);

    fn outline() -> Outline {
        Outline::OneOf(vec![Outline::Nothing, T::outline()])
    }

    #[inline]
    fn emit(self) -> Result<Emission<Ev>, BoxError> {
        self.map_or(Ok(Emission::None), T::emit)
    }
}

impl<Ev, T: Emit<Ev>, E: Into<BoxError>> Emit<Ev> for Result<T, E> {
    const SHAPE: Shape = T::SHAPE;

    fn outline() -> Outline {
        T::outline()
    }

    #[inline]
    fn emit(self) -> Result<Emission<Ev>, BoxError> {
        match self {
            Ok(value) => value.emit(),
            Err(error) => Err(error.into()),
        }
    }
}

impl<Ev, T: Emit<Ev>> Emit<Ev> for Vec<T> {
    const SHAPE: Shape = Shape::Many(&T::SHAPE);

    fn outline() -> Outline {
        Outline::Many(Box::new(T::outline()))
    }

    fn emit(self) -> Result<Emission<Ev>, BoxError> {
        let mut members = Vec::with_capacity(self.len());
        for value in self {
            gather(value.emit()?, &mut members);
        }
        let known = const { !T::SHAPE.has(Shape::LATER) };
        let kinds = if known { Members::of(&T::SHAPE) } else { Members(T::outline().kinds()) };
        Ok(Emission::Many(members, kinds))
    }
}

/// Puts what one member gave among the members.
#[inline]
fn gather<Ev>(emission: Emission<Ev>, members: &mut Vec<Ev>) {
    match emission {
        Emission::One(event) => members.push(event),
        emission => gather_several(emission, members),
    }
}

#[inline(never)]
fn gather_several<Ev>(emission: Emission<Ev>, members: &mut Vec<Ev>) {
    match emission {
        Emission::None => (),
        Emission::One(event) => members.push(event),
        Emission::Many(events, _) => members.extend(events),
        Emission::All(parts) => parts.into_iter().for_each(|part| gather(part, members)),
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<Ev, $($name: Emit<Ev>),*> Emit<Ev> for ($($name,)*) {
            const SHAPE: Shape = Shape::All(&[$($name::SHAPE),*]);

            fn outline() -> Outline {
                Outline::All(vec![$($name::outline()),*])
            }

            #[allow(non_snake_case)]
            fn emit(self) -> Result<Emission<Ev>, BoxError> {
                let ($($name,)*) = self;
                Ok(Emission::All(vec![$($name.emit()?),*]))
            }
        }
    };
}

tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
