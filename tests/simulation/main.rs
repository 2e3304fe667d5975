//! Simulation: the machine under scripts, under random graphs and orders, and under exhaustive search.
//!
//! Nothing in here sleeps, reads a clock or runs a step: a step's end is a fact like another.

mod findings;
mod graphs;
mod laws;
mod linear;
mod mistakes;
mod options;
mod scripts;
mod source;
mod walk;
