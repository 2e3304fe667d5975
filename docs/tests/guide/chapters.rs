//! Chapters: the guide is whole, all of its code is tested, and what it quotes is what there is.

use std::collections::BTreeSet;
use std::fs;

use crate::pages::{Page, root};
use workflow_guide::{CHAPTERS, pictures};

/// The chapters as pages.
fn chapters() -> impl Iterator<Item = Page> {
    CHAPTERS.iter().map(|(name, _)| Page::read(&format!("docs/src/{name}.md")))
}

/// The whole text of every file below a folder whose name ends like this.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn every_chapter_of_the_summary_is_tested_and_no_other() {
    let summary = Page::read("docs/src/SUMMARY.md");
    let listed: Vec<_> = summary.links.iter().map(|link| link.trim_end_matches(".md")).collect();
    let tested: Vec<_> = CHAPTERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, tested);

    let there = fs::read_dir(root().join("docs/src")).unwrap().map(|entry| entry.unwrap().file_name());
    let there: BTreeSet<_> =
        there.filter_map(|name| Some(name.to_str()?.strip_suffix(".md")?.to_owned())).collect();
    let wanted: BTreeSet<_> = tested.into_iter().chain(["SUMMARY"]).map(str::to_owned).collect();
    assert_eq!(there, wanted);
}

#[test]
fn every_block_of_rust_is_compiled_and_run_or_must_not_compile() {
    for page in chapters() {
        for block in &page.blocks {
            let is_known =
                ["rust", "rust,compile_fail", "text", "sh", "python"].contains(&block.language.as_str());
            assert!(
                is_known,
                "{}: a block of `{}` is not tested:\n{}",
                page.path, block.language, block.text
            );
        }
    }
}

#[test]
fn every_error_that_the_guide_shows_is_one_that_the_compiler_gives() {
    let errors: Vec<_> = files("tests/ui/fail", ".stderr");
    let mut shown = 0;
    for page in chapters() {
        for block in page.blocks.iter().filter(|block| block.text.starts_with("error")) {
            let is_given = errors.iter().any(|error| block.text.lines().all(|line| error.contains(line)));
            assert!(is_given, "{}: no such error in tests/ui/fail:\n{}", page.path, block.text);
            shown += 1;
        }
    }
    assert_eq!(shown, 3);
}

#[test]
fn every_picture_is_held_against_its_flow_and_shown() {
    let there: BTreeSet<_> = fs::read_dir(pictures())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let (mut shown, mut held) = (BTreeSet::new(), BTreeSet::new());
    for (page, (_, text)) in chapters().zip(CHAPTERS) {
        shown.extend(page.links.iter().filter_map(|link| Some(link.strip_prefix("pictures/")?.to_owned())));
        let calls = text.split("assert_picture(\"").skip(1);
        held.extend(calls.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    assert_eq!(shown, there);
    assert_eq!(held, there);
}

#[test]
fn the_tests_that_the_guide_shows_are_run_as_they_stand() {
    let run = include_str!("../letters.rs");
    let page = Page::read("docs/src/testing.md");
    for block in page.blocks.iter().filter(|block| block.language == "rust") {
        assert!(run.contains(&block.text), "not in docs/tests/letters.rs:\n{}", block.text);
    }
}

#[test]
fn every_example_is_in_the_guide_and_in_the_readme() {
    let manifest = fs::read_to_string(root().join("examples/Cargo.toml")).unwrap();
    let names =
        manifest.split("[[example]]\nname = \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0));
    let (guide, readme) = (Page::read("docs/src/examples.md"), Page::read("README.md"));
    let mut count = 0;
    for name in names {
        assert!(guide.anchors.contains(name), "docs/src/examples.md has no section `{name}`");
        assert!(
            guide.links.contains(&format!("#{name}")),
            "the table of docs/src/examples.md lacks `{name}`"
        );
        let link = format!("docs/src/examples.md#{name}");
        assert!(readme.links.contains(&link), "the table of README.md lacks `{name}`");
        count += 1;
    }
    assert_eq!(count, 9);
}
