use workflow_core::prelude::*;

#[event]
struct Good;

#[event]
struct Bad;

#[event]
struct Praise;

#[event]
struct Blame;

#[derive(OneOf)]
enum Verdict {
    Good(Good),
    Bad(Bad),
}

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn judge(&self, _: StartEvent<String>) -> Verdict {
        Good.into()
    }

    #[step]
    async fn praise(&self, _: Good) -> Praise {
        Praise
    }

    #[step]
    async fn blame(&self, _: Bad) -> Blame {
        Blame
    }

    #[step]
    async fn print(&self, _: Praise, _: Blame) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Flow.run("pirates");
}
