use workflow_core::prelude::*;

#[derive(Clone)]
struct Flow<'a> {
    model: &'a str,
}

#[workflow]
impl Flow<'_> {
    #[step(spawn)]
    async fn fetch(&self, _: StartEvent<String>) -> StopEvent<usize> {
        StopEvent(self.model.len())
    }
}

fn main() {
    let _ = Flow { model: "parrot" }.run("pirates");
}
