//! The examples that are flows, each run as a program, offline or against a scripted server.
//!
//! Cargo builds the programs for the tests of the whole package, not for `--test flows` alone.

mod approval;
mod fan_out;
mod joke_functions;
mod mistakes;
mod program;
mod rag;
#[path = "../scripted/mod.rs"]
mod scripted;
mod stepwise;
