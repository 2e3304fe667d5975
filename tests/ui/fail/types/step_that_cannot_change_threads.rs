use std::rc::Rc;

use workflow_core::prelude::*;

async fn fetch() {}

struct Plain;

#[workflow]
impl Plain {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        let count = Rc::new(1);
        fetch().await;
        StopEvent(*count)
    }
}

struct Generic<L>(L);

#[workflow]
impl<L: Send + Sync> Generic<L> {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        let count = Rc::new(1);
        fetch().await;
        StopEvent(*count)
    }
}

fn main() {
    let _ = Plain.run("pirates");
    let _ = Generic(1).run("pirates");
}
