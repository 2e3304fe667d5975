//! Ask: the flow that answers a question from an index.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use workflow_core::prelude::*;
use workflow_examples::{
    AnyLlm, EmbedError, Embedder, Index, Llm, LlmError, Passage, numbered, read_ranking,
};

/// A question, and what may answer it, each with the cosine of the two; the likeliest comes first.
#[event]
struct Found {
    question: String,
    passages: Vec<(Passage, f32)>,
    ranked_by: String,
}

/// The same, in its final order.
#[event]
struct Ranked(Found);

/// An answer, and where it is from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) text: String,
    /// The passages that the model was given, each with its cosine to the question.
    pub(crate) sources: Vec<(Passage, f32)>,
    pub(crate) ranked_by: String,
}

/// Answers a question from an index.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) llm: AnyLlm,
    pub(crate) embedder: Embedder,
    pub(crate) index: Arc<Index>,
}

#[workflow]
impl Ask {
    /// Finds the ten passages that are nearest to the question.
    #[step(blocking)]
    fn retrieve(&self, question: StartEvent<String>) -> Result<Found, EmbedError> {
        let passages = self.index.nearest(&self.embedder.embed(&question)?, 10);
        Ok(Found { question: question.0, passages, ranked_by: "cosine".to_owned() })
    }

    /// Lets a model rank them, if one is there that can; else they keep their order. The best three stay.
    #[step(timeout = "120s", retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn rerank(&self, mut found: Found) -> Result<Ranked, LlmError> {
        if let AnyLlm::Endpoint(llm) = &self.llm {
            let shown = numbered(found.passages.iter().map(|(passage, _)| passage));
            let prompt = format!(
                "Which of these passages help to answer the question? Write one line for each that does: \
                 its number, a colon, and a score from 1 to 10.\n\nQuestion: {}\n\n{shown}",
                found.question
            );
            match read_ranking(&llm.complete(&prompt).await?, found.passages.len()) {
                Some(places) => {
                    found.passages = places.into_iter().map(|place| found.passages[place].clone()).collect();
                    found.ranked_by = "the model".to_owned();
                }
                None => found.ranked_by = "cosine, since the model's ranking cannot be read".to_owned(),
            }
        }
        found.passages.truncate(3);
        Ok(Ranked(found))
    }

    /// Answers from the best passages; a small model from the first alone, and no model by quoting it.
    #[step(timeout = "120s", retry(attempts = 4, base = "250ms", jitter, when = LlmError::may_pass))]
    async fn answer(&self, Ranked(found): Ranked) -> Result<StopEvent<Answer>, LlmError> {
        let Found { question, passages: sources, ranked_by } = found;
        let text = match (&self.llm, sources.first()) {
            (_, None) => "nothing was found".to_owned(),
            (AnyLlm::Canned(_), Some((best, _))) => {
                format!("there is no model to answer; what was found, in its own words:\n\n{}", best.text)
            }
            (AnyLlm::Endpoint(llm), Some(_)) => {
                let shown = numbered(sources.iter().map(|(passage, _)| passage));
                let prompt = format!(
                    "Answer the question in at most three sentences, from these passages alone, and name those that \
                     you use by number, like [1]. If they do not hold the answer, say so.\n\n{shown}\nQuestion: {question}"
                );
                llm.complete(&prompt).await?
            }
            #[cfg(feature = "local-model")]
            (AnyLlm::Local(llm), Some((best, _))) => {
                let prompt = format!("{}\n\nAnswer from this text in one sentence: {question}", best.text);
                let reply = llm.complete(&prompt).await?;
                format!(
                    "{reply}\n\n(So small a model is often wrong. The text that it read:)\n\n{}",
                    best.text
                )
            }
        };
        Ok(StopEvent(Answer { text, sources, ranked_by }))
    }
}
