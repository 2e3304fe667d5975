use workflow_core::prelude::*;

struct Flow;

fn call(flow: &impl Workflow) {}

fn main() {
    call(&Flow);
}
