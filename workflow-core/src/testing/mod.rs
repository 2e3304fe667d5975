//! Testing: what a workflow does, step by step, without running any of its steps; and all that it can do, with them.
//!
//! A [`Script`] plays the part of everything outside the machine. It needs no runtime and no clock.
//! [`check_all_orders`], with feature `testing`, runs a flow under every order in which its steps can go on.

#[cfg(feature = "testing")]
mod broken;
#[cfg(feature = "testing")]
mod chance;
#[cfg(feature = "testing")]
mod check;
#[cfg(feature = "testing")]
mod explored;
#[cfg(feature = "testing")]
mod explorer;
#[cfg(feature = "testing")]
mod progress;
#[cfg(feature = "testing")]
mod recorded;
#[cfg(feature = "testing")]
mod schedule;
mod script;
#[cfg(feature = "testing")]
mod search;
#[cfg(feature = "testing")]
mod stand_in;

#[cfg(feature = "testing")]
pub use broken::{Broken, Claim};
#[cfg(feature = "testing")]
pub use check::{Check, check_all_orders, replay};
#[cfg(feature = "testing")]
pub use explored::Explored;
#[cfg(feature = "testing")]
pub use recorded::{Recorded, recorded};
pub use script::{Marked, Returned, Script, all, batch, nothing, one};
#[cfg(feature = "testing")]
pub use stand_in::StandIn;
