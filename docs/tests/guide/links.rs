//! Links: whatever a page of the repository links to is there.

use std::fs;

use crate::pages::{Page, root};

/// The pages whose links are followed.
fn linking() -> Vec<String> {
    let mut paths = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "benches/README.md"]
        .map(str::to_owned)
        .to_vec();
    let chapters = fs::read_dir(root().join("docs/src")).unwrap().map(|entry| entry.unwrap().file_name());
    let chapters = chapters.filter_map(|name| name.into_string().ok()).filter(|name| name.ends_with(".md"));
    paths.extend(chapters.map(|name| format!("docs/src/{name}")));
    paths
}

#[test]
fn every_link_points_at_a_file_that_is_there_and_every_anchor_at_a_heading() {
    let (mut lost, mut followed) = (Vec::new(), 0);
    for path in linking() {
        let page = Page::read(&path);
        for link in page.links.iter().filter(|link| !link.contains("://")) {
            followed += 1;
            let (file, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(file, it)| (file, Some(it)));
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let target = if file.is_empty() { path.clone() } else { format!("{folder}/{file}") };
            let target = target.trim_start_matches('/');
            if !root().join(target).exists() {
                lost.push(format!("{path}: no file `{link}`"));
            } else if anchor.is_some_and(|anchor| !Page::read(target).anchors.contains(anchor)) {
                lost.push(format!("{path}: no heading `{link}`"));
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(followed > 60, "only {followed} links were found");
}
