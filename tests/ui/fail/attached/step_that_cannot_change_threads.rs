use workflow_core::prelude::*;

#[workflow(input = String, output = u32)]
struct Flow;

#[step(workflow = Flow)]
async fn write(_: StartEvent<String>) -> StopEvent<u32> {
    let one = std::rc::Rc::new(1);
    std::future::ready(()).await;
    StopEvent(*one)
}

fn main() {}
