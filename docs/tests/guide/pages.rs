//! Pages: Markdown as its readers see it: blocks of code, links, and the anchors that links can name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// One file of Markdown.
pub struct Page {
    /// Below the root of the repository.
    pub path: String,
    pub blocks: Vec<Block>,
    /// Where its links and pictures point, as written, in order.
    pub links: Vec<String>,
    /// What a link can name behind `#`, one for each heading.
    pub anchors: BTreeSet<String>,
}

/// A block of code.
pub struct Block {
    /// All that stands behind the fence: `rust,compile_fail`.
    pub language: String,
    pub text: String,
}

impl Page {
    /// Reads a file by its path below the root of the repository.
    pub fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut page =
            Self { path: path.to_owned(), blocks: Vec::new(), links: Vec::new(), anchors: BTreeSet::new() };
        // What stands in the heading, or in the block, that is being read.
        let (mut heading, mut code) = (None, None::<Block>);
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let language = match kind {
                        CodeBlockKind::Fenced(language) => language.into_string(),
                        CodeBlockKind::Indented => "rust".to_owned(),
                    };
                    code = Some(Block { language, text: String::new() });
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(code.take()),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.anchor(&heading.take().unwrap_or_default()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(into) = heading.as_mut().or(code.as_mut().map(|block| &mut block.text)) {
                        into.push_str(&text);
                    }
                }
                _ => (),
            }
        }
        page
    }

    /// As code hosts and mdBook make it of a heading.
    fn anchor(&mut self, heading: &str) {
        let kept = heading.trim().chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
        let anchor: String =
            kept.flat_map(char::to_lowercase).map(|it| if it == ' ' { '-' } else { it }).collect();
        let is_new = self.anchors.insert(anchor);
        assert!(is_new, "{}: two headings `{heading}`", self.path);
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
