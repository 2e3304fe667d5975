//! What a step's signature may look like, and what else may stand in the block.

use workflow_core::prelude::*;

#[event]
struct Draft {
    text: String,
}

#[event]
struct Title(String);

#[derive(Default)]
struct Flow {
    polite: bool,
}

/// The block has a doc comment.
#[workflow(name = "signatures", timeout = "1h 30m", state = Vec<String>)]
#[allow(clippy::unused_async)]
impl Flow {
    /// Not a step.
    const GREETING: &'static str = "hello";

    /// Not a step either.
    pub fn new(polite: bool) -> Self {
        Self { polite }
    }

    /// Takes the start apart.
    ///
    /// A second paragraph.
    #[step]
    pub async fn write(&self, StartEvent(topic): StartEvent<String>, ctx: &Context<Self>) -> (Draft, Title) {
        ctx.state(|seen| seen.push("write".to_owned()));
        (Draft { text: format!("{} {topic}", self.greeting()) }, Title(topic))
    }

    fn greeting(&self) -> &'static str {
        if self.polite { Self::GREETING } else { "" }
    }

    /// A plain function, with a context in the middle, a pattern and a `mut`.
    #[step(workers = 1)]
    #[must_use]
    pub(crate) fn print(
        &self,
        Draft { mut text }: Draft,
        ctx: &Context<Self>,
        Title(title): Title,
    ) -> StopEvent<String> {
        text.push_str(&title.to_uppercase());
        ctx.state(|seen| seen.push("print".to_owned()));
        StopEvent(text)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let flow = Flow::new(true);
    let mut run = flow.run("pirates");
    assert_eq!((&mut run).await?, "hello piratesPIRATES");
    assert_eq!(run.into_state(), ["write", "print"]);
    assert_eq!(Flow::NAME, "signatures");
    assert_eq!(Flow::graph().steps[0].doc, "Takes the start apart.");
    // A step is an ordinary method.
    let printed = Flow::default().greeting();
    assert_eq!(printed, "");
    Ok(())
}
