//! Loop: a draft that is reviewed until it is good, and a step that asks itself again.

use workflow_core::prelude::*;

#[event]
pub struct Outline {
    points: Vec<String>,
}

#[event]
pub struct Draft {
    text: String,
    round: u32,
}

#[event]
pub struct Remarks {
    remarks: Vec<String>,
    round: u32,
}

#[event]
pub struct Checked(String);

#[event]
pub struct Missing {
    source: String,
}

#[derive(OneOf)]
pub enum Verdict {
    Again(Remarks),
    Good(Checked),
}

#[derive(OneOf)]
pub enum Sources {
    All(StopEvent<String>),
    Missing(Missing),
    Outdated(Outline),
}

#[derive(OneOf)]
pub enum Find {
    Missing(Missing),
    Checked(Checked),
}

pub struct Essay;

#[workflow]
impl Essay {
    #[step]
    async fn outline(&self, topic: StartEvent<String>) -> Outline {
        Outline { points: vec![topic.0] }
    }

    /// Writes a first draft, or a better one.
    #[step]
    async fn write(&self, outline: Outline) -> Draft {
        Draft { text: outline.points.concat(), round: 1 }
    }

    #[step]
    async fn rewrite(&self, remarks: Remarks) -> Draft {
        Draft { text: remarks.remarks.concat(), round: remarks.round + 1 }
    }

    #[step]
    async fn review(&self, draft: Draft) -> Verdict {
        match draft.round {
            3.. => Verdict::Good(Checked(draft.text)),
            round => Verdict::Again(Remarks { remarks: vec![draft.text], round }),
        }
    }

    #[step]
    async fn check_sources(&self, checked: Checked) -> Sources {
        match checked.0.len() {
            0 => Sources::Missing(Missing { source: checked.0 }),
            1 => Sources::Outdated(Outline { points: vec![] }),
            _ => Sources::All(StopEvent(checked.0)),
        }
    }

    /// Looks for one source after another.
    #[step]
    async fn find_source(&self, missing: Missing) -> Find {
        match missing.source.len() {
            0 => Find::Missing(Missing { source: String::new() }),
            _ => Find::Checked(Checked(missing.source)),
        }
    }
}
