//! Draw: the graph of a workflow as a picture in text.

mod mermaid;
mod text;

use std::fmt;
use std::io;
use std::path::Path;

use crate::graph::Graph;

/// A picture of a workflow: every step, and every event that can pass between two of them.
///
/// [`Display`](fmt::Display) is a text for the terminal, [`Drawing::mermaid`] one that code hosts and
/// editors show as a picture.
#[derive(Clone, Copy, Debug)]
pub struct Drawing {
    graph: &'static Graph,
}

/// Why a picture was not saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The path's extension stands for no known form; take one of those named.
    #[error("`{path}` cannot be drawn: the known extensions are {}", known())]
    #[non_exhaustive]
    UnknownForm {
        /// The path that was asked for.
        path: String,
    },
    /// The file could not be written.
    #[error("`{path}` could not be written")]
    #[non_exhaustive]
    Unwritable {
        /// The path that was asked for.
        path: String,
        /// Why not.
        source: io::Error,
    },
}

/// A form in which a picture can be saved.
struct Form {
    extension: &'static str,
    write: fn(&Drawing) -> String,
}

const FORMS: [Form; 4] = [
    Form { extension: "mmd", write: Drawing::mermaid },
    Form { extension: "mermaid", write: Drawing::mermaid },
    Form { extension: "md", write: |drawing| format!("```mermaid\n{}```\n", drawing.mermaid()) },
    Form { extension: "txt", write: |drawing| drawing.to_string() },
];

impl Drawing {
    /// The picture of all that `graph` can do.
    #[must_use]
    pub const fn new(graph: &'static Graph) -> Self {
        Self { graph }
    }

    /// The picture in the language of Mermaid, as a `flowchart TB`.
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid::write(self.graph)
    }

    /// Writes the picture in the form that the path's extension stands for: `.mmd` or `.mermaid` for
    /// Mermaid, `.md` for the same in a code block, `.txt` for the terminal's text.
    ///
    /// # Errors
    ///
    /// [`DrawError::UnknownForm`] for another extension, which lists the known ones, and
    /// [`DrawError::Unwritable`] when the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), DrawError> {
        let path = path.as_ref();
        let shown = path.display().to_string();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let Some(form) = FORMS.iter().find(|form| form.extension.eq_ignore_ascii_case(extension)) else {
            return Err(DrawError::UnknownForm { path: shown });
        };
        std::fs::write(path, (form.write)(self))
            .map_err(|source| DrawError::Unwritable { path: shown, source })
    }
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(self.graph, f)
    }
}

fn known() -> String {
    let known: Vec<_> = FORMS.iter().map(|form| format!("`.{}`", form.extension)).collect();
    known.join(", ")
}
