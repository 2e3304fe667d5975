//! Index: the passages of a folder of texts, found by their vectors, and kept in a file.
//!
//! The search is that of the crate `instant-distance`, a graph of near neighbours (HNSW).

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use instant_distance::{Builder, HnswMap, Point, Search};
use serde::{Deserialize, Serialize};

use crate::embed::hash;

/// Passages that are found by their vectors.
#[derive(Serialize, Deserialize)]
pub struct Index {
    /// What the vectors were made by.
    embedder: String,
    /// The hash of each file's text.
    digests: BTreeMap<String, u64>,
    passages: HnswMap<Vector, Passage>,
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The file's name.
    pub file: String,
    /// The number of the passage in its file, counted from 0.
    pub number: usize,
    /// What it says.
    pub text: String,
}

/// One file, cut into passages, each with its vector.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexedFile {
    /// The file's name.
    pub name: String,
    /// The hash of its text, by [`Index::digest`].
    pub digest: u64,
    /// Its passages, in any order.
    pub passages: Vec<(Passage, Vec<f32>)>,
}

/// Why there is no index to ask. Each text is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// Vectors of different embedders do not compare; delete the index, or name another one.
    #[error(
        "index `{}` was made by {found}, and is of no use with {wanted}; delete it, or name another by --index",
        path.display()
    )]
    OtherEmbedder {
        /// The file.
        path: PathBuf,
        /// What the index was made by.
        found: String,
        /// What the question would be embedded by.
        wanted: String,
    },
    /// The file is no index, or cannot be read; delete it, or name another one.
    #[error("index `{}` cannot be read; delete it, or name another by --index", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file cannot be written; name one that can.
    #[error("index `{}` cannot be written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Index {
    /// An index of these files, whose vectors were made by the embedder of that name.
    pub fn build(embedder: &str, files: Vec<IndexedFile>) -> Self {
        let digests = files.iter().map(|file| (file.name.clone(), file.digest)).collect();
        let mut passages: Vec<_> = files.into_iter().flat_map(|file| file.passages).collect();
        passages.sort_by(|(one, _), (other, _)| (&one.file, one.number).cmp(&(&other.file, other.number)));
        let (passages, vectors) = passages.into_iter().map(|(passage, it)| (passage, Vector(it))).unzip();
        let builder = Builder::default().seed(0).ef_construction(20);
        let passages = builder.build(vectors, passages);
        Self { embedder: embedder.to_owned(), digests, passages }
    }

    /// The index in the file at `path`; `None` when there is no such file.
    ///
    /// # Errors
    ///
    /// [`IndexError::OtherEmbedder`] when it was not made by the embedder of this name,
    /// [`IndexError::Unreadable`] when it is no index.
    pub fn open(path: &Path, embedder: &str) -> Result<Option<Self>, IndexError> {
        let path = path.to_owned();
        let written = match fs::read(&path) {
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(IndexError::Unreadable { path, source: error.into() }),
        };
        let index: Self = match serde_json::from_slice(&written) {
            Ok(index) => index,
            Err(error) => return Err(IndexError::Unreadable { path, source: error.into() }),
        };
        if index.embedder != embedder {
            let (found, wanted) = (index.embedder, embedder.to_owned());
            return Err(IndexError::OtherEmbedder { path, found, wanted });
        }
        Ok(Some(index))
    }

    /// Writes it to the file at `path`, in the place of what was there.
    ///
    /// # Errors
    ///
    /// [`IndexError::Unwritable`].
    pub fn save(&self, path: &Path) -> Result<(), IndexError> {
        let new = path.with_extension("new");
        let written = serde_json::to_vec(self).map_err(Into::into);
        written
            .and_then(|written| Ok(fs::write(&new, written).and_then(|()| fs::rename(&new, path))?))
            .map_err(|source| IndexError::Unwritable { path: path.to_owned(), source })
    }

    /// The hash by which a file's text is known again.
    pub fn digest(text: &str) -> u64 {
        hash(text)
    }

    /// The file of this name as it is in here, if its text is the same.
    pub fn file(&self, name: &str, digest: u64) -> Option<IndexedFile> {
        if self.digests.get(name) != Some(&digest) {
            return None;
        }
        let passages = self.passages.iter().zip(&self.passages.values);
        let of_file = passages.filter(|(_, passage)| passage.file == name);
        let passages = of_file.map(|((_, vector), passage)| (passage.clone(), vector.0.clone())).collect();
        Some(IndexedFile { name: name.to_owned(), digest, passages })
    }

    /// The passages whose vectors are nearest to this one, at most `count`, each with the cosine of the two;
    /// the nearest comes first.
    pub fn nearest(&self, vector: &[f32], count: usize) -> Vec<(Passage, f32)> {
        let mut search = Search::default();
        let found = self.passages.search(&Vector(vector.to_vec()), &mut search);
        found.take(count).map(|item| (item.value.clone(), 1.0 - item.distance)).collect()
    }

    /// How many files are in it.
    pub fn files(&self) -> usize {
        self.digests.len()
    }

    /// How many passages are in it.
    pub fn passages(&self) -> usize {
        self.passages.values.len()
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("embedder", &self.embedder).field("passages", &self.passages()).finish()
    }
}

