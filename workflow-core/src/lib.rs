//! Workflows in Rust: work that is made of steps which wait on each other, on slow services and on people.
//!
//! A step is a method; what it takes and what it returns is the wiring. `#[workflow]` on an `impl` block
//! reads the signatures and writes the event enum, the dispatch and the graph; a workflow whose wiring is
//! wrong does not compile.
//!
//! ```
//! use workflow_core::prelude::*;
//!
//! #[event]
//! struct Draft {
//!     text: String,
//! }
//!
//! struct Greeter;
//!
//! #[workflow]
//! impl Greeter {
//!     #[step]
//!     async fn write(&self, name: StartEvent<String>) -> Draft {
//!         Draft { text: format!("hello {name}") }
//!     }
//!
//!     #[step]
//!     async fn polish(&self, draft: Draft) -> StopEvent<String> {
//!         StopEvent(draft.text + "!")
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let greeting = Greeter.run("world").await?;
//! assert_eq!(greeting, "hello world!");
//! # Ok::<(), RunError>(()) })?;
//! println!("{}", Greeter::draw());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a signature says
//!
//! | parameter | the step runs |
//! |---|---|
//! | `ev: A` | for each `A` |
//! | `a: A, b: B` | once per pair: the oldest of each that has not been paired |
//! | `evs: Vec<A>` | once per batch, when everything that the batch set off has settled |
//! | `#[take(n)] evs: Vec<A>` | at the n-th arrival of the batch, or with fewer when it closes short |
//! | `#[step(on(A, B))] ev: T` | for each `A` and each `B`; `T` is made from either |
//!
//! | return type | what goes out |
//! |---|---|
//! | `A`, `()`, `Option<A>` | one event, none, perhaps one |
//! | `Vec<A>` | a batch: each element to its steps |
//! | `(A, B)` | both |
//! | an enum with `#[derive(OneOf)]` | whichever variant it is |
//! | `Result<any of these, E>` | the same, or a failure of the step |
//!
//! # How much runs at once
//!
//! `#[step(workers = 8)]` lets at most eight executions of a step run at once, in one run. What all runs of a
//! workflow share, such as the patience of a service, is limited by what they share: the workflow itself.
//!
//! ```
//! # use workflow_core::prelude::*;
//! # #[event] struct Page(u32);
//! # #[event] struct Text(u32);
//! struct Fetch {
//!     permits: tokio::sync::Semaphore,
//! }
//!
//! #[workflow]
//! impl Fetch {
//! #   #[step]
//! #   async fn open(&self, count: StartEvent<u32>) -> Vec<Page> { (0..count.0).map(Page).collect() }
//!     #[step(workers = 8)]
//!     async fn fetch(&self, page: Page) -> Text {
//!         let _permit = self.permits.acquire().await.expect("nobody closes it");
//!         // At most three come here at once, of however many runs.
//! #       Text(page.0)
//!     }
//! #   #[step]
//! #   async fn finish(&self, all: Vec<Text>) -> StopEvent<usize> { StopEvent(all.len()) }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let flow = Fetch { permits: tokio::sync::Semaphore::new(3) };
//! let (one, other) = tokio::join!(flow.run(10u32), flow.run(10u32));
//! # assert_eq!(one? + other?, 20);
//! # Ok::<(), RunError>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Pictures
//!
//! [`Workflow::draw`] shows all paths that a run can take. A run that is begun with [`Run::record`] has a
//! [`Recording`], at any moment and after whatever end: [`Recording::draw`] shows the path that was taken.
//!
//! ```
//! # use workflow_core::prelude::*;
//! # #[event] struct Draft(String);
//! # struct Greeter;
//! # #[workflow]
//! # impl Greeter {
//! # #[step] async fn write(&self, name: StartEvent<String>) -> Draft { Draft(format!("hello {name}")) }
//! # #[step] async fn polish(&self, draft: Draft) -> StopEvent<String> { StopEvent(draft.0 + "!") }
//! # }
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let folder = std::env::temp_dir().join(format!("workflow-pictures-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! Greeter::draw().save(folder.join("all_possible_paths.html"))?;
//!
//! let mut run = Greeter.run("world").record();
//! let greeting = (&mut run).await?;
//! run.recording().draw().save(folder.join("most_recent_execution.html"))?;
//! # std::fs::remove_dir_all(&folder)?;
//! # assert_eq!(greeting, "hello world!");
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Steps that are free functions
//!
//! `#[workflow]` above a struct makes a workflow to which functions are attached, from any module and from
//! other crates. `input` and `output` say what a run takes and gives; without them that is JSON.
//!
//! ```
//! use workflow_core::prelude::*;
//!
//! #[workflow(output = String)]
//! struct Greeter {
//!     tone: &'static str,
//! }
//!
//! #[step(workflow = Greeter)]
//! async fn greet(flow: &Greeter, input: StartEvent) -> Result<StopEvent<String>, workflow_core::FieldError> {
//!     let name: String = input.get("name")?;
//!     Ok(StopEvent(format!("hello {name}{}", flow.tone)))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! Greeter::check()?;
//! let greeting = Greeter { tone: "!" }.run(fields! { "name" => "world" }).await?;
//! assert_eq!(greeting, "hello world!");
//! # Ok::<(), RunError>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Such a workflow is whole only once the program is linked: [`Workflow::check`] says in a test, in the words
//! of the compiler, what the compiler says of a block, and the first run does otherwise.
//!
//! # Features
//!
//! `macros` (on by default) brings the attributes and derives, `runtime` the driver on tokio, `draw` (on by
//! default) pictures as SVG and HTML. Without them the graph, the machine and pictures as text are left.
//! `tracing` gives each run and each try of a step a span of the `tracing` crate, inside of the span in which
//! the run begins; without a subscriber that wants them (target `workflow`, level INFO; the events are of level
//! DEBUG) a run is as plain as before. What comes in and out (`workflow::payload`, TRACE), what happens in a span by
//! names alone (`workflow::note`, DEBUG) and how many executions wait for a worker (`workflow::queue`, TRACE) are
//! events of targets of their own, which nobody pays for who does not want them. The crate `workflow-telemetry`
//! sends all of it to OpenTelemetry.

// The generated code says `::workflow_core`, in here too.
extern crate self as workflow_core;

#[cfg(feature = "runtime")]
mod attached;
#[cfg(feature = "runtime")]
mod context;
mod draw;
#[cfg(feature = "runtime")]
mod driver;
mod emit;
#[cfg(feature = "runtime")]
mod error;
mod event;
mod events;
mod failure;
mod fields;
pub mod graph;
mod hash;
#[cfg(feature = "runtime")]
pub mod journal;
pub mod machine;
mod outline;
mod output;
pub mod recording;
#[cfg(feature = "runtime")]
mod registry;
#[cfg(feature = "runtime")]
pub mod retry;
pub mod testing;
#[cfg(feature = "runtime")]
mod workflow;

#[cfg(feature = "runtime")]
pub use attached::Attached;
#[cfg(feature = "runtime")]
pub use context::Context;
pub use draw::{DrawError, Drawing};
#[cfg(feature = "runtime")]
pub use driver::{
    Buffer, Call, Collect, Delivery, EventStream, Gave, ResumeError, Run, RunHandle, RunTask, Snapshot,
    SnapshotError, WaitFor, WaitForAtMost, WaitTimedOut,
};
pub use emit::{BoxError, Emission, Emit, Members};
#[cfg(feature = "runtime")]
pub use error::{GraphError, RunError, SendError, ValueError};
pub use event::{Event, StartEvent, StopEvent};
#[doc(hidden)]
pub use events::{CarriedBy, Carries, event_type};
pub use events::{Events, Publishes, Receives, Sends, Waits};
pub use failure::{FailedInput, StepError, StepFailed, StepPanicked, StepTimedOut};
pub use fields::{FieldError, Fields};
pub use machine::Attempt;
#[doc(hidden)]
pub use outline::Outline;
pub use recording::Recording;
#[cfg(feature = "runtime")]
pub use registry::{Listed, workflows};
#[cfg(feature = "runtime")]
pub use retry::RetryPolicy;
#[cfg(feature = "runtime")]
pub use workflow::Workflow;
#[cfg(feature = "runtime")]
#[doc(hidden)]
pub use workflow::step_future;
#[cfg(feature = "macros")]
pub use workflow_macros::{Event, OneOf, catch, event, step, workflow};

/// What a program that writes workflows needs: `use workflow_core::prelude::*;`.
pub mod prelude {
    #[cfg(feature = "runtime")]
    pub use crate::{
        Buffer, Context, EventStream, GraphError, RetryPolicy, Run, RunError, RunHandle, RunTask, SendError,
        Workflow,
    };
    pub use crate::{Drawing, Event, Fields, StartEvent, StepFailed, StopEvent, fields};
    #[cfg(feature = "macros")]
    pub use crate::{OneOf, catch, event, step, workflow};
}

/// What the generated code needs. Not for others: it changes without notice.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "runtime")]
    pub use crate::attached::{
        Attachable, AttachedStep, Caught, Known, Options, Runner, Spelled, Taken, close, close_value,
        dispatch, open, open_value, unclosed,
    };
    #[cfg(feature = "runtime")]
    pub use crate::driver::{Exit, Inputs, Place, Slot, apart, no_such_step};
    pub use crate::events::{
        EventType, StopsWith, Variants, Visitor, clone_event, debug_event, event_from, read_event, shape_of,
        shapes_of, taken, transient, transient_read, write_event,
    };
    pub use crate::machine::{Plan, Token};
    pub use crate::output::{Gives, Nothing, Search};
    #[cfg(feature = "runtime")]
    pub use crate::workflow::Opens;
    #[cfg(feature = "runtime")]
    pub use inventory;
    pub use serde;
    pub use serde_json::Value;
}

/// The code of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
