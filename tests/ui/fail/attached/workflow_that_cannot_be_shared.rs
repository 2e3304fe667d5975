use workflow_core::prelude::*;

#[workflow]
struct Flow(std::cell::Cell<u32>);

fn main() {}
