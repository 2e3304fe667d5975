use workflow_core::prelude::*;
use workflow_core::{StartEvent as Begin, StopEvent as End};

mod events {
    #[workflow_core::event]
    pub struct Draft;
}

use events::Draft as Text;
type Page = Text;

struct Flow;

#[workflow(output = u32)]
impl Flow {
    #[step]
    async fn write(&self, _: Begin<String>) -> Page {
        Text
    }

    #[step]
    async fn finish(&self, _: Begin<String>) -> End<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates".to_owned());
}
