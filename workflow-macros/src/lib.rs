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
mod retry;
mod root;
#[cfg(test)]
mod snapshots;
mod validate;

use proc_macro::TokenStream;

/// Makes a workflow of an `impl` block: reads each `#[step]` signature and writes the event enum, the
/// dispatch, the graph and its checks beside the block, which stays as it is.
///
/// | option | what it says | without it |
/// |---|---|---|
/// | `name = "orders"` | the workflow's name for people | the type's name |
/// | `events = OrderEvent` | the name of the enum | the type's name and `Event` |
/// | `timeout = "60s"` | a run may take so long | any time |
/// | `state = Cart` | what the steps of one run share, `ctx.state` | nothing |
/// | `output = Receipt` | what a run gives, where every `StopEvent<T>` hides inside an enum | what the signatures say |
/// | `publishes(A, B)` | what goes to the caller when a step gives it | nothing |
/// | `receives(C)` | what the caller may send at any time | nothing |
///
/// Above a struct or an enum, with the same options but `events`, it makes a workflow whose steps are free functions, `#[step(workflow = ..)]`,
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
/// `#[take(n)]` on a `Vec<E>` parameter runs the step at the n-th arrival of the batch, or with fewer when it
/// closes short. What the other parameters and the return types say is in the crate's documentation.
///
/// A function that is attached takes its events as a method does, and where it wants them the workflow,
/// `flow: &JokeFlow`, and the context, `ctx: &Context<JokeFlow>`. It stays as it is, to be called by a test.
///
/// | option | what it says | without it |
/// |---|---|---|
/// | `workers = 8` | at most so many executions of the step run at once in one run | 4 |
/// | `timeout = "10s"` | one try may take so long; more is a failure, `StepTimedOut` | any time |
/// | `retry` | tried again after a failure; what a policy can say is below | the failure is final |
/// | `on(A, B)` | the step runs for each `A` and each `B`; its parameter is made from either | what the parameters say |
/// | `sends(A)` | the step sends `A` by `ctx.send` | it sends nothing |
/// | `waits(B)` | the step waits for `B` by `ctx.wait_for` | it waits for nothing |
/// | `spawn` | an `async fn` on a task of its own, to use another core; the workflow is `Clone` | where the run is driven |
/// | `blocking` | a plain `fn` on a thread that may block; the workflow is `Clone` | where the run is driven |
/// | `allow(unreachable, dead_end)` | the step may be one that never runs, or that leads nowhere | neither compiles |
///
/// `spawn` and `blocking` need a tokio runtime where the run is driven; without one, or once it is shut down, the
/// step fails with `StepPanicked`, which says so. When nobody waits for such a step any more, a task is dropped at
/// its next await, and a thread that has not begun never does; one that computes can ask `ctx.is_cancelled()`.
///
/// A bare `retry` makes three attempts in all, five seconds apart. `retry(..)` takes:
///
/// | option | what it says | without it |
/// |---|---|---|
/// | `attempts = 5` | so many in all | 3; with `within` any number |
/// | `within = "1m"` | no try begins later than so long after the first | any time |
/// | `wait = "5s"` | the same time before each further try | `"5s"` |
/// | `base = "100ms"` | a time that grows from wait to wait, in place of `wait` | it stays the same |
/// | `multiplier = 3` | how many times longer each is, when there is a `base` | 2 |
/// | `max = "10s"` | how long they get at most, when there is a `base` | any length |
/// | `jitter` | each wait is a random time up to what it would have been | no chance |
/// | `on = TimeoutError`, `on(A, B)` | after an error of such a type | after any error |
/// | `when = path::to::function` | after an error for which this `fn(&E) -> bool` says yes | after any error |
///
/// With both `on` and `when` either is enough.
/// `retry = path::to::policy` calls an `fn() -> RetryPolicy` for all that these do not cover.
///
/// `#[catch]` beside `#[step]` makes the step one that runs when another has given up: it takes
/// `StepFailed`, and the context if it likes. `#[catch(of(fetch, parse))]` is for the steps that it names,
/// before the one for all the others. `times = 2` is how often it may run in one line of events, each
/// following from the one before; without it once.
#[proc_macro_attribute]
pub fn step(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attached::step(options.into(), item.into()).into()
}

/// Says of a step that it runs when another one has given up; see [`macro@step`].
#[proc_macro_attribute]
pub fn catch(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attached::catch(options.into(), item.into()).into()
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
