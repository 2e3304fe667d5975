//! Driver: the loop that carries out the machine's orders, in process.
//!
//! While one step gives one event to one taker, the run stays inside the generated dispatch and the
//! machine is not asked (`drive`); whatever else happens goes through the machine (`fork`).

pub mod apart;
mod core;
mod drive;
mod fork;
mod handle;
mod place;
mod run;
mod stream;
mod task;

pub use self::core::{Core, Inbound};
pub use handle::RunHandle;
pub use place::{Exit, Inputs, Place, Slot, no_such_step};
pub use run::Run;
pub use task::RunTask;
