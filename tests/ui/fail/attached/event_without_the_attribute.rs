use workflow_core::prelude::*;

struct Draft;

struct Verdict;

#[workflow(input = String, output = u32)]
struct Flow;

#[step(workflow = Flow)]
async fn write(_: StartEvent<String>) -> Verdict {
    Verdict
}

#[step(workflow = Flow)]
async fn finish(_: Draft) -> StopEvent<u32> {
    StopEvent(1)
}

fn main() {}
