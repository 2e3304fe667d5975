use workflow_core::prelude::*;

#[event]
struct Draft {
    reply: std::sync::mpsc::Sender<u32>,
}

fn main() {}
