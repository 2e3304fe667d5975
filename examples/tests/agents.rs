//! The agents among the examples, run as programs against a scripted server over HTTP.
//!
//! Each test looks at what was sent as well as at what was printed.

mod ran;
mod scripted;

use ran::Ran;
use scripted::{Reply, ScriptedServer, failure};
use serde_json::{Value, json};

/// The messages of each request, without the first, which tells the model its task.
fn sent(server: &ScriptedServer) -> Vec<Vec<Value>> {
    let messages = server.asked().into_iter().map(|asked| match &asked.body["messages"] {
        Value::Array(messages) if messages[0]["role"] == "system" => messages[1..].to_vec(),
        other => panic!("no system message: {other}"),
    });
    messages.collect()
}

#[tokio::test]
async fn reflection_sends_the_schema_and_feeds_each_error_back() {
    let right =
        r#"{"topic": "tea", "date": "2027-01-02", "time": "16:00", "minutes": 30, "people": ["Eve"]}"#;
    let wrong =
        r#"{"topic": "tea", "date": "2027-01-02", "time": "4", "minutes": 3, "people": ["Eve"], "x": 1}"#;
    let server = ScriptedServer::start([
        Reply::Body("application/json", "{\"choices\": ["),
        Reply::Cut,
        Reply::Text("Tea with Eve."),
        Reply::Text(wrong),
        Reply::Text(right),
    ])
    .await;
    let ran = Ran::example("reflection", &["Tea with Eve?"], Some(&server.url())).await;
    assert_eq!(
        ran.printed(),
        format!(
            "model `m` at {}\n\nTea with Eve?\n\n\
             attempt 1: Tea with Eve.\n  the reply is no JSON: expected value at line 1 column 1\n\n\
             attempt 2: {wrong}\n  \
             at /time: \"4\" does not match \"^\\d{{2}}:\\d{{2}}$\"\n  \
             at /minutes: 3 is less than the minimum of 5\n  \
             Additional properties are not allowed ('x' was unexpected)\n\n\
             Meeting {{\n    topic: \"tea\",\n    date: \"2027-01-02\",\n    time: \"16:00\",\n    minutes: 30,\n    \
             people: [\n        \"Eve\",\n    ],\n}}\n\n\
             the picture of the flow is in reflection.html\n",
            server.url()
        )
    );
    assert!(ran.picture("reflection.html").contains("reflect"));

    let asked = server.asked();
    let format = &asked[0].body["response_format"];
    assert_eq!(format["type"], "json_schema");
    assert_eq!(format["json_schema"]["name"], "meeting");
    assert_eq!(format["json_schema"]["strict"], true);
    let schema = &format["json_schema"]["schema"];
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["minutes"]["maximum"], 480);
    assert_eq!(schema["required"], json!(["topic", "date", "time", "minutes", "people"]));
    assert_eq!(asked[0].body, asked[1].body, "a reply that cannot be read is asked for again");
    assert_eq!(asked[0].body, asked[2].body, "and so is one that was cut off");

    let advice = "Write the whole object again, with these errors mended:";
    assert_eq!(
        sent(&server)[4],
        [
            json!({ "role": "user", "content": "Tea with Eve?" }),
            json!({ "role": "assistant", "content": "Tea with Eve." }),
            json!({ "role": "user", "content":
                format!("{advice}\nthe reply is no JSON: expected value at line 1 column 1") }),
            json!({ "role": "assistant", "content": wrong }),
            json!({ "role": "user", "content": format!(
                "{advice}\nat /time: \"4\" does not match \"^\\d{{2}}:\\d{{2}}$\"\n\
                 at /minutes: 3 is less than the minimum of 5\n\
                 Additional properties are not allowed ('x' was unexpected)"
            ) }),
        ]
    );
}

