//! The agents among the examples, run as programs without any model: what a newcomer sees first.
#![cfg(not(feature = "local-model"))]

mod ran;

use ran::Ran;

const CANNED: &str = "canned replies, no model; for a real one set OPENAI_BASE_URL, \
                      or run fetch-model.sh and add --features local-model\n";

#[tokio::test]
async fn reflection_rejects_a_draft_and_finds_the_meeting_in_the_next() {
    let ran = Ran::example("reflection", &[], None).await;
    let printed = ran.printed();
    assert!(printed.starts_with(CANNED), "{printed}");
    for wanted in [
        "\nattempt 1: {\"topic\": \"the budget\", \"date\": \"4 March 2027\"",
        "\n  at /date: \"4 March 2027\" does not match \"^\\d{4}-\\d{2}-\\d{2}$\"\n",
        "\n  at /minutes: \"45\" is not of type \"integer\"\n",
        "\n  at /people: [] has less than 1 item\n\nMeeting {\n    topic: \"the budget\",\n    date: \"2027-03-04\",",
        "    minutes: 45,\n",
    ] {
        assert!(printed.contains(wanted), "{wanted} is not in\n{printed}");
    }
    assert!(!printed.contains("attempt 2"), "{printed}");
    let picture = ran.picture("reflection.html");
    assert!(
        picture.contains("<svg") && ["extract", "validate", "reflect"].iter().all(|it| picture.contains(it))
    );
}

#[tokio::test]
async fn function_agent_looks_up_what_its_tools_know_and_remembers_it() {
    let ran = Ran::example("function_agent", &["--picture", "agent.svg"], None).await;
    let wanted = "\nuser: How far is it from Lisboa to Oslo, and how far from Oslo to Athens?\n\
        -> distance {\"from\":\"Lisboa\",\"to\":\"Oslo\"}\n\
        -> distance {\"from\":\"Oslo\",\"to\":\"Athens\"}\n\
        <- error: there is no city `Lisboa` in the atlas, only Athens, Berlin, Dublin, Helsinki, Lisbon, \
        Madrid, Oslo, Paris, Rome, Stockholm, Vienna, Warsaw\n\
        <- 2605 km\n\
        -> distance {\"from\":\"Lisbon\",\"to\":\"Oslo\"}\n\
        <- 2738 km\n\
        It is 2605 km from Oslo to Athens, and 2738 km from Lisbon to Oslo.\n\n\
        user: And both together?\n\
        -> calculate {\"left\":2605,\"operation\":\"add\",\"right\":2738}\n\
        <- 5343\n\
        Both together are 5343 km.\n\n\
        the picture of the flow is in agent.svg\n";
    assert_eq!(ran.printed(), format!("{CANNED}{wanted}"));
    assert!(ran.picture("agent.svg").contains("whole batch"));
}

#[tokio::test]
async fn react_agent_is_corrected_once_and_answers_from_what_it_observed() {
    let ran = Ran::example("react_agent", &["--picture", "agent.md"], None).await;
    let printed = ran.printed();
    assert!(printed.starts_with(CANNED), "{printed}");
    let seen: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("Observation: ")).collect();
    assert!(seen[0].starts_with("error: no line begins with `Action:` or `Answer:`."), "{printed}");
    assert_eq!(seen[1..], ["2289 km", "1106 km", "1183"]);
    let answer = "\nanswer: It is 2289 km to Warsaw and 1106 km to Rome, so it is 1183 km further.\n";
    assert!(printed.contains(answer), "{printed}");
    assert!(ran.picture("agent.md").contains("flowchart TB"));
}

#[tokio::test]
async fn what_is_wrong_with_the_input_is_one_clear_line() {
    for (name, step) in [("reflection", "extract"), ("function_agent", "ask"), ("react_agent", "think")] {
        let error = Ran::example(name, &["  "], None).await.error();
        assert!(
            error.ends_with("leave it out, or write one that has a meeting in it")
                || error.ends_with("or ask for a distance"),
            "{error}"
        );
        let error = Ran::example(name, &["Who are you?"], None).await.error();
        assert_eq!(error, format!("error: step `{step}` failed: no canned reply to `Who are you?`"));
        let error = Ran::example(name, &["--picture", "agent.bmp"], None).await.error();
        assert!(error.starts_with("error: `agent.bmp` cannot be drawn: the known extensions are"), "{error}");
    }
}

#[tokio::test]
async fn each_agent_says_what_it_is_for() {
    for (name, purpose) in [
        ("reflection", "Finds the meeting in a text"),
        ("function_agent", "Answers questions about distances, with tools"),
        ("react_agent", "Answers a question about distances, with tools, in plain text"),
    ] {
        let help = Ran::example(name, &["--help"], None).await.printed();
        assert!(help.starts_with(purpose) && help.contains("--picture"), "{help}");
    }
}
