//! Drawing: what a workflow looks like in each form, and that the programs which read these forms can.

mod flows;
mod forms;
mod laws;
mod look;
mod readers;
mod readme;
mod recordings;
mod speed;
mod tools;
mod traps;
