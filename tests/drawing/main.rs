//! Drawing: what a workflow looks like in each form, and that the programs which read these forms can.

mod flows;
mod pictures;
mod speed;
