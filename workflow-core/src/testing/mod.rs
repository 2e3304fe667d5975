//! Testing: what a workflow does, step by step, without running any of its steps.
//!
//! A [`Script`] plays the part of everything outside the machine. It needs no runtime and no clock.

mod script;

pub use script::{Marked, Returned, Script, all, batch, nothing, one};
