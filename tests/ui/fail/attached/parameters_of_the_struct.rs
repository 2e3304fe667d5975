use workflow_core::prelude::*;

#[workflow]
struct Flow<L>(L);

fn main() {}
