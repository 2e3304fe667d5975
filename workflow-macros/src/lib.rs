//! The macros of `workflow-core`; use them from there.
//!
//! `parse` reads the user's code into `model`, `validate` says what only the whole can show, `expand`
//! writes. Rules about the graph are not here: they are `const fn`s of the core.

mod cfg;
mod event;
mod expand;
mod model;
mod names;
mod one_of;
mod options;
mod parse;
mod report;
mod root;
#[cfg(test)]
mod snapshots;
mod validate;

use proc_macro::TokenStream;

/// Makes a workflow of an `impl` block: reads each `#[step]` signature and writes the event enum, the
/// dispatch, the graph and its checks beside the block, which stays as it is.
///
/// Options: `name = ".."`, `events = Name`, `timeout = "60s"`, `state = Type`, `output = Type`,
/// `publishes(A, B)`, `receives(C)`.
///
/// Above a struct or an enum it makes a workflow whose steps are free functions, `#[step(workflow = ..)]`,
/// which may stand in other modules and crates. `input = Type` and `output = Type` then say what a run
/// takes and gives; without them that is JSON. Such a workflow is checked when it first runs, or by
/// `Workflow::check`; its steps are declared in the order of their modules' paths, and within a module in
/// source order.
#[proc_macro_attribute]
pub fn workflow(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::workflow(options.into(), item.into()).into()
}

/// Marks a method of a `#[workflow]` block as a step, or attaches a free function to a workflow:
/// `#[step(workflow = JokeFlow)]`.
///
/// Such a function takes its events as a method does, and where it wants them the workflow,
/// `flow: &JokeFlow`, and the context, `ctx: &Context<JokeFlow>`. It stays as it is, to be called by a test.
///
/// Options: `workers = 4`, `on(A, B)`, `sends(A)`, `allow(unreachable, dead_end)`.
#[proc_macro_attribute]
pub fn step(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attached::step(options.into(), item.into()).into()
}

/// Makes an event of a struct or enum, with all the derives that an event needs.
///
/// `#[event(transient)]` is for one that holds what cannot be written down.
#[proc_macro_attribute]
pub fn event(options: TokenStream, item: TokenStream) -> TokenStream {
    event::attribute(options.into(), item.into()).into()
}

/// Makes an event of a type that has the other derives by hand.
#[proc_macro_derive(Event)]
pub fn derive_event(item: TokenStream) -> TokenStream {
    event::derive(item.into()).into()
}

/// Lets a step return one of several events, or take any of several: each variant holds one event.
#[proc_macro_derive(OneOf)]
pub fn derive_one_of(item: TokenStream) -> TokenStream {
    one_of::derive(item.into()).into()
}
