//! Recordings: what a picture of a run shows, to whoever reads it.

use serde_json::{Value, json};
use workflow_core::Recording;

use crate::flows::recorded;
use crate::tools::{browser, graphviz, written};

/// What a payload must not become.
const TEXTS: [&str; 9] = [
    "</script><script>alert(1)</script>",
    "</style><script>alert(2)</script>",
    "<img src=x onerror=alert(3)>",
    "\"quotes\" and 'others'",
    "--> ]]> &amp; &#60;",
    "a \\ b \\N\nnext line\ttab",
    "Größe 名前 🦀",
    "`**markdown**` $$x$$ #quot;",
    "\u{1b}[31m\u{7}",
];

#[test]
fn the_same_recording_gives_the_same_bytes() {
    for (name, recording) in recorded::recordings() {
        assert!(forms(&recording) == forms(&recording), "{name}");
        let written = serde_json::to_string(&recording).unwrap();
        let read: Recording = serde_json::from_str(&written).unwrap();
        assert!(forms(&read) == forms(&recording), "{name}");
    }
}

#[test]
fn what_a_step_was_given_opens_no_element_and_adds_no_line() {
    let tags = |text: &str| text.matches('<').count();
    let plain = recorded::invoices("plain").draw();
    for text in TEXTS.into_iter().chain([&*"long ".repeat(40)]) {
        let drawing = recorded::invoices(text).draw();
        assert_eq!(tags(&drawing.svg()), tags(&plain.svg()), "{text}");
        assert_eq!(tags(&drawing.html()), tags(&plain.html()), "{text}");
        assert_eq!(drawing.mermaid(), plain.mermaid(), "{text}");
        assert_eq!(drawing.dot(), plain.dot(), "{text}");
        for text in forms(&recorded::invoices(text)) {
            let strange = text.chars().find(|char| char.is_control() && *char != '\n');
            assert_eq!(strange, None, "{text}");
        }
    }
}

#[test]
fn a_browser_shows_what_a_step_was_given_and_runs_none_of_it() {
    let page = |(place, text): (usize, &&str)| {
        let html = recorded::invoices(text).draw().html();
        json!({ "file": written("payloads", &format!("{place}.html"), &html), "actions": [["hoverBar", "x9"]] })
    };
    let pages: Vec<_> = TEXTS.iter().enumerate().map(page).collect();
    let Some(answer) = browser(&json!({ "ask": "use", "pages": pages })) else { return };
    for (text, page) in TEXTS.iter().zip(list(&answer["pages"])) {
        assert_eq!((&page["dialogs"], &page["errors"]), (&json!([]), &json!([])), "{text}");
        assert_eq!(page["requests"].as_array().map(Vec::len), Some(1), "{text}");
        let said = only_card(&page["states"][0])["text"].as_str().unwrap_or_default();
        let json = serde_json::to_string(text).unwrap();
        assert!(said.contains(json.trim_matches('"')), "{text} in {said}");
    }
}

#[test]
fn an_execution_says_its_input_output_try_and_failure_to_whoever_points_at_it() {
    let html = recorded::invoices("two pens").draw().html();
    let file = written("bars", "invoices.html", &html);
    let actions = json!([
        ["wait"],
        ["hoverBar", "x2"],
        ["leave"],
        ["hoverBar", "x8"],
        ["clickBar", "x11"],
        ["hover", "s0"],
        ["key", "Escape"],
        ["leave"],
        ["hover", "s1"],
    ]);
    let pages = json!([{ "file": file, "actions": actions }]);
    let Some(answer) = browser(&json!({ "ask": "use", "width": 1400, "height": 820, "pages": pages })) else {
        return;
    };
    let page = &answer["pages"][0];
    assert_eq!((&page["errors"], &page["dialogs"]), (&json!([]), &json!([])));
    let states = list(&page["states"]);
    assert_eq!((&states[0]["cards"], &states[0]["dimBars"]), (&json!([]), &json!([])));
    let says = |state: usize, words: &[&str]| {
        let card = only_card(&states[state]);
        assert_eq!(card["inside"], true);
        for said in words {
            assert!(card["text"].as_str().unwrap_or_default().contains(said), "{said} in {card}");
        }
    };
    let failed =
        ["EXECUTION #2", "read", "took\n200 ms", "failed\nthe scan of page 2 is unreadable", "after 200 ms"];
    says(1, &failed);
    says(1, &["input\nScan 2", "follows\n#0", "batch of\n#0"]);
    assert!(!list(&states[1]["dim"]).contains(&json!("s1")), "its step is not dim");
    assert!(list(&states[1]["dim"]).contains(&json!("s3")), "others are");
    assert!(!list(&states[1]["dimBars"]).contains(&json!("x2")));
    assert_eq!(states[2]["cards"], json!([]));
    says(3, &["read, try 2", "output\npublished: Progress 2\noutput\nInvoice"]);
    says(4, &["pay", "waited 650 ms for Approval: Approval {\"by\":\"a person\"}"]);
    assert_eq!(only_card(&states[4])["pinned"], true);
    assert_eq!(only_card(&states[5])["key"], "x11", "another is not asked while one is kept");
    assert_eq!((&states[7]["cards"], &states[7]["dimBars"]), (&json!([]), &json!([])));
    let dim = list(&states[8]["dimBars"]);
    assert_eq!(
        (dim.contains(&json!("x1")), dim.contains(&json!("x0"))),
        (false, true),
        "a step shows its bars"
    );
}

