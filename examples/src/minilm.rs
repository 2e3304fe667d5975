//! MiniLm: all-MiniLM-L6-v2 in this process, read from one folder. No server, no key.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use tokenizers::{Tokenizer, TruncationParams};

use crate::EmbedError;

/// Whatever goes wrong inside the crates that read and run the weights.
type Failure = Box<dyn Error + Send + Sync>;

/// A small model of sentences, about 90 MB in memory. Cloning is cheap: clones share the weights.
///
/// It reads the first 256 tokens of a text, about 1,000 characters. Without `--release` it is slow.
#[derive(Clone)]
pub struct MiniLm {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    tokenizer: Tokenizer,
    model: BertModel,
}

impl MiniLm {
    /// Where `fetch-model.sh` puts the model.
    pub const FETCHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/all-minilm-l6-v2");

    /// The model in `folder`: `config.json`, `tokenizer.json` and `model.safetensors`. Blocks while they are read.
    ///
    /// # Errors
    ///
    /// [`EmbedError::Missing`] when there is no such folder, [`EmbedError::Unusable`] when what is in it cannot
    /// be read.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, EmbedError> {
        let folder = folder.as_ref().to_owned();
        if !folder.exists() {
            return Err(EmbedError::Missing { folder });
        }
        match Shared::read(folder.clone()) {
            Ok(shared) => Ok(Self { shared: Arc::new(shared) }),
            Err(source) => Err(EmbedError::Unusable { folder, source }),
        }
    }

    /// The vector of a text, of length 1 in 384 dimensions.
    pub(crate) fn embed(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let folder = || self.shared.folder.clone();
        self.shared.embed(text).map_err(|source| EmbedError::Unusable { folder: folder(), source })
    }
}

impl std::fmt::Debug for MiniLm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("MiniLm").field(&self.shared.folder).finish()
    }
}

impl Shared {
    fn read(folder: PathBuf) -> Result<Self, Failure> {
        let config: Config = serde_json::from_slice(&fs::read(folder.join("config.json"))?)?;
        let mut tokenizer = Tokenizer::from_file(folder.join("tokenizer.json"))?;
        let truncation = TruncationParams { max_length: 256, ..TruncationParams::default() };
        tokenizer.with_padding(None).with_truncation(Some(truncation))?;
        let weights = fs::read(folder.join("model.safetensors"))?;
        let weights = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu)?;
        let model = BertModel::load(weights, &config)?;
        Ok(Self { folder, tokenizer, model })
    }

    /// The mean of the vectors of all tokens, as the model was trained for.
    fn embed(&self, text: &str) -> Result<Vec<f32>, Failure> {
        let tokens = self.tokenizer.encode(text, true)?;
        let tokens = Tensor::new(tokens.get_ids(), &Device::Cpu)?.unsqueeze(0)?;
        let mean = self.model.forward(&tokens, &tokens.zeros_like()?, None)?.mean(1)?;
        let length = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
        Ok(mean.broadcast_div(&length)?.squeeze(0)?.to_vec1()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_was_not_fetched_names_the_script_that_fetches_it() {
        let error = MiniLm::open("no/such").unwrap_err();
        assert!(matches!(error, EmbedError::Missing { .. }));
        assert_eq!(
            error.to_string(),
            "no embedding model in `no/such`, run fetch-model.sh or set MINILM_DIR"
        );
    }

    #[test]
    #[ignore = "needs the weights: run fetch-model.sh"]
    fn a_question_is_nearest_to_the_text_that_answers_it() {
        let model = MiniLm::open(MiniLm::FETCHED).unwrap();
        let texts = [
            "Blackbeard was an English pirate who sailed the Caribbean.",
            "Tokio is an asynchronous runtime for Rust.",
            "The capital of France is Paris.",
        ];
        let vectors = texts.map(|text| model.embed(text).unwrap());
        let questions = [
            "famous sea robber",
            "Which library runs async tasks?",
            "What city is the French government in?",
        ];
        for (place, question) in questions.iter().enumerate() {
            let question = model.embed(question).unwrap();
            let cosine =
                |vector: &Vec<f32>| vector.iter().zip(&question).map(|(one, it)| one * it).sum::<f32>();
            let cosines: Vec<_> = vectors.iter().map(cosine).collect();
            let nearest = (0..3).max_by(|one, other| cosines[*one].total_cmp(&cosines[*other]));
            assert_eq!(nearest, Some(place), "{cosines:?}");
        }
        let long = model.embed(&"word ".repeat(2000)).unwrap();
        let length: f32 = long.iter().map(|it| it * it).sum();
        assert!((length - 1.0).abs() < 1e-4, "{length}");
    }
}
