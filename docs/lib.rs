//! Guide: every chapter of the book as documentation, so that each block of its code is compiled and run.
//!
//! The chapters are in `src/`; `mdbook build docs` makes the book.

use std::path::{Path, PathBuf};

use workflow_core::Drawing;

macro_rules! chapters {
    ($($name:ident $(= $tests:literal)?),* $(,)?) => {
        /// The chapters, in their order: the name of the file without `.md`, and its text.
        pub const CHAPTERS: &[(&str, &str)] =
            &[$((stringify!($name), include_str!(concat!("src/", stringify!($name), ".md")))),*];

        $(
            #[cfg(doctest)]
            #[doc = blocks!($name $(= $tests)?)]
            mod $name {}
        )*
    };
}

/// The chapter whose blocks are tested one by one; nothing of one that a file of tests has to the letter.
#[cfg(doctest)]
macro_rules! blocks {
    ($name:ident) => {
        include_str!(concat!("src/", stringify!($name), ".md"))
    };
    ($name:ident = $tests:literal) => {
        ""
    };
}

chapters! {
    introduction,
    first_flow,
    branches_and_loops,
    batches,
    joins,
    state,
    people,
    failure,
    drawing,
    running,
    surviving,
    telemetry,
    testing = "tests/letters.rs",
    examples,
    from_llamaindex,
    limits,
}

/// Holds a picture of the guide against the flow that it shows; a chapter calls this in a hidden line.
///
/// After a change to the look, `INSTA_UPDATE=always` writes the picture anew.
///
/// # Panics
///
/// When the file in `src/pictures` is not what the flow draws, or cannot be written.
pub fn assert_picture(name: &str, drawing: &Drawing) {
    let path = pictures().join(name);
    let drawn = drawing.svg();
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(&path, &drawn).expect("the picture can be written");
    }
    let is_same = std::fs::read_to_string(&path).is_ok_and(|saved| saved == drawn);
    assert!(is_same, "docs/src/pictures/{name} is another: look, and write it by INSTA_UPDATE=always");
}

/// Where the pictures of the guide are.
#[must_use]
pub fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pictures")
}