#[test]
fn in_the_picture_of_a_run_no_word_sticks_out_and_no_line_runs_over_a_node() {
    let recordings = recorded::recordings();
    let file =
        |name: &str, recording: &Recording| written("runs", &format!("{name}.svg"), &recording.draw().svg());
    let files: Vec<_> = recordings.iter().map(|(name, run)| json!({ "file": file(name, run) })).collect();
    let Some(answer) = browser(&json!({ "ask": "measure", "files": files })) else { return };
    for ((name, _), picture) in recordings.iter().zip(list(&answer["pictures"])) {
        for fault in ["sticksOut", "overlaps", "crossed", "cutOff", "errors"] {
            assert_eq!(picture[fault], json!([]), "{name}: {fault}");
        }
    }
}

#[test]
fn mermaid_and_graphviz_read_the_path_that_was_taken() {
    let recordings = recorded::recordings();
    for (name, recording) in &recordings {
        let Some(read) = graphviz(&recording.draw().dot()) else { return };
        assert!(!list(&read["objects"]).is_empty(), "{name}");
    }
    let texts: Vec<_> = recordings.iter().map(|(_, recording)| recording.draw().mermaid()).collect();
    let Some(answer) = browser(&json!({ "ask": "mermaid", "texts": texts })) else { return };
    let pictures = list(&answer["pictures"]);
    for ((name, _), picture) in recordings.iter().zip(pictures) {
        assert!(picture.get("error").is_none(), "{name}: {picture}");
    }
    assert!(list(&pictures[0]["arrows"]).contains(&json!("Scan ×7")), "{}", pictures[0]);
}

#[test]
fn ten_thousand_executions_are_drawn_with_a_note_in_less_than_300_kilobytes() {
    let recording = recorded::counter(12_000);
    assert_eq!((recording.executions().len(), recording.left_out()), (10_000, 2_002));
    let drawing = recording.draw();
    let (html, svg, text) = (drawing.html(), drawing.svg(), drawing.to_string());
    assert!(html.len() < 300_000, "{} bytes", html.len());
    assert!(svg.len() < 300_000, "{} bytes", svg.len());
    for note in ["2,002 executions were not kept; 9,", "executions are drawn together"] {
        assert!(html.contains(note) && svg.contains(note), "{note}");
    }
    assert!(text.contains("executions more …") && text.lines().count() < 120, "{text}");
    assert!(svg.contains("✓×12001"));
    let many = recorded::invoices(&"<\"&> ".repeat(100));
    assert!(many.draw().html().len() < 300_000);
}

fn forms(recording: &Recording) -> [String; 6] {
    let drawing = recording.draw();
    [
        drawing.mermaid(),
        drawing.dot(),
        drawing.svg(),
        drawing.html(),
        drawing.to_string(),
        recording.to_string(),
    ]
}

fn only_card(state: &Value) -> &Value {
    let cards = list(&state["cards"]);
    assert_eq!(cards.len(), 1, "{state}");
    &cards[0]
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
