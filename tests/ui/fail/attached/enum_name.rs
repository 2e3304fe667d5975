use workflow_core::prelude::*;

#[workflow(events = Events)]
struct Flow;

fn main() {}