/// A vector of length 1.
#[derive(Clone, Serialize, Deserialize)]
struct Vector(Vec<f32>);

impl Point for Vector {
    fn distance(&self, other: &Self) -> f32 {
        // A plain loop, since nearly all of the time goes in here, and without optimisation an iterator is some
        // ten times as slow.
        let (one, other) = (self.0.as_slice(), other.0.as_slice());
        let (mut cosine, mut place) = (0.0, 0);
        while place < one.len() {
            cosine += one[place] * other[place];
            place += 1;
        }
        1.0 - cosine
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embedder;

    const TEXTS: [&str; 3] = ["locks and journals", "columns of a table", "dates and times"];

    fn file(name: &str) -> IndexedFile {
        let embed = |(number, text): (usize, &&str)| {
            let passage = Passage { file: name.to_owned(), number, text: (*text).to_owned() };
            (passage, Embedder::Words.embed(text).unwrap())
        };
        let passages = TEXTS.iter().enumerate().map(embed).collect();
        IndexedFile { name: name.to_owned(), digest: Index::digest(name), passages }
    }

    #[test]
    fn the_nearest_passage_comes_first_also_from_an_index_that_was_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.json");
        Index::build("words", vec![file("a.md")]).save(&path).unwrap();
        let index = Index::open(&path, "words").unwrap().unwrap();
        let question = Embedder::Words.embed("What columns has the table?").unwrap();
        let found = index.nearest(&question, 2);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].0.number, found[0].0.text.as_str()), (1, TEXTS[1]));
        assert!(found[0].1 > 0.99 && found[1].1 < 0.1, "{found:?}");
    }

    #[test]
    fn each_of_many_passages_is_found_by_its_own_text() {
        let texts =
            include_str!("../corpus/sqlite/foreignkeys.md").split("\n\n").filter(|text| text.len() > 100);
        let embed = |(number, text): (usize, &str)| {
            let passage = Passage { file: "a.md".to_owned(), number, text: text.to_owned() };
            (passage, Embedder::Words.embed(text).unwrap())
        };
        let passages: Vec<_> = texts.enumerate().map(embed).collect();
        assert!(passages.len() > 50);
        let file = IndexedFile { name: "a.md".to_owned(), digest: 0, passages: passages.clone() };
        let index = Index::build("words", vec![file]);
        for (passage, vector) in passages {
            let (found, cosine) = &index.nearest(&vector, 1)[0];
            assert!((cosine - 1.0).abs() < 1e-5, "{passage:?} is nearest to {found:?}: {cosine}");
        }
    }

    #[test]
    fn a_file_is_known_again_by_its_text() {
        let index = Index::build("words", vec![file("a.md"), file("b.md")]);
        assert_eq!((index.files(), index.passages()), (2, 6));
        let again = index.file("a.md", Index::digest("a.md")).unwrap();
        assert!(
            again.passages.len() == 3 && again.passages.iter().all(|(passage, _)| passage.file == "a.md")
        );
        assert!(index.file("a.md", Index::digest("changed")).is_none());
        assert!(index.file("c.md", Index::digest("c.md")).is_none());
    }

    #[test]
    fn an_index_of_another_embedder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.json");
        assert!(Index::open(&path, "words").unwrap().is_none());
        Index::build("words", Vec::new()).save(&path).unwrap();
        let error = Index::open(&path, "meaning").unwrap_err();
        assert!(matches!(error, IndexError::OtherEmbedder { .. }));
        assert!(error.to_string().contains("was made by words, and is of no use with meaning"), "{error}");
    }
}
