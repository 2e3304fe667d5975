use workflow_core::prelude::*;

#[event]
struct Draft;

struct Flow;

#[workflow(output = u32)]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Draft {
        Draft
    }

    #[step]
    async fn review(&self, _: Draft) {}
}

fn main() {
    let _ = Flow.run("pirates");
}
