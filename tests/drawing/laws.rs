//! Laws: what holds for the picture of any workflow.

use workflow_core::graph::{EventNode, Graph, Role, Shape, StepNode, Takes};
use workflow_core::{DrawError, Drawing};

use crate::flows::{random, six, table};

#[test]
fn the_same_flow_gives_the_same_bytes() {
    let all = |drawing: &Drawing| {
        [drawing.mermaid(), drawing.dot(), drawing.svg(), drawing.html(), drawing.to_string()]
    };
    for (name, drawing) in six() {
        let first = all(&drawing);
        for _ in 0..5 {
            assert!(all(&drawing) == first, "{name}");
        }
    }
}

#[test]
fn a_page_is_smaller_than_300_kilobytes_even_of_200_steps() {
    for seed in 0..3 {
        let html = Drawing::new(random::graph(200, seed)).html();
        assert!(html.len() < 300_000, "seed {seed}: {} bytes", html.len());
    }
}

#[test]
fn text_of_ten_steps_keeps_to_80_columns() {
    for seed in 0..40 {
        let text = Drawing::new(random::graph(10, seed)).to_string();
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "seed {seed}:\n{text}");
    }
}

#[test]
fn text_names_every_step_whether_or_not_it_is_drawn() {
    for (name, drawing) in six() {
        let text = drawing.to_string();
        for step in drawing.graph().expect("it is a graph").steps {
            assert!(text.contains(&format!("[{}]", step.name)), "{name}: {}", step.name);
        }
    }
}

#[test]
fn svg_and_page_refer_to_nothing_outside() {
    for (name, drawing) in six() {
        for text in [drawing.svg(), drawing.html()] {
            let text = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
            for reference in ["http:", "https:", "//cdn", "url(", "@import", "src=", "href="] {
                assert!(!text.contains(reference), "{name}: {reference}");
            }
        }
    }
}

#[test]
fn a_far_event_is_drawn_once_more_instead_of_a_line_across_the_picture() {
    let mut rows = String::from("step0: Start | Again -> Event1\n");
    for step in 1..40 {
        rows += &format!("step{step}: Event{step} -> Event{}\n", step + 1);
    }
    rows += "last: Event40 -> Again | Stop\n";
    let drawing = Drawing::new(table::graph("Long", &rows));
    assert_eq!(drawing.svg().matches("class=\"node event again\"").count(), 1);
    assert!(drawing.html().contains("event that stands elsewhere too"));
    assert!(!drawing.mermaid().contains("again"));
}

#[test]
fn what_no_run_comes_to_is_faint() {
    let graph = table::graph("Flow", "begin: Start -> Stop\nlost: Nowhere -> Stop\n");
    let svg = Drawing::new(graph).svg();
    assert!(svg.contains("class=\"node step faint\" data-node=\"s1\""));
    assert!(svg.contains("class=\"node step\" data-node=\"s0\""));
}

#[test]
fn a_catch_of_many_steps_says_in_words_how_many_and_has_no_line_from_each() {
    const STOP: Shape = Shape::Event(1);
    const EVENTS: &[EventNode] = &[
        EventNode::new("StartEvent", Role::Start),
        EventNode::new("StopEvent", Role::Stop),
        EventNode::new("StepFailed", Role::Between),
    ];
    let catch = StepNode {
        catches: Some(workflow_core::graph::Catches { of: &[], times: 1 }),
        ..StepNode::new("catch", Takes::Any(&[2]), STOP)
    };
    let step = StepNode::new("work", Takes::Any(&[0]), Shape::OneOf(&[STOP, Shape::Event(2)]));
    let graph = |steps: usize| {
        let mut rows = vec![step; steps];
        rows.push(catch);
        Drawing::new(Box::leak(Box::new(Graph { name: "Flow", events: EVENTS, steps: rows.leak() })))
    };
    assert_eq!(graph(3).svg().matches("class=\"line fails\"").count(), 4);
    let many = graph(9).svg();
    assert_eq!(many.matches("class=\"line fails\"").count(), 1);
    assert!(many.contains("StepFailed of 9 steps"));
}

#[test]
fn a_picture_is_saved_in_the_form_that_its_extension_stands_for() {
    let folder = std::env::temp_dir().join(format!("workflow-drawing-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let [(_, drawing), ..] = six();
    let saved = |name: &str| {
        drawing.save(folder.join(name)).unwrap();
        std::fs::read_to_string(folder.join(name)).unwrap()
    };
    assert_eq!(saved("flow.html"), drawing.html());
    assert_eq!(saved("flow.SVG"), drawing.svg());
    assert_eq!(saved("flow.mmd"), drawing.mermaid());
    assert_eq!(saved("flow.mermaid"), drawing.mermaid());
    assert_eq!(saved("flow.md"), format!("```mermaid\n{}```\n", drawing.mermaid()));
    assert_eq!(saved("flow.dot"), drawing.dot());
    assert_eq!(saved("flow.gv"), drawing.dot());
    assert_eq!(saved("flow.txt"), drawing.to_string());
    let lost = drawing.save(folder.join("no folder/flow.svg")).unwrap_err();
    assert!(matches!(lost, DrawError::Unwritable { .. }), "{lost}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_unknown_extension_is_an_error_that_lists_the_known_ones() {
    let [(_, drawing), ..] = six();
    for path in ["joke.bmp", "joke", ".svg"] {
        let error = drawing.save(path).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`{path}` cannot be drawn: the known extensions are `.html`, `.svg`, `.mmd`, `.mermaid`, `.md`, \
                 `.dot`, `.gv`, `.txt`"
            )
        );
    }
}

#[test]
fn a_listed_flow_is_drawn_with_all_that_the_flow_itself_is_drawn_with() {
    let listed = workflow_core::workflows().find(|flow| flow.name() == "JokeFlow").expect("it is linked");
    let [(_, drawing), ..] = six();
    assert_eq!(listed.draw().html(), drawing.html());
    assert!(drawing.html().contains("text: String"));
}
