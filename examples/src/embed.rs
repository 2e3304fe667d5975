//! Embedder: turns a text into a vector, so that texts about the same thing lie close together.
//!
//! A small model in this process, or a stand-in that counts words; no server.

use std::error::Error;
use std::path::PathBuf;

#[cfg(feature = "local-model")]
use crate::MiniLm;

/// What this program compares texts by. Cloning is cheap: clones share the weights.
#[derive(Clone, Debug)]
pub enum Embedder {
    /// all-MiniLM-L6-v2.
    #[cfg(feature = "local-model")]
    MiniLm(MiniLm),
    /// No model at all: texts that share words are close.
    Words,
}

/// Why a text has no vector. Each text is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// The weights were not fetched yet; run `fetch-model.sh`.
    #[error("no embedding model in `{}`, run fetch-model.sh or set MINILM_DIR", folder.display())]
    Missing {
        /// Where they were looked for.
        folder: PathBuf,
    },
    /// The weights cannot be read or run; fetch them again.
    #[error("the embedding model in `{}` cannot be used", folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Embedder {
    /// MiniLM when the feature `local-model` is on, from the folder that the variable `MINILM_DIR` names or from
    /// where `fetch-model.sh` puts it; else the stand-in. Blocks while the weights are read.
    ///
    /// # Errors
    ///
    /// [`EmbedError`] when the feature is on and the weights cannot be read.
    pub fn from_env() -> Result<Self, EmbedError> {
        #[cfg(feature = "local-model")]
        {
            let folder = std::env::var("MINILM_DIR").ok().filter(|folder| !folder.trim().is_empty());
            MiniLm::open(folder.as_deref().unwrap_or(MiniLm::FETCHED)).map(Self::MiniLm)
        }
        #[cfg(not(feature = "local-model"))]
        Ok(Self::Words)
    }

    /// What an index says that it was made with: vectors of different names do not compare.
    pub fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "local-model")]
            Self::MiniLm(_) => "all-MiniLM-L6-v2",
            Self::Words => "a hashed bag of words",
        }
    }

    /// One line that says what embeds.
    pub fn describe(&self) -> String {
        match self {
            #[cfg(feature = "local-model")]
            Self::MiniLm(_) => format!("embeddings by {} in process", self.name()),
            Self::Words => format!(
                "embeddings by {}, no model; for a real one run fetch-model.sh and add --features local-model",
                self.name()
            ),
        }
    }

    /// The vector of a text, of length 1, so that the cosine of two is their product. A text without a word in
    /// it may get the vector 0. Computes for milliseconds, so a flow calls it from a `blocking` step.
    ///
    /// # Errors
    ///
    /// [`EmbedError::Unusable`].
    pub fn embed(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        match self {
            #[cfg(feature = "local-model")]
            Self::MiniLm(model) => model.embed(text),
            Self::Words => Ok(count_words(text)),
        }
    }
}

/// How many places a bag of words has; two words may share one.
const PLACES: u64 = 512;

/// Words that are in every text and say nothing of what it is about.
const EMPTY_WORDS: &str = " about after all also and any are because been but can could did does doing each every for \
                           from get gets had has have how into its just like made make many may might more most much \
                           must not off one only other our out over same should some such than that the their them \
                           then there these they thing this those through too under use used uses using very was way \
                           well were what when where which while who why will with would you your ";

/// Counts each word at the place that its hash says.
fn count_words(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0_f32; PLACES as usize];
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
        if word.len() < 3 || EMPTY_WORDS.contains(&format!(" {word} ")) {
            continue;
        }
        let hash = hash(stem(word));
        // Half of the words count downwards, so that what shares a place by chance cancels out on the average.
        vector[(hash % PLACES) as usize] += if hash >> 63 == 0 { 1.0 } else { -1.0 };
    }
    // The tenth time says little more than the first.
    vector.iter_mut().for_each(|count| *count = count.signum() * count.abs().ln_1p());
    let length = vector.iter().map(|count| count * count).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|count| *count /= length);
    }
    vector
}

/// A word without its commonest endings.
fn stem(word: &str) -> &str {
    let endings = ["ing", "ies", "ed", "es", "s", "e"];
    let stem = endings.iter().find_map(|ending| word.strip_suffix(ending));
    stem.filter(|stem| stem.len() >= 3).unwrap_or(word)
}

/// The same in every program and version, since it is written down with the index.
pub(crate) fn hash(text: &str) -> u64 {
    use std::hash::Hasher;
    let mut hasher = fnv::FnvHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(one: &str, other: &str) -> f32 {
        let embed = |text| Embedder::Words.embed(text).unwrap();
        embed(one).iter().zip(embed(other)).map(|(one, other)| one * other).sum()
    }

    #[test]
    fn texts_that_share_words_are_closer_than_texts_that_do_not() {
        let question = "How do I delete columns from a table?";
        let near = cosine(question, "Deleting a column of the table rewrites the tables.");
        let far = cosine(question, "The journal is on disk before the lock is released.");
        assert!(near > 0.4 && far < 0.1, "{near} {far}");
    }

    #[test]
    fn a_vector_has_length_one_and_a_text_without_words_length_zero() {
        assert!((cosine("locks and journals", "journals, and Locks!") - 1.0).abs() < 1e-6);
        assert_eq!(Embedder::Words.embed("the and -- ?!").unwrap(), vec![0.0; PLACES as usize]);
    }
}
