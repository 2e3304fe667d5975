//! Driver: the loop that carries out the machine's orders, in process.
//!
//! While one step gives one event to one taker, the run stays inside the generated dispatch and the
//! machine is not asked (`drive`); whatever else happens goes through the machine (`fork`).

pub mod apart;
mod begin;
mod buffer;
mod call;
mod children;
mod clock;
mod collect;
mod core;
mod delivery;
mod drive;
mod execution;
mod fan;
mod fork;
mod handle;
mod journaled;
mod kept;
mod log;
mod lone;
mod memory;
#[cfg(feature = "tracing")]
mod payload;
mod place;
#[cfg(feature = "testing")]
mod probe;
mod record;
mod run;
mod snapshot;
mod span;
mod spans;
mod special;
mod step;
mod stream;
mod task;
mod trail;
mod wait;
mod watch;

pub use self::core::{Core, Inbound};
pub(crate) use apart::Tether;
pub use buffer::Buffer;
pub use call::Call;
pub use collect::Collect;
pub use delivery::{Delivery, Gave};
pub(crate) use execution::Execution;
#[cfg(feature = "testing")]
pub(crate) use fork::play;
pub use handle::RunHandle;
pub(crate) use journaled::recorded;
pub use place::{Exit, Inputs, Place, Slot, no_such_step};
#[cfg(feature = "testing")]
pub(crate) use probe::Probe;
pub use run::Run;
pub use snapshot::{ResumeError, Snapshot, SnapshotError};
pub use stream::EventStream;
pub use task::RunTask;
pub use wait::{WaitFor, WaitForAtMost, WaitTimedOut};
