//! Payload: what came in and out of a span, as it may leave the program: hidden, redacted, and short enough.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::Value;

/// What is done with payloads before they leave the program.
#[derive(Clone)]
pub(crate) struct Payloads {
    pub(crate) inputs: bool,
    pub(crate) outputs: bool,
    /// In bytes.
    pub(crate) limit: usize,
    pub(crate) redact: Option<Arc<Redact>>,
}

/// Changes a payload; it is told the attribute's name.
pub(crate) type Redact = dyn Fn(&str, &mut Value) + Send + Sync;

/// What stands in the place of a payload that the user's own function did not get through.
const NOT_REDACTED: &str = "(left out: the function that redacts has panicked)";

impl Payloads {
    /// Everything, up to this many bytes each.
    pub(crate) const LIMIT: usize = 16 * 1024;

    /// The payload as it may leave, and whether it is JSON still; `None` when it may not.
    pub(crate) fn prepared(&self, name: &str, text: String) -> Option<(String, bool)> {
        match Side::of(name) {
            Side::Input if !self.inputs => return None,
            Side::Output if !self.outputs => return None,
            Side::Input | Side::Output | Side::Neither => (),
        }
        let Some(redact) = &self.redact else {
            return Some(match text.len() > self.limit {
                true => self.shortened(serde_json::from_str(&text).unwrap_or(Value::String(text))),
                false => {
                    let is_json = looks_like_json(&text);
                    (text, is_json)
                }
            });
        };
        let mut value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let redacted = catch_unwind(AssertUnwindSafe(|| redact(name, &mut value)));
        if redacted.is_err() {
            return Some((NOT_REDACTED.to_owned(), false));
        }
        Some(self.shortened(value))
    }

    /// The value within the limit: long texts and lists in it give way first, and only then its form.
    fn shortened(&self, value: Value) -> (String, bool) {
        let written = written(&value);
        if written.len() <= self.limit {
            return (written, !value.is_string());
        }
        let mut room = self.limit / 2;
        while !value.is_string() && room >= 16 {
            let mut cut = value.clone();
            shorten(&mut cut, room);
            let written = cut.to_string();
            if written.len() <= self.limit {
                return (written, true);
            }
            room /= 2;
        }
        (cut(&written, self.limit), false)
    }
}

impl fmt::Debug for Payloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payloads")
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .field("limit", &self.limit)
            .field("redacts", &self.redact.is_some())
            .finish()
    }
}

/// Whether an attribute is what came in, or what came out.
enum Side {
    Input,
    Output,
    Neither,
}

impl Side {
    fn of(name: &str) -> Self {
        match name {
            "input.value"
            | "gen_ai.input.messages"
            | "gen_ai.system_instructions"
            | "gen_ai.tool.call.arguments" => Self::Input,
            "output.value" | "gen_ai.output.messages" | "gen_ai.tool.call.result" => Self::Output,
            _ => Self::Neither,
        }
    }
}

/// Whether an attribute of this name is a payload, and goes through the user's settings.
pub(crate) fn is_payload(name: &str) -> bool {
    !matches!(Side::of(name), Side::Neither)
}

/// A text as itself, anything else as JSON.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn looks_like_json(text: &str) -> bool {
    text.starts_with(['{', '[']) || text == "null"
}

/// Texts of so many bytes at most, and lists of a sixteenth as many members.
fn shorten(value: &mut Value, room: usize) {
    match value {
        Value::String(text) if text.len() > room => *text = cut(text, room),
        Value::Array(members) => {
            let most = (room / 16).max(1);
            let more = members.len().saturating_sub(most);
            members.truncate(most);
            members.iter_mut().for_each(|member| shorten(member, room));
            if more > 0 {
                members.push(Value::String(format!("… and {more} more")));
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| shorten(field, room)),
        _ => (),
    }
}

/// The beginning of a text, with the number of bytes of all of it, together within the limit where that is
/// longer than the number.
fn cut(text: &str, limit: usize) -> String {
    let end = format!("… ({} bytes)", text.len());
    let mut at = limit.saturating_sub(end.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    format!("{}{end}", &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn payloads(limit: usize) -> Payloads {
        Payloads { inputs: true, outputs: true, limit, redact: None }
    }

    #[test]
    fn a_payload_within_the_limit_goes_as_it_is() {
        let text = r#"{"Draft": "hello"}"#;
        assert_eq!(payloads(100).prepared("input.value", text.to_owned()), Some((text.to_owned(), true)));
        assert_eq!(payloads(100).prepared("input.value", "hi".to_owned()), Some(("hi".to_owned(), false)));
    }

    #[test]
    fn what_is_too_long_is_json_still_with_its_long_texts_and_lists_cut() {
        let long = json!({ "id": 7, "text": "é".repeat(1000), "list": vec![1; 1000] }).to_string();
        let (short, is_json) = payloads(300).prepared("output.value", long).unwrap();
        assert!(short.len() <= 300, "{short}");
        assert!(is_json);
        let short: Value = serde_json::from_str(&short).unwrap();
        assert_eq!(short["id"], 7);
        assert!(short["text"].as_str().unwrap().ends_with("é… (2000 bytes)"));
        assert!(short["list"].as_array().unwrap().last().unwrap().as_str().unwrap().ends_with(" more"));
    }

    #[test]
    fn what_is_no_json_or_has_no_long_texts_is_cut_where_a_letter_ends() {
        let (short, is_json) = payloads(40).prepared("input.value", "é".repeat(100)).unwrap();
        assert_eq!((short.as_str(), is_json), (format!("{}… (200 bytes)", "é".repeat(12)).as_str(), false));
        let many: serde_json::Map<_, _> = (0..100).map(|key| (key.to_string(), json!(key))).collect();
        let (short, is_json) = payloads(60).prepared("input.value", Value::Object(many).to_string()).unwrap();
        assert!(short.len() <= 60 && !is_json, "{short}");
    }

    #[test]
    fn inputs_and_outputs_are_hidden_each_by_itself() {
        let hidden = Payloads { inputs: false, ..payloads(100) };
        for input in ["input.value", "gen_ai.input.messages", "gen_ai.tool.call.arguments"] {
            assert_eq!(hidden.prepared(input, "secret".to_owned()), None, "{input}");
        }
        assert!(hidden.prepared("output.value", "shown".to_owned()).is_some());
        let hidden = Payloads { outputs: false, ..payloads(100) };
        for output in ["output.value", "gen_ai.output.messages", "gen_ai.tool.call.result"] {
            assert_eq!(hidden.prepared(output, "secret".to_owned()), None, "{output}");
        }
    }

    #[test]
    fn a_function_that_redacts_sees_the_whole_value_and_the_name_before_it_is_cut() {
        let redact = |name: &str, value: &mut Value| {
            assert_eq!((name, value["text"].as_str().unwrap().len()), ("input.value", 500));
            value["text"] = "x".into();
        };
        let redacted = Payloads { redact: Some(Arc::new(redact)), ..payloads(50) };
        let text = json!({ "text": "s".repeat(500) }).to_string();
        assert_eq!(redacted.prepared("input.value", text), Some((r#"{"text":"x"}"#.to_owned(), true)));
    }

    #[test]
    fn a_function_that_panics_lets_nothing_out() {
        let redact = |_: &str, _: &mut Value| panic!("no such field");
        let redacted = Payloads { redact: Some(Arc::new(redact)), ..payloads(100) };
        let left = redacted.prepared("input.value", "secret".to_owned());
        assert_eq!(left, Some((NOT_REDACTED.to_owned(), false)));
    }
}
