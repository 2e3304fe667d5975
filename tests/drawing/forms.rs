//! Forms: each of the six flows, and of the recordings, in each form, as it was last looked at and found good.
//!
//! After a change to the look: `INSTA_UPDATE=always`, then open the pictures and look.

use workflow_core::Drawing;

use crate::flows::{recorded, six};

#[test]
fn each_flow_is_drawn_as_mermaid() {
    each("mmd", |drawing| drawing.mermaid());
}

#[test]
fn each_flow_is_drawn_as_dot() {
    each("dot", |drawing| drawing.dot());
}

#[test]
fn each_flow_is_drawn_as_text() {
    each("txt", |drawing| drawing.to_string());
}

#[test]
fn each_flow_is_drawn_as_svg() {
    each("svg", |drawing| without(&drawing.svg(), "style"));
}

#[test]
fn each_flow_is_drawn_as_html() {
    each("html", |drawing| without(&without(&without(&drawing.html(), "main"), "style"), "script"));
}

#[test]
fn the_page_holds_the_very_picture_that_is_drawn_as_svg() {
    for (name, drawing) in six() {
        let (svg, html) = (drawing.svg(), drawing.html());
        let first = svg.lines().find(|line| line.starts_with("<g class=\"line")).expect("there is a line");
        assert!(html.contains(first), "{name}: {first}");
        let shapes = |text: &str| text.matches("-shape\"").count();
        let page = html.split("<aside>").next().expect("the legend stands after the picture");
        assert_eq!(shapes(&svg), shapes(page), "{name}");
    }
}

/// Compares what is drawn of each flow and each recording with what was.
fn each(form: &str, draw: impl Fn(&Drawing) -> String) {
    for (name, drawing) in six() {
        compare(&format!("{name}.{form}"), &draw(&drawing));
    }
    for (name, recording) in recorded::recordings() {
        compare(&format!("recorded-{name}.{form}"), &draw(&recording.draw()));
    }
}

fn compare(name: &str, drawn: &str) {
    insta::with_settings!({ snapshot_suffix => "", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, drawn);
    });
}

/// The text without what stands in an element, which is the same in all pictures or has a test of its own.
fn without(text: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&open) {
        let (_, after) = after.split_once(&close).expect("what is opened is closed");
        left += before;
        rest = after;
    }
    left + rest
}
