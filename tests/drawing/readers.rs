//! Readers: Mermaid, Graphviz and a browser read what is drawn for them, and show what it says.

use serde_json::{Value, json};
use workflow_core::Drawing;

use crate::flows::{approval, random, six};
use crate::tools::{browser, graphviz, written};
use workflow_core::Workflow;

#[test]
fn mermaid_draws_every_step_and_every_event_of_each_flow() {
    let texts: Vec<_> = six().iter().map(|(_, drawing)| drawing.mermaid()).collect();
    let Some(answer) = browser(&json!({ "ask": "mermaid", "texts": texts })) else { return };
    for ((name, drawing), picture) in six().iter().zip(list(&answer["pictures"])) {
        assert!(picture.get("error").is_none(), "{name}: {picture}");
        let (nodes, arrows) = (words(&picture["nodes"]), words(&picture["arrows"]));
        let graph = drawing.graph().expect("it is a graph");
        for step in graph.steps {
            assert!(
                nodes.iter().any(|node| node.starts_with(step.name)),
                "{name}: {} in {nodes:?}",
                step.name
            );
        }
        for event in graph.events {
            let shown = nodes.iter().chain(&arrows).any(|word| word.starts_with(event.name));
            assert!(shown, "{name}: {} in {nodes:?} {arrows:?}", event.name);
        }
    }
}

#[test]
fn graphviz_reads_every_step_and_every_event_of_each_flow() {
    for (name, drawing) in six() {
        let Some(read) = graphviz(&drawing.dot()) else { return };
        let labels: Vec<_> = list(&read["objects"]).iter().map(|node| text(&node["label"])).collect();
        let graph = drawing.graph().expect("it is a graph");
        let names = graph.steps.iter().map(|step| step.name);
        for wanted in names.chain(graph.events.iter().map(|event| event.name)) {
            assert!(labels.iter().any(|label| label.starts_with(wanted)), "{name}: {wanted} in {labels:?}");
        }
    }
}

#[test]
fn in_a_picture_no_word_sticks_out_no_node_overlaps_and_no_line_runs_over_a_node() {
    let mut drawn: Vec<(String, Drawing)> =
        six().iter().map(|(name, drawing)| ((*name).to_owned(), drawing.clone())).collect();
    for seed in 0..12 {
        let steps = 5 + 5 * seed as usize;
        drawn.push((format!("random-{seed}"), Drawing::new(random::graph(steps, seed))));
    }
    let files: Vec<_> = drawn
        .iter()
        .map(|(name, drawing)| json!({ "file": written("measured", &format!("{name}.svg"), &drawing.svg()) }))
        .collect();
    let Some(answer) = browser(&json!({ "ask": "measure", "files": files })) else { return };
    for ((name, _), picture) in drawn.iter().zip(list(&answer["pictures"])) {
        for fault in ["sticksOut", "overlaps", "crossed", "cutOff", "errors"] {
            assert_eq!(picture[fault], json!([]), "{name}: {fault}");
        }
        assert!(picture["smallestText"].as_f64() >= Some(11.0), "{name}: {}", picture["smallestText"]);
    }
}

#[test]
fn a_picture_is_light_or_dark_as_the_reader_wishes() {
    let [(_, drawing), ..] = six();
    let file = written("colours", "linear.svg", &drawing.svg());
    let page = |dark: bool| {
        let answer = browser(&json!({ "ask": "measure", "dark": dark, "files": [{ "file": file }] }))?;
        Some(answer["pictures"][0]["page"].clone())
    };
    let (Some(light), Some(dark)) = (page(false), page(true)) else { return };
    assert_eq!((text(&light), text(&dark)), ("rgb(255, 255, 255)", "rgb(18, 22, 28)"));
}

