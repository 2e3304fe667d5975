//! Stand-in: a closure in the place of a step, for a test that must not call what the step calls.

use crate::{BoxError, Carries, Emission, Emit, Events};

/// What is done with the events that a step takes.
type Acts<Ev> = Box<dyn Fn(Vec<Ev>) -> Result<Emission<Ev>, BoxError> + Send + Sync>;

/// A closure that takes what a step takes, and gives what the step may give.
///
/// `|draft: Draft| ..` for a step of one event, `|a: A, b: B| ..` for a join, `|hits: Vec<Hit>| ..` for a batch. It
/// returns what a step may return: an event, a tuple, an `Option`, a `Vec`, a `Result`.
#[diagnostic::on_unimplemented(
    message = "this closure cannot stand in for a step",
    label = "takes or gives something else than events of the workflow",
    note = "take what the step takes, with its type: `|draft: Draft| ..`, `|a: A, b: B| ..`, `|hits: Vec<Hit>| ..`"
)]
pub trait StandIn<Ev, Takes>: Send + Sync + 'static {
    /// The closure, over the events as they come.
    #[doc(hidden)]
    fn stand(self) -> Acts<Ev>;
}

/// The events of a batch, all of one type.
#[doc(hidden)]
#[derive(Debug)]
pub struct All<E>(std::marker::PhantomData<E>);

/// Events, each of its type.
#[doc(hidden)]
#[derive(Debug)]
pub struct Each<E>(std::marker::PhantomData<E>);

/// What was given to a stand-in.
fn wrong<Ev: Events>(events: &[Ev]) -> BoxError {
    let name = |event: &Ev| format!("`{}`", Ev::graph().event_name(event.kind()));
    let given: Vec<String> = events.iter().map(name).collect();
    format!("the stand-in takes other events than the step, which was given {}", given.join(", ")).into()
}

impl<Ev, E, R, F> StandIn<Ev, All<E>> for F
where
    Ev: Events + Carries<E>,
    R: Emit<Ev>,
    F: Fn(Vec<E>) -> R + Send + Sync + 'static,
{
    fn stand(self) -> Acts<Ev> {
        Box::new(move |events| self(events.into_iter().filter_map(Ev::unwrap).collect()).emit())
    }
}

macro_rules! stands {
    ($($name:ident)*) => {
        impl<Ev, R, F, $($name),*> StandIn<Ev, Each<($($name,)*)>> for F
        where
            Ev: Events $(+ Carries<$name>)*,
            R: Emit<Ev>,
            F: Fn($($name),*) -> R + Send + Sync + 'static,
        {
            #[allow(non_snake_case)]
            fn stand(self) -> Acts<Ev> {
                Box::new(move |events| {
                    let given = events.clone();
                    let mut events = events.into_iter();
                    $(
                        let Some($name) = events.next().and_then(<Ev as Carries<$name>>::unwrap) else {
                            return Err(wrong(&given));
                        };
                    )*
                    self($($name),*).emit()
                })
            }
        }
    };
}

stands!(A);
stands!(A B);
stands!(A B C);
stands!(A B C D);
