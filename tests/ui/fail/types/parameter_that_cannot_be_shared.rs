use std::cell::Cell;

use workflow_core::prelude::*;

struct Flow<L>(L);

#[workflow]
impl<L> Flow<L> {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow(Cell::new(1)).run("pirates");
}