#[tokio::test]
async fn function_agent_gathers_calls_feeds_errors_back_and_begins_again_what_was_cut() {
    let server = ScriptedServer::start([
        Reply::SlowDown(0),
        Reply::Calls(&[
            ("a", "distance", &["{\"from\": \"Oslo\",", " \"to\": \"Rome\"}"]),
            ("b", "distance", &["{\"from\": \"Oslo\", \"to\": \"Athina\"}"]),
            ("c", "distance", &["{\"from\": \"Os"]),
            ("d", "fly", &["{}"]),
        ]),
        Reply::SpokenAndCut(&["It is ", "20"]),
        Reply::Spoken(&["It is ", "2006 km ", "to Rome."]),
        Reply::Body("text/event-stream", "data: {\"choices\": [\n\n"),
        Reply::Spoken(&["Not at all."]),
    ])
    .await;
    let ran =
        Ran::example("function_agent", &["How far is Rome from Oslo?", "Thank you."], Some(&server.url()))
            .await;
    let url = server.url();
    let known =
        "Athens, Berlin, Dublin, Helsinki, Lisbon, Madrid, Oslo, Paris, Rome, Stockholm, Vienna, Warsaw";
    let results = [
        "2006 km".to_owned(),
        format!("error: there is no city `Athina` in the atlas, only {known}"),
        "error: these are no arguments of `distance`: invalid type: string \"{\\\"from\\\": \\\"Os\", \
         expected struct Distance"
            .to_owned(),
        "error: there is no tool `fly`; the tools are `distance`, `calculate`".to_owned(),
    ];
    assert_eq!(
        ran.printed(),
        format!(
            "model `m` at {url}\n\nuser: How far is Rome from Oslo?\n\n\
             (once more: {url} limits how often model `m` may be asked)\n\
             -> distance {{\"from\":\"Oslo\",\"to\":\"Rome\"}}\n\
             -> distance {{\"from\":\"Oslo\",\"to\":\"Athina\"}}\n\
             -> distance \"{{\\\"from\\\": \\\"Os\"\n\
             -> fly {{}}\n\
             <- {}\n<- {}\n<- {}\n<- {}\n\
             It is 20\n(once more: the connection to {url} was cut before model `m` had replied)\n\
             It is 2006 km to Rome.\n\nuser: Thank you.\n\n\
             (once more: the reply of model `m` at {url} cannot be read)\nNot at all.\n\n\
             the picture of the flow is in function_agent.html\n",
            results[0], results[1], results[2], results[3]
        )
    );
    assert!(ran.picture("function_agent.html").contains("remember"));

    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.body["stream"] == true && asked.body["max_tokens"] == 512));
    let tools = asked[0].body["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| &tool["function"]["name"]).collect();
    assert_eq!(names, ["distance", "calculate"]);
    assert_eq!(
        tools[0]["function"]["description"],
        "Gives the distance between two cities along the earth's surface, in whole kilometres."
    );
    assert_eq!(tools[0]["function"]["parameters"]["required"], json!(["from", "to"]));
    assert_eq!(tools[0]["function"]["parameters"]["additionalProperties"], false);

    let sent = sent(&server);
    assert_eq!(sent[0], [json!({ "role": "user", "content": "How far is Rome from Oslo?" })]);
    assert_eq!(sent[1], sent[0], "after the limit the same is asked again");
    let call = |id, name, arguments| json!({ "type": "function", "id": id, "function": { "name": name, "arguments": arguments } });
    let result = |id, nth: usize| json!({ "role": "tool", "tool_call_id": id, "content": results[nth] });
    let with_results = [
        json!({ "role": "user", "content": "How far is Rome from Oslo?" }),
        json!({ "role": "assistant", "content": "", "tool_calls": [
            call("a", "distance", "{\"from\":\"Oslo\",\"to\":\"Rome\"}"),
            call("b", "distance", "{\"from\":\"Oslo\",\"to\":\"Athina\"}"),
            call("c", "distance", "\"{\\\"from\\\": \\\"Os\""),
            call("d", "fly", "{}"),
        ] }),
        result("a", 0),
        result("b", 1),
        result("c", 2),
        result("d", 3),
    ];
    assert_eq!(sent[2], with_results);
    assert_eq!(sent[3], with_results, "nothing of the answer that was cut off is remembered");
    let second_question = [
        json!({ "role": "assistant", "content": "It is 2006 km to Rome." }),
        json!({ "role": "user", "content": "Thank you." }),
    ];
    assert_eq!(sent[4], [&with_results[..], &second_question[..]].concat(), "the conversation goes on");
    assert_eq!(sent[5], sent[4]);
    assert_eq!(sent.len(), 6);
}

