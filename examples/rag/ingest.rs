//! Ingest: the flow that turns a folder of texts into an index.
//!
//! Files are a batch, and the passages of a file are a batch within it. What the old index has is taken over.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use text_splitter::MarkdownSplitter;
use workflow_core::prelude::*;
use workflow_examples::{EmbedError, Embedder, Failure, Index, IndexError, IndexedFile, Passage};

/// A file of the folder.
#[event]
struct File(PathBuf);

/// A file that the index does not know as it is.
#[event]
struct Text {
    name: String,
    text: String,
}

/// A passage of it, and its title, without which a passage seldom says what it is about.
#[event]
struct Piece {
    title: String,
    digest: u64,
    passage: Passage,
}

/// A passage and its vector.
#[event]
struct Embedded {
    digest: u64,
    passage: Passage,
    vector: Vec<f32>,
}

/// A file that can go into the index, and whether it was embedded just now.
#[event]
struct Ready {
    file: IndexedFile,
    is_new: bool,
}

/// Goes to the caller: so many passages more to embed, so many that are done.
#[event]
pub(crate) struct Progress {
    pub(crate) found: u64,
    pub(crate) done: u64,
}

/// What is done with a file: it is cut and embedded, or taken over from the index.
#[derive(OneOf)]
enum Reading {
    New(Text),
    Known(Ready),
}

/// Turns a folder into an index, and gives the number of files that were not taken over from the old one.
#[derive(Clone)]
pub(crate) struct Ingest {
    pub(crate) embedder: Embedder,
    /// The index of an earlier run.
    pub(crate) old: Option<Arc<Index>>,
    /// Where the new one goes.
    pub(crate) path: PathBuf,
}

#[workflow(publishes(Progress))]
impl Ingest {
    /// Lists the folder's files: a batch.
    #[step(blocking)]
    fn list(&self, folder: StartEvent<PathBuf>) -> Result<Vec<File>, Failure> {
        let entries = fs::read_dir(&*folder).map_err(|error| unreadable(&folder, &error))?;
        let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
        let is_text = |path: &PathBuf| path.extension().is_some_and(|it| it == "md" || it == "txt");
        let files: Vec<_> = paths.into_iter().filter(is_text).map(File).collect();
        if files.is_empty() {
            return Err(format!("no .md or .txt file in {}", folder.display()).into());
        }
        Ok(files)
    }

    /// Reads a file, and sees whether the old index has it as it is.
    #[step(blocking)]
    fn read(&self, File(path): File) -> Result<Reading, Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        let known = self.old.as_ref().and_then(|old| old.file(&name, Index::digest(&text)));
        Ok(match known {
            Some(file) => Reading::Known(Ready { file, is_new: false }),
            None => Reading::New(Text { name, text }),
        })
    }

    /// Cuts a text into passages at its headings and paragraphs: a batch within the batch.
    #[step(blocking)]
    fn cut(&self, ctx: &Context<Self>, text: Text) -> Vec<Piece> {
        let Text { name, text } = text;
        let title = text.lines().next().unwrap_or_default().trim_start_matches('#').trim().to_owned();
        let digest = Index::digest(&text);
        let mut passages = Vec::<String>::new();
        for chunk in MarkdownSplitter::new(500..900).chunks(&text) {
            match passages.last_mut() {
                // A heading alone says little: what follows goes with it.
                Some(last) if last.len() < 200 => *last += &format!("\n\n{chunk}"),
                _ => passages.push(chunk.to_owned()),
            }
        }
        let piece = |(number, text)| {
            let passage = Passage { file: name.clone(), number, text };
            Piece { title: title.clone(), digest, passage }
        };
        let pieces: Vec<_> = passages.into_iter().enumerate().map(piece).collect();
        ctx.publish(Progress { found: pieces.len() as u64, done: 0 });
        pieces
    }

    /// Embeds a passage; two at a time, on threads that may compute.
    #[step(blocking, workers = 2)]
    fn embed(&self, ctx: &Context<Self>, piece: Piece) -> Result<Embedded, EmbedError> {
        let Piece { title, digest, passage } = piece;
        let vector = self.embedder.embed(&format!("{title}\n{}", passage.text))?;
        ctx.publish(Progress { found: 0, done: 1 });
        Ok(Embedded { digest, passage, vector })
    }

    /// Puts a file together again, when all of its passages are embedded. An empty one has none.
    #[step]
    async fn gather(&self, embedded: Vec<Embedded>) -> Option<Ready> {
        let Embedded { digest, passage, .. } = embedded.first()?;
        let (name, digest) = (passage.file.clone(), *digest);
        let passages = embedded.into_iter().map(|it| (it.passage, it.vector)).collect();
        Some(Ready { file: IndexedFile { name, digest, passages }, is_new: true })
    }

    /// Writes the index, when all files are there and any of them has changed.
    #[step(blocking)]
    fn build(&self, files: Vec<Ready>) -> Result<StopEvent<usize>, IndexError> {
        let new = files.iter().filter(|ready| ready.is_new).count();
        if new > 0 || self.old.as_ref().is_none_or(|old| old.files() != files.len()) {
            let files = files.into_iter().map(|ready| ready.file).collect();
            Index::build(self.embedder.name(), files).save(&self.path)?;
        }
        Ok(StopEvent(new))
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be read: {error}", path.display())
}
