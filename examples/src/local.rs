//! LocalModel: SmolLM2-135M-Instruct in this process, read from one GGUF file. No server, no key.
//!
//! It writes fluent sentences and knows little; tools and schemas are beyond it.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::quantized::{gguf_file, tokenizer::TokenizerFromGguf};
use candle_core::{Device, Tensor};
use candle_transformers::generation::LogitsProcessor;
use candle_transformers::models::quantized_llama::{MAX_SEQ_LEN, ModelWeights};
use candle_transformers::utils::apply_repeat_penalty;
use tokenizers::Tokenizer;

use crate::{Llm, LlmError};

/// Whatever goes wrong inside the crates that read and run the weights.
type Failure = Box<dyn Error + Send + Sync>;

/// A small model held in memory, about 230 MB. Cloning is cheap: clones share the weights.
///
/// One prompt is answered at a time, on a thread for blocking work; others wait there for their
/// turn. The same prompt always gets the same reply. Without `--release` it is slow.
#[derive(Clone)]
pub struct LocalModel {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    tokenizer: Tokenizer,
    /// The token that ends a turn.
    end: u32,
    /// Longest prompt and reply together, in tokens.
    context: usize,
    weights: Mutex<ModelWeights>,
}

impl LocalModel {
    /// Where `fetch-model.sh` puts the weights.
    pub const FETCHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/smollm2-135m-instruct.gguf");

    /// What it is called in a trace.
    pub const NAME: &str = "smollm2-135m-instruct";

    /// A reply has at most this many tokens.
    pub const MAX_TOKENS: usize = 256;

    /// The model in the GGUF file at `path`. Blocks while the file is read.
    ///
    /// # Errors
    ///
    /// [`LlmError::ModelMissing`] when there is no such file, [`LlmError::ModelUnusable`] when it
    /// cannot be read or holds no model of the llama architecture with a ChatML tokenizer.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LlmError> {
        let path = path.as_ref().to_owned();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(LlmError::ModelMissing { path });
            }
            Err(source) => {
                let source = source.into();
                return Err(LlmError::ModelUnusable { path, source });
            }
        };
        match Shared::read(file, path.clone()) {
            Ok(shared) => Ok(Self { shared: Arc::new(shared) }),
            Err(source) => Err(LlmError::ModelUnusable { path, source }),
        }
    }

    /// One line that names the model.
    pub fn describe(&self) -> String {
        "SmolLM2-135M in process".to_owned()
    }
}

impl Llm for LocalModel {
    async fn complete(&self, prompt: &str) -> Result<String, LlmError> {
        let abandoned = Arc::new(AtomicBool::new(false));
        let _guard = SetOnDrop(abandoned.clone());
        let (shared, prompt) = (self.shared.clone(), prompt.to_owned());
        let reply = tokio::task::spawn_blocking(move || shared.reply(&prompt, &abandoned)).await;
        reply.unwrap_or_else(|source| Err(self.shared.unusable(source.into())))
    }
}

impl std::fmt::Debug for LocalModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LocalModel").field(&self.shared.path).finish()
    }
}

/// Tells the thread that computes a reply that nobody waits for it any more.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn read(file: File, path: PathBuf) -> Result<Self, Failure> {
        let mut file = BufReader::new(file);
        let content = gguf_file::Content::read(&mut file)?;
        let tokenizer = Tokenizer::from_gguf(&content)?;
        let end = tokenizer.token_to_id("<|im_end|>").ok_or("the tokenizer has no token `<|im_end|>`")?;
        let context = match content.metadata.get("llama.context_length") {
            Some(length) => length.to_u32()? as usize,
            None => MAX_SEQ_LEN,
        };
        let weights = ModelWeights::from_gguf(content, &mut file, &Device::Cpu)?;
        Ok(Self { path, tokenizer, end, context: context.min(MAX_SEQ_LEN), weights: Mutex::new(weights) })
    }

    /// The reply to `prompt`, or as much of it as there was when `abandoned` became true.
    fn reply(&self, prompt: &str, abandoned: &AtomicBool) -> Result<String, LlmError> {
        // ChatML, as in the chat template that the file carries.
        let chat = format!(
            "<|im_start|>system\nYou are a helpful AI assistant.<|im_end|>\n\
             <|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
        );
        let encoded = self.tokenizer.encode(chat, true);
        let encoded = encoded.map_err(|source| self.unusable(source))?;
        let most = self.context.saturating_sub(LocalModel::MAX_TOKENS);
        let tokens = encoded.len();
        if tokens > most {
            return Err(LlmError::PromptTooLong { tokens, most });
        }
        let text = self.generate(encoded.get_ids(), abandoned);
        let text = text.map_err(|source| self.unusable(source))?;
        if text.is_empty() {
            let model = "SmolLM2-135M".to_owned();
            return Err(LlmError::NoText { model });
        }
        Ok(text)
    }

    fn generate(&self, prompt: &[u32], abandoned: &AtomicBool) -> Result<String, Failure> {
        // A prompt starts at position 0, which clears what an earlier one left behind, so a lock
        // that a panic poisoned is as good as new.
        let mut weights = self.weights.lock().unwrap_or_else(PoisonError::into_inner);
        // Little chance, from a fixed seed, and a price on recent words: so small a model falls into
        // saying one sentence over and over without.
        let mut sampler = LogitsProcessor::new(0, Some(0.2), Some(0.9));
        let mut reply = Vec::new();
        let mut fed = prompt.to_vec();
        let mut position = 0;
        while reply.len() < LocalModel::MAX_TOKENS && !abandoned.load(Ordering::Relaxed) {
            let input = Tensor::new(fed.as_slice(), &Device::Cpu)?.unsqueeze(0)?;
            let logits = weights.forward(&input, position)?.squeeze(0)?;
            let recent = &reply[reply.len().saturating_sub(64)..];
            let logits = apply_repeat_penalty(&logits, 1.2, recent)?;
            let next = sampler.sample(&logits)?;
            if next == self.end {
                break;
            }
            position += fed.len();
            fed = vec![next];
            reply.push(next);
        }
        Ok(self.tokenizer.decode(&reply, true)?.trim().to_owned())
    }

    fn unusable(&self, source: Failure) -> LlmError {
        LlmError::ModelUnusable { path: self.path.clone(), source }
    }
}
