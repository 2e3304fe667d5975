use workflow_core::prelude::*;

struct Flow;

fn call(_: &impl Workflow) {}

fn main() {
    call(&Flow);
}
