use workflow_core::prelude::*;

#[event]
struct Draft;

#[derive(OneOf)]
struct Text(Draft);

fn main() {}
