//! Draw: the graph of a workflow as a picture.
//!
//! The graph becomes a scene of nodes and lines; each form of picture is a file that writes the scene.

mod build;
mod card;
mod dot;
#[cfg(feature = "draw")]
mod html;
mod label;
#[cfg(feature = "draw")]
mod lanes;
#[cfg(feature = "draw")]
mod layout;
mod loops;
mod mermaid;
#[cfg(feature = "draw")]
mod reference;
#[cfg(feature = "draw")]
mod route;
mod scene;
#[cfg(feature = "draw")]
mod svg;
mod tally;
#[cfg(feature = "draw")]
mod terminal;
mod text;
#[cfg(feature = "draw")]
mod timeline;
mod trace;

use std::fmt;
use std::io;
use std::path::Path;

use crate::Recording;
use crate::graph::Graph;

pub(crate) use label::columns;
pub(crate) use scene::Scene;
pub(crate) use text::printable;

/// A picture of a workflow: every step, and every event that can pass between two of them.
///
/// [`Display`](fmt::Display) is a text for the terminal, [`Drawing::mermaid`] one that code hosts and
/// editors show as a picture, [`Drawing::dot`] one for Graphviz. The feature `draw` brings pictures that are
/// laid out here: [`Drawing::svg`] and [`Drawing::html`].
///
/// Made by `draw()` of a workflow, it shows all that can happen; made by [`Recording::draw`], it shows what did,
/// over what could have: how often each line was taken, what failed, and a timeline.
///
/// The same workflow gives the same bytes, in every form, and so does the same recording.
#[derive(Clone, Debug)]
pub struct Drawing {
    of: Of,
}

/// What is drawn.
#[derive(Clone, Debug)]
enum Of {
    /// A graph; and what the fields of its events are.
    Graph(&'static Graph, fn() -> Vec<String>),
    Recording(Recording),
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

const FORMS: &[Form] = &[
    #[cfg(feature = "draw")]
    Form { extension: "html", write: Drawing::html },
    #[cfg(feature = "draw")]
    Form { extension: "svg", write: Drawing::svg },
    Form { extension: "mmd", write: Drawing::mermaid },
    Form { extension: "mermaid", write: Drawing::mermaid },
    Form { extension: "md", write: |drawing| format!("```mermaid\n{}```\n", drawing.mermaid()) },
    Form { extension: "dot", write: Drawing::dot },
    Form { extension: "gv", write: Drawing::dot },
    Form { extension: "txt", write: |drawing| drawing.to_string() },
];

impl Drawing {
    /// The picture of all that `graph` can do.
    #[must_use]
    pub const fn new(graph: &'static Graph) -> Self {
        Self { of: Of::Graph(graph, Vec::new) }
    }

    pub(crate) const fn of_recording(recording: Recording) -> Self {
        Self { of: Of::Recording(recording) }
    }

    /// The same picture, in which each event says what its fields are: one text for each event of the
    /// graph, in their order.
    #[must_use]
    pub fn with_fields(mut self, fields: fn() -> Vec<String>) -> Self {
        if let Of::Graph(_, shapes) = &mut self.of {
            *shapes = fields;
        }
        self
    }

    /// The picture as one HTML file that works from disk, with no network: it can be moved and zoomed, a
    /// step says its signature, options and documentation, an event its fields.
    #[cfg(feature = "draw")]
    #[must_use]
    pub fn html(&self) -> String {
        html::write(&self.scene_to_lay_out(), self.recording())
    }

    /// The picture as SVG, light or dark as the reader's screen is.
    #[cfg(feature = "draw")]
    #[must_use]
    pub fn svg(&self) -> String {
        svg::write(&self.scene_to_lay_out(), self.recording())
    }

    /// The picture in the language of Mermaid, as a `flowchart TB`.
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid::write(&self.scene())
    }

    /// The picture in the language of Graphviz, as a `digraph`.
    #[must_use]
    pub fn dot(&self) -> String {
        dot::write(&self.scene())
    }

    /// Writes the picture in the form that the path's extension stands for: `.html` and `.svg` (feature
    /// `draw`), `.mmd` or `.mermaid` for Mermaid, `.md` for the same in a code block, `.dot` or `.gv` for
    /// Graphviz, `.txt` for the terminal's text.
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

    /// The graph that is drawn; `None` of a recording, which knows no more of it than the picture shows.
    #[must_use]
    pub const fn graph(&self) -> Option<&'static Graph> {
        match &self.of {
            Of::Graph(graph, _) => Some(graph),
            Of::Recording(_) => None,
        }
    }

    fn scene(&self) -> Scene {
        match &self.of {
            Of::Graph(graph, shapes) => Scene::new(graph, &shapes()),
            Of::Recording(recording) => recording.scene(),
        }
    }

    /// What was recorded, where that is drawn.
    fn recording(&self) -> Option<&Recording> {
        match &self.of {
            Of::Graph(..) => None,
            Of::Recording(recording) => Some(recording),
        }
    }

    #[cfg(feature = "draw")]
    fn scene_to_lay_out(&self) -> Scene {
        let mut scene = self.scene();
        reference::cut_long_lines(&mut scene);
        scene
    }
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(&self.scene(), f)?;
        match self.recording() {
            Some(recording) => write!(f, "\n{recording}"),
            None => Ok(()),
        }
    }
}

fn known() -> String {
    let known: Vec<_> = FORMS.iter().map(|form| format!("`.{}`", form.extension)).collect();
    known.join(", ")
}
