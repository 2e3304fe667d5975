use std::rc::Rc;

use workflow_core::prelude::*;

async fn fetch() {}

#[derive(Clone)]
struct Plain;

#[workflow]
impl Plain {
    #[step(spawn)]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        let count = Rc::new(1);
        fetch().await;
        StopEvent(*count)
    }
}

#[derive(Clone)]
struct Generic<L>(L);

#[workflow]
impl<L: Send + Sync> Generic<L> {
    #[step(spawn)]
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