#[test]
fn a_step_says_its_options_and_an_event_its_fields_to_whoever_points_at_it() {
    let (order, needed) = (event("Order"), event("ApprovalNeeded"));
    let actions = json!([["wait"], ["hover", "s1"], ["leave"], ["hover", order], ["hover", needed]]);
    let Some(answer) = used(actions) else { return };
    let states = list(&answer["states"]);
    assert_eq!(states[0]["cards"], json!([]));
    let step = only_card(&states[1]);
    assert_eq!(step["key"], "s1");
    assert_eq!(step["inside"], true);
    for said in [
        "#[step(sends(ApprovalNeeded), waits(Approval))]\nasync fn approve(&self, ctx: &Context<Self>, order: Order) -> \
         Result<Paid, Box<dyn std::error::Error + Send + Sync>>",
        "Asks a person and waits for the answer; the rest of the run goes on meanwhile.",
        "takes\nOrder",
        "gives\nPaid",
        "caught by\napologise",
        "sends\nApprovalNeeded",
        "waits for\nApproval",
    ] {
        assert!(text(&step["text"]).contains(said), "{said} in {step}");
    }
    assert!(words(&states[1]["dim"]).contains(&"start"), "what has nothing to do with it is dim");
    assert!(!words(&states[1]["dim"]).contains(&"s2"), "what it leads to is not");
    assert_eq!(states[2]["cards"], json!([]));
    assert_eq!(states[2]["dim"], json!([]));
    assert!(text(&only_card(&states[3])["text"]).contains("id: u64\ncents: u32"), "{}", states[3]);
    let event = only_card(&states[4]);
    for said in ["order: u64\nquestion: String", "from\napprove", "published\nto the caller"] {
        assert!(text(&event["text"]).contains(said), "{said} in {event}");
    }
}

#[test]
fn a_page_is_moved_and_zoomed_and_goes_back_to_the_whole() {
    let actions = json!([
        ["press", "#fit"],
        ["press", "#in"],
        ["press", "#fit"],
        ["drag", 120, 60],
        ["key", "0"],
        ["hover", "stop"],
        ["wheel", -200],
        ["key", "-"],
    ]);
    let Some(answer) = used(actions) else { return };
    let states = list(&answer["states"]);
    let shown = |state: usize| -> Vec<f64> {
        let numbers = text(&states[state]["shown"]).split(' ');
        numbers.map(|number| number.parse().expect("a number")).collect()
    };
    let whole = shown(0);
    assert!(shown(1)[2] < whole[2], "larger: less is seen");
    assert_eq!(shown(2), whole);
    assert_eq!((shown(3)[0] < whole[0], shown(3)[2] == whole[2]), (true, true), "moved, not zoomed");
    assert_eq!(shown(4), whole);
    assert!(shown(6)[2] < whole[2], "the wheel makes it larger");
    assert!(shown(7)[2] > shown(6)[2], "the key makes it smaller");
}

#[test]
fn a_click_keeps_what_is_said_and_the_keyboard_gets_there_too() {
    let actions = json!([
        ["click", "s1"],
        ["hover", "s2"],
        ["key", "Escape"],
        ["leave"],
        ["press", "#fit"],
        ["key", "Tab"],
        ["key", "Tab"],
    ]);
    let Some(answer) = used(actions) else { return };
    let states = list(&answer["states"]);
    assert_eq!(
        (&only_card(&states[0])["key"], &only_card(&states[0])["pinned"]),
        (&json!("s1"), &json!(true))
    );
    assert_eq!(only_card(&states[1])["key"], "s1", "another is not asked while one is kept");
    assert_eq!(states[2]["cards"], json!([]));
    assert_eq!(only_card(&states[5])["key"], "start");
    assert_eq!(only_card(&states[6])["key"], "s0");
}

#[test]
fn a_page_fetches_nothing_and_runs_without_an_error() {
    let files = six().map(|(name, drawing)| written("fetches", &format!("{name}.html"), &drawing.html()));
    let actions = json!([["hover", "s0"], ["press", "#fit"]]);
    let pages: Vec<_> = files.iter().map(|file| json!({ "file": file, "actions": actions })).collect();
    let Some(answer) = browser(&json!({ "ask": "use", "pages": pages })) else { return };
    for (file, page) in files.iter().zip(list(&answer["pages"])) {
        assert_eq!(page["requests"], json!([format!("file://{}", file.display())]));
        assert_eq!((&page["errors"], &page["dialogs"]), (&json!([]), &json!([])), "{}", file.display());
    }
}

/// The page of the flow with a person in it, and what is seen after each action.
fn used(actions: Value) -> Option<Value> {
    let file = written("used", "approval.html", &approval::Refund::draw().html());
    let pages = json!([{ "file": file, "actions": actions }]);
    let answer = browser(&json!({ "ask": "use", "pages": pages }))?;
    assert_eq!(answer["pages"][0]["errors"], json!([]));
    Some(answer["pages"][0].clone())
}

/// What the event of that flow is called in its page.
fn event(name: &str) -> String {
    let events = approval::Refund::graph().events;
    let place = events.iter().position(|event| event.name == name);
    format!("e{}", place.expect("the flow has the event"))
}

fn only_card(state: &Value) -> &Value {
    let cards = list(&state["cards"]);
    assert_eq!(cards.len(), 1, "{state}");
    &cards[0]
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn words(value: &Value) -> Vec<&str> {
    list(value).iter().map(text).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
