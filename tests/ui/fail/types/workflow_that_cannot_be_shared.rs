use std::cell::Cell;

use workflow_core::prelude::*;

struct Flow {
    count: Cell<u32>,
}

#[workflow]
impl Flow {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        self.count.set(1);
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow { count: Cell::new(1) }.run("pirates");
}
