use workflow_core::prelude::*;

#[workflow(input = String, output = u32)]
struct Flow;

#[step(workflow = Flow)]
struct Write;

fn main() {}
