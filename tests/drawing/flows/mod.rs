//! Flows: the six that are drawn, from two steps in a row to forty steps.

pub mod approval;
pub mod batches;
pub mod branch;
pub mod linear;
pub mod looping;
pub mod random;
pub mod recorded;
pub mod shop;
pub mod table;

use workflow_core::{Drawing, Workflow};

/// Forty steps, as rows of text.
const FORTY: &str = include_str!("forty.txt");

/// Each of the six with its name.
pub fn six() -> [(&'static str, Drawing); 6] {
    [
        ("linear", linear::JokeFlow::draw()),
        ("branch", branch::Support::draw()),
        ("loop", looping::Essay::draw()),
        ("batches", batches::Report::draw()),
        ("approval", approval::Refund::draw()),
        ("forty", Drawing::new(table::graph("Lending", FORTY))),
    ]
}