#[tokio::test]
async fn react_agent_stops_before_observations_and_asks_again_what_it_cannot_read() {
    let server = ScriptedServer::start([
        Reply::SlowDown(0),
        Reply::Text("Rome is 2000 km away, I think."),
        Reply::Cut,
        Reply::Text(
            "Thought: I look it up.\n**Action:** distance\nAction Input:\n```json\n{\"from\": \"Oslo\",\n\"to\": \"Rome\"}\n```\nObservation: 5 km\nAnswer: 5 km.",
        ),
        Reply::Text("Thought: That is it.\nAnswer: 2006 km."),
    ])
    .await;
    let ran = Ran::example("react_agent", &["How far is Rome from Oslo?"], Some(&server.url())).await;
    let correction = "error: no line begins with `Action:` or `Answer:`. Write `Thought:`, `Action:` and \
                      `Action Input:`, or `Thought:` and `Answer:`.";
    let action = "Thought: I look it up.\n**Action:** distance\nAction Input:\n```json\n{\"from\": \"Oslo\",\n\"to\": \"Rome\"}\n```";
    assert_eq!(
        ran.printed(),
        format!(
            "model `m` at {}\n\nQuestion: How far is Rome from Oslo?\n\
             Rome is 2000 km away, I think.\nObservation: {correction}\n\
             {action}\nObservation: 2006 km\n\
             Thought: That is it.\nAnswer: 2006 km.\n\nanswer: 2006 km.\n\n\
             the picture of the flow is in react_agent.html\n",
            server.url()
        )
    );
    assert!(ran.picture("react_agent.html").contains("correct"));

    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.body["stop"] == json!(["Observation:"])));
    assert!(asked.iter().all(|asked| asked.body.get("tools").is_none()));
    let rules = asked[0].body["messages"][0]["content"].as_str().unwrap();
    assert!(rules.contains("\ncalculate: Does one operation on two numbers. {"), "{rules}");
    let sent = sent(&server);
    assert_eq!(sent[0], sent[1]);
    assert_eq!(sent[2], sent[3]);
    assert_eq!(
        sent[4],
        [
            json!({ "role": "user", "content": "How far is Rome from Oslo?" }),
            json!({ "role": "assistant", "content": "Rome is 2000 km away, I think." }),
            json!({ "role": "user", "content": format!("Observation: {correction}") }),
            json!({ "role": "assistant", "content": action }),
            json!({ "role": "user", "content": "Observation: 2006 km" }),
        ]
    );
}

#[tokio::test]
async fn an_agent_that_comes_to_no_end_is_stopped() {
    let calls = Reply::Calls(&[("a", "calculate", &["{}"])]);
    let cases = [
        (
            ["reflection", "--attempts", "2"],
            Reply::Text("{}"),
            "error: step `reflect` failed: the model wrote no such record in 2 attempts; the last one: \
             \"topic\" is a required property",
        ),
        (
            ["function_agent", "--rounds", "2"],
            calls,
            "error: step `remember` failed: the model has called tools 2 times and gives no answer",
        ),
        (
            ["react_agent", "--steps", "2"],
            Reply::Text("Hm."),
            "error: step `observe` failed: the model has spoken 2 times and gives no answer",
        ),
    ];
    for ([name, limit, most], reply, wanted) in cases {
        let server = ScriptedServer::start([reply.clone(), reply]).await;
        let error = Ran::example(name, &[limit, most, "How far?"], Some(&server.url())).await.error();
        assert!(error.starts_with(wanted), "{error}");
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn what_another_try_cannot_mend_is_asked_once() {
    for (name, step) in [("reflection", "extract"), ("function_agent", "ask"), ("react_agent", "think")] {
        for (reply, wanted) in [
            (Reply::Status(401, failure("no such key")), "refuses the key"),
            (Reply::Status(400, failure("no tools here")), "with status 400: no tools here"),
            (Reply::SlowDown(3600), "limits how often model `m` may be asked"),
        ] {
            let server = ScriptedServer::start([reply]).await;
            let error = Ran::example(name, &["How far?"], Some(&server.url())).await.error();
            assert!(error.starts_with(&format!("error: step `{step}` failed: ")), "{error}");
            assert!(error.contains(wanted), "{error}");
            assert_eq!(server.asked().len(), 1, "{name}: {error}");
        }
    }
}
