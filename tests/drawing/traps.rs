//! Traps: names that would end a label, open an element or start a script if they were taken for more than
//! names.

use serde_json::{Value, json};
use workflow_core::Drawing;
use workflow_core::graph::{EventNode, Graph, Role, Shape, StepNode, Takes};

use crate::tools::{browser, graphviz, written};

/// What each form of picture reads as something else.
const NAMES: [&str; 22] = [
    "a \"quoted\" name",
    "it's",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(2)</script>",
    "</script><b>bold</b>",
    "--><b>",
    "]]>",
    "&amp; &lt; &#60; &quot",
    "#quot; #35; #lt;",
    "a;b %% c",
    "\"] --> s0[\"x",
    "|end| subgraph",
    "click s0 call alert(1)",
    "`**markdown**`",
    "1. list",
    "$$x^2$$",
    "fa:fa-ban",
    "back\\slash \\N \\G",
    "{a}|{b}",
    "Größe 名前 🦀 ×n",
    "https://example.invalid/x",
];

/// A flow of which everything that can be named has this name.
fn named(name: &str) -> Drawing {
    let name: &'static str = name.to_owned().leak();
    let events = vec![
        EventNode::new("StartEvent", Role::Start),
        EventNode::new(name, Role::Between),
        EventNode::new("StopEvent", Role::Stop),
    ];
    let step = StepNode { doc: name, ..StepNode::new(name, Takes::Any(&[0]), Shape::Event(1)) };
    let steps = vec![step, StepNode::new("second", Takes::Any(&[1]), Shape::Event(2))];
    Drawing::new(Box::leak(Box::new(Graph { name, events: events.leak(), steps: steps.leak() })))
}

#[test]
fn no_name_opens_an_element_of_svg_or_html() {
    for name in NAMES {
        let tags = |text: &str| text.matches('<').count();
        let (plain, drawing) = (named("plain"), named(name));
        assert_eq!(tags(&drawing.svg()), tags(&plain.svg()), "{name}");
        assert_eq!(tags(&drawing.html()), tags(&plain.html()), "{name}");
    }
}

#[test]
fn no_name_adds_a_line_to_mermaid_or_dot() {
    for name in NAMES.into_iter().chain(["two\nlines", "a\rb\tc\0d"]) {
        let (plain, drawing) = (named("plain"), named(name));
        assert_eq!(drawing.mermaid().lines().count(), plain.mermaid().lines().count(), "{name}");
        assert_eq!(drawing.dot().lines().count(), plain.dot().lines().count(), "{name}");
        for text in [drawing.mermaid(), drawing.dot(), drawing.svg(), drawing.html(), drawing.to_string()] {
            let strange = text.chars().find(|char| char.is_control() && *char != '\n');
            assert_eq!(strange, None, "{name}");
        }
    }
}

#[test]
fn mermaid_shows_each_name_as_it_is_written() {
    let texts: Vec<_> = NAMES.iter().map(|name| named(name).mermaid()).collect();
    let Some(answer) = browser(&json!({ "ask": "mermaid", "texts": texts })) else { return };
    assert_eq!((&answer["dialogs"], &answer["errors"]), (&json!([]), &json!([])));
    for (name, picture) in NAMES.iter().zip(answer["pictures"].as_array().unwrap()) {
        assert!(picture.get("error").is_none(), "{name}: {picture}");
        assert!(contains(&picture["nodes"], name), "{name} in {}", picture["nodes"]);
        assert!(contains(&picture["arrows"], name), "{name} in {}", picture["arrows"]);
    }
}

#[test]
fn graphviz_reads_each_name_as_it_is_written() {
    for name in NAMES {
        let Some(read) = graphviz(&named(name).dot()) else { return };
        // Its JSON gives the label before escapes and entities are read.
        let written = name.replace('\\', "\\\\").replace('&', "&amp;");
        let objects = read["objects"].as_array().unwrap();
        let labels: Vec<_> = objects.iter().map(|node| node["label"].clone()).collect();
        assert_eq!(
            labels.iter().filter(|label| **label == json!(written)).count(),
            2,
            "{name} in {labels:?}"
        );
        assert_eq!(objects.len(), 7, "{name}");
    }
}

#[test]
fn a_browser_shows_each_name_as_it_is_written_and_runs_none_of_it() {
    let page = |(place, name): (usize, &&str)| {
        let file = written("traps", &format!("{place}.html"), &named(name).html());
        json!({ "file": file, "actions": [["hover", "s0"], ["hover", "e1"]] })
    };
    let pages: Vec<_> = NAMES.iter().enumerate().map(page).collect();
    let Some(answer) = browser(&json!({ "ask": "use", "pages": pages })) else { return };
    for (name, page) in NAMES.iter().zip(answer["pages"].as_array().unwrap()) {
        assert_eq!((&page["dialogs"], &page["errors"]), (&json!([]), &json!([])), "{name}");
        assert_eq!(page["requests"].as_array().map(Vec::len), Some(1), "{name}");
        assert_eq!(page["states"][0]["title"], json!(name));
        for state in page["states"].as_array().unwrap() {
            let said = state["cards"][0]["text"].as_str().unwrap_or_default();
            assert!(said.contains(name), "{name} in {said}");
        }
    }
}

#[test]
fn a_long_name_is_cut_in_the_picture_and_whole_on_hover() {
    for name in ["long_".repeat(40), "長い".repeat(100)] {
        let drawing = named(&name);
        let svg = written("long", "long.svg", &drawing.svg());
        let shown = drawing.svg();
        assert!(shown.contains('…'));
        let (_, width) = shown.split_once(" width=\"").expect("the picture has a width");
        let width = width.split('"').next().and_then(|width| width.parse::<u32>().ok());
        assert!(width < Some(400), "{width:?} pixels wide");
        assert!(shown.contains(&format!("<title>step: {name}")), "the whole name is in the title");
        let Some(answer) = browser(&json!({ "ask": "measure", "files": [{ "file": svg }] })) else { return };
        let picture = &answer["pictures"][0];
        for fault in ["sticksOut", "overlaps", "cutOff", "errors"] {
            assert_eq!(picture[fault], json!([]), "{fault}");
        }
        let html = written("long", "long.html", &drawing.html());
        let pages = json!([{ "file": html, "actions": [["hover", "s0"]] }]);
        let Some(answer) = browser(&json!({ "ask": "use", "pages": pages })) else { return };
        let card = &answer["pages"][0]["states"][0]["cards"][0];
        assert!(card["text"].as_str().unwrap_or_default().contains(&name));
        assert_eq!(card["inside"], json!(true));
    }
}

fn contains(words: &Value, name: &str) -> bool {
    words.as_array().is_some_and(|words| words.iter().any(|word| word == name))
}
