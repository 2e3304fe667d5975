use workflow_core::prelude::*;

#[event]
struct Draft;

struct Plain;

#[workflow]
impl Plain {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Draft {
        Draft
    }

    #[step]
    async fn review(&self, _: Draft) {}
}

struct Generic<L>(L);

#[workflow]
impl<L: Send + Sync> Generic<L> {
    #[step]
    async fn write(&self, _: StartEvent<String>) -> Result<(), std::io::Error> {
        Ok(())
    }
}

async fn call() {
    let answer = Plain.run("pirates").await.unwrap();
    println!("{answer:?}");
}

fn main() {}
