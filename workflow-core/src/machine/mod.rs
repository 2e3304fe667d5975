//! Machine: a run as a fold. Facts go in, orders come out; no I/O, no clock, no chance, no tokio.
//!
//! The loop that drives it, whatever carries out the orders:
//!
//! ```text
//! machine.handle_input(now, fact);
//! loop {
//!     match machine.poll_output() {
//!         Output::RunStep { .. } => // start the step; its end is a later fact
//!         Output::Publish { .. } => // give the event to the caller
//!         Output::Finish(outcome) => return outcome,
//!         Output::Wait { until } => break, // until the next fact
//!     }
//! }
//! ```
//!
//! The same facts give the same orders, always. Ids come from counters in the state, and the state can
//! be written down between any two calls.

use serde::Serialize;

use crate::StepFailed;

mod batch;
mod facts;
mod fan;
#[cfg(feature = "runtime")]
mod pending;
mod plan;
mod resume;
mod run;
mod slots;
mod stalled;
mod state;
#[cfg(feature = "testing")]
mod touches;
mod tries;
mod waits;
mod workers;

pub use facts::{Again, Attempt, GaveUp, Given, History, Input, InvocationId, Outcome, Output, Waited};
pub use fan::{Fan, Stretch};
pub use plan::Plan;
pub use resume::Checkpoint;
pub use run::Machine;
pub use stalled::{Holding, Lack, Stalled, StalledStep, StalledWait};
pub use state::State;
#[cfg(feature = "testing")]
pub(crate) use touches::{Part, Touch};

/// What the machine must know of an event: it can be copied for a second taker and written down, and
/// which one it is.
pub trait Token: Clone + Serialize {
    /// The event's place in [`Graph::events`](crate::graph::Graph::events).
    fn kind(&self) -> u16;

    /// The event that a catch takes, whose place in the graph is `kind`; `None` in a workflow without one.
    #[must_use]
    fn failed(kind: u16, failed: impl FnOnce() -> StepFailed) -> Option<Self> {
        let _ = (kind, failed);
        None
    }
}
