use workflow_core::prelude::*;

#[event]
struct Page<T> {
    text: T,
}

struct Taken<T>(T);

#[workflow]
impl<T: Send + Sync> Taken<T> {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> StopEvent<u32> {
        StopEvent(1)
    }

    #[step]
    async fn print(&self, _: Page<T>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

struct Emitted<T>(T);

#[workflow]
impl<T: Send + Sync> Emitted<T> {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Result<StopEvent<T>, std::io::Error> {
        unimplemented!()
    }
}

struct Borrowed<'a>(&'a str);

#[workflow]
impl<'a> Borrowed<'a> {
    #[step]
    async fn write(&self, _: StartEvent<&'a str>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn main() {
    let _ = Taken(1).run("pirates");
    let _ = Emitted(1).run("pirates");
    let _ = Borrowed("").run("pirates");
}
