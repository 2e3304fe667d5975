//! Look: saves every picture, and images of them, for a pair of eyes.

use std::path::PathBuf;

use serde_json::json;

use crate::flows::{recorded, six};
use crate::tools::browser;

/// `PICTURES=folder cargo test -p workflow-tests --test drawing look -- --ignored`
#[test]
#[ignore = "writes into the folder PICTURES"]
fn pictures_are_saved_to_be_looked_at() {
    let folder = PathBuf::from(std::env::var_os("PICTURES").expect("PICTURES names a folder"));
    for (name, drawing) in six() {
        for extension in ["html", "svg", "mmd", "dot", "txt"] {
            drawing.save(folder.join(format!("{name}.{extension}"))).unwrap();
        }
    }
    for (dark, shade) in [(false, "light"), (true, "dark")] {
        let file = |name: &str, what: &str| folder.join(format!("{name}{what}"));
        let files = six().map(
            |(name, _)| json!({ "file": file(name, ".svg"), "image": file(name, &format!("-{shade}.png")) }),
        );
        browser(&json!({ "ask": "measure", "dark": dark, "scale": 1.4, "files": files }));
        let pages = six().map(|(name, _)| {
            let image = |what: &str| file(name, &format!("-{what}-{shade}.png"));
            let actions = json!([["image", image("page")], ["hover", "s1"], ["image", image("hover")]]);
            json!({ "file": file(name, ".html"), "actions": actions })
        });
        browser(&json!({ "ask": "use", "dark": dark, "width": 1200, "height": 820, "pages": pages }));
    }
}

/// The same for recordings.
#[test]
#[ignore = "writes into the folder PICTURES"]
fn recordings_are_saved_to_be_looked_at() {
    let folder = PathBuf::from(std::env::var_os("PICTURES").expect("PICTURES names a folder"));
    for (name, recording) in recorded::recordings() {
        for extension in ["html", "svg", "mmd", "dot", "txt"] {
            recording.draw().save(folder.join(format!("recorded-{name}.{extension}"))).unwrap();
        }
    }
    for (dark, shade) in [(false, "light"), (true, "dark")] {
        let file = |name: &str, what: &str| folder.join(format!("recorded-{name}{what}"));
        let files = recorded::recordings().map(
            |(name, _)| json!({ "file": file(name, ".svg"), "image": file(name, &format!("-{shade}.png")) }),
        );
        browser(&json!({ "ask": "measure", "dark": dark, "scale": 1.4, "files": files }));
        let pages = recorded::recordings().map(|(name, _)| {
            let image = |what: &str| file(name, &format!("-{what}-{shade}.png"));
            let actions = json!([["image", image("page")], ["hoverBar", "x1"], ["image", image("hover")]]);
            json!({ "file": file(name, ".html"), "actions": actions })
        });
        browser(&json!({ "ask": "use", "dark": dark, "width": 1400, "height": 820, "pages": pages }));
    }
}
