use workflow_core::prelude::*;

#[event]
fn draft() {}

fn main() {}
