//! Entry: what the macros write down for the linker, one constant a workflow and one a step.

use std::any::{Any, TypeId};
use std::pin::Pin;

use super::{Attachable, Attached};
use crate::driver::no_such_step;
use crate::graph::StepNode;
use crate::outline::EventInfo;
use crate::{BoxError, Context, Emission, Event, Outline, RetryPolicy};

/// The options of `#[workflow(..)]` above a struct.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub name: &'static str,
    pub publishes: &'static [Spelled],
    pub receives: &'static [Spelled],
    /// `input = T`, as the `StartEvent<T>` that opens a run.
    pub input: Option<Spelled>,
    /// `output = T`, as the `StopEvent<T>` that ends one.
    pub output: Option<Spelled>,
}

/// An event as the user spelled it somewhere.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Spelled {
    pub(crate) name: &'static str,
    pub(crate) info: EventInfo,
}

impl Spelled {
    /// The one place in the generated code that asks whether a type is an event.
    #[must_use]
    pub const fn of<E: Event>(name: &'static str) -> Self {
        Self { name, info: EventInfo::of::<E>() }
    }
}

/// One `#[step(workflow = ..)]` function.
#[doc(hidden)]
pub struct AttachedStep {
    /// The type of its workflow.
    pub flow: TypeId,
    /// The module in which the function stands, and where in its file: this is what orders the steps.
    pub module: &'static str,
    pub line: u32,
    pub column: u32,
    /// The step's row, in which a place of an event is one in `events`, and `emits` says nothing.
    pub row: StepNode,
    /// The events that the row names.
    pub events: &'static [Spelled],
    pub outline: fn() -> Outline,
    /// Which steps it catches, by name.
    pub catches: Option<Caught>,
    pub retry: Option<fn() -> RetryPolicy>,
    /// A [`Runner`] of its workflow.
    pub runner: &'static (dyn Any + Send + Sync),
}

inventory::collect!(AttachedStep);

/// `#[catch(of(fetch), times = 2)]`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Caught {
    pub of: &'static [&'static str],
    pub times: u32,
}

/// A step under way.
type Running<'a, W> = Pin<Box<dyn Future<Output = Result<Emission<Attached<W>>, BoxError>> + Send + 'a>>;

/// Calls the function of a step on the events that it takes.
#[doc(hidden)]
pub struct Runner<W: Attachable>(pub for<'a> fn(&'a W, Taken<W>, Context<W>) -> Running<'a, W>);

/// The events that one step takes, in the order of its parameters.
///
/// What it gives out need not be known as an event here, so that a type that is none is one mistake.
#[doc(hidden)]
pub struct Taken<W>(pub(super) std::vec::IntoIter<Attached<W>>);

impl<W> Taken<W> {
    /// The next one.
    ///
    /// # Panics
    ///
    /// When the machine handed out something else than the step's row says.
    pub fn one<T: 'static>(&mut self) -> T {
        self.any().into_inner().unwrap_or_else(|_| no_such_step())
    }

    /// All that are left.
    pub fn all<T: 'static>(&mut self) -> Vec<T> {
        self.0.by_ref().filter_map(|event| event.into_inner().ok()).collect()
    }

    /// The next one, whichever it is.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn any(&mut self) -> Attached<W> {
        self.0.next().unwrap_or_else(|| no_such_step())
    }
}
