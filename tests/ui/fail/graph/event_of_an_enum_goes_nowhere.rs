use workflow_core::prelude::*;

#[event]
struct Draft;

#[derive(OneOf)]
enum Verdict {
    Again(Draft),
    Done(StopEvent<u32>),
}

struct Plain;

#[workflow(output = u32)]
impl Plain {
    #[step]
    async fn judge(&self, _: StartEvent<String>) -> Verdict {
        Verdict::Done(StopEvent(1))
    }
}

struct Generic<L>(L);

#[workflow(output = u32)]
impl<L: Send + Sync> Generic<L> {
    #[step]
    async fn judge(&self, _: StartEvent<String>) -> Result<Verdict, std::io::Error> {
        Ok(Verdict::Done(StopEvent(1)))
    }
}

fn main() {
    let _ = Plain.run("pirates");
    let _ = Generic(1).run("pirates");
}
