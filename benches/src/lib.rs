//! Benches: the same small works done by our workflows, by hand and by other libraries, side by side.
//!
//! An [`Entry`] is one implementation of one [`Work`]. [`main`] measures a list of them, each in a process of
//! its own, and prints a table for each work. How each work must be done stands at [`Work`].

mod entry;
mod gate;
mod harness;
mod limits;
mod ours;
mod payload;
mod work;

pub use entry::{Entry, Group};
pub use gate::{arrive, opened, park, tasks};
pub use harness::{main, main_of_features, measure_from_here};
pub use limits::entries_of_limits;
pub use ours::entries_of_ours;
pub use payload::{Msg, Payload};
pub use work::Work;
