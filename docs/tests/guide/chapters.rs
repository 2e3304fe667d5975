//! Chapters: the guide is whole, all of its code is tested, and what it quotes is what there is.

use std::collections::BTreeSet;
use std::fs;

use crate::pages::{Page, root};
use workflow_guide::{CHAPTERS, pictures};

/// The chapters as pages.
fn chapters() -> impl Iterator<Item = Page> {
    CHAPTERS.iter().map(|(name, _)| Page::read(&format!("docs/src/{name}.md")))
}

/// The cases of the compiler's errors: what is wrong, in one line, and what the compiler says of it.
fn cases() -> Vec<(String, String)> {
    let mut cases = Vec::new();
    for group in fs::read_dir(root().join("tests/ui/fail")).unwrap() {
        for entry in fs::read_dir(group.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|it| it == "rs") {
                let [code, error] =
                    ["rs", "stderr"].map(|it| fs::read_to_string(path.with_extension(it)).unwrap());
                cases.push((in_one_line(&code), error));
            }
        }
    }
    cases
}

fn in_one_line(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands in the `impl` block, in one line: what the workflow is called plays no part.
fn steps(code: &str) -> String {
    let inner = code.split_once("#[workflow]\nimpl").and_then(|(_, rest)| rest.split_once('{'));
    let (_, steps) = inner.expect("a workflow stands in the block");
    in_one_line(steps.split("\n# ").next().unwrap_or_default())
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
fn every_error_that_the_guide_shows_is_the_one_that_the_compiler_gives_for_the_code_above_it() {
    let cases = cases();
    let mut shown = 0;
    for page in chapters() {
        let mut blocks = page.blocks.iter();
        while let Some(wrong) = blocks.find(|block| block.language == "rust,compile_fail") {
            let quoted = blocks.next().expect("an error follows the code");
            let steps = steps(&wrong.text);
            let given = cases.iter().filter(|(code, _)| code.contains(&steps));
            let is_given =
                given.into_iter().any(|(_, error)| quoted.text.lines().all(|line| error.contains(line)));
            assert!(is_given, "{}: no case in tests/ui/fail says this:\n{}", page.path, quoted.text);
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
