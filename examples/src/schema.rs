//! Schema: the JSON schema of a Rust type, and texts of a model held against it.
//!
//! The schema goes to the model with the request. Not every model obeys, so the reply is checked here too.

use std::marker::PhantomData;

use jsonschema::Validator;
use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The schema of `T`.
///
/// Write `#[serde(deny_unknown_fields)]` on `T`: endpoints that obey schemas want all fields to be known.
#[derive(Debug)]
pub struct Schema<T> {
    name: String,
    json: Value,
    validator: Validator,
    record: PhantomData<fn() -> T>,
}

impl<T: JsonSchema + DeserializeOwned> Schema<T> {
    /// The schema as the derive of `T` writes it.
    ///
    /// # Panics
    ///
    /// When that is no JSON schema, such as with a pattern that is no regular expression.
    pub fn new() -> Self {
        let json = schema_for!(T).to_value();
        let validator = jsonschema::validator_for(&json).expect("a derived schema is one");
        Self { name: T::schema_name().to_lowercase(), json, validator, record: PhantomData }
    }

    /// The record in a model's reply, with or without a code fence around it.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, one line each: where, as a JSON pointer, and what.
    pub fn read(&self, reply: &str) -> Result<T, Vec<String>> {
        let json: Value = match serde_json::from_str(unfenced(reply)) {
            Ok(json) => json,
            Err(error) => return Err(vec![format!("the reply is no JSON: {error}")]),
        };
        let errors = self.validator.iter_errors(&json);
        let errors: Vec<_> = errors
            .map(|error| match error.instance_path().as_str() {
                "" => error.to_string(),
                place => format!("at {place}: {error}"),
            })
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        serde_json::from_value(json).map_err(|error| vec![error.to_string()])
    }
}

impl<T: JsonSchema + DeserializeOwned> Default for Schema<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Schema<T> {
    /// The name of the type, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema itself.
    pub fn json(&self) -> &Value {
        &self.json
    }
}

/// The text inside a Markdown code fence, if it stands in one.
pub(crate) fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let fenced = text.strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    // The first line of a fence names the language.
    fenced.and_then(|text| text.split_once('\n')).map_or(text, |(_, text)| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Room {
        number: u8,
        #[schemars(length(min = 1))]
        guests: Vec<Guest>,
    }

    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Guest {
        #[schemars(regex(pattern = "^[A-Z]"))]
        name: String,
    }

    #[test]
    fn a_reply_that_fits_is_read_with_and_without_a_fence() {
        let json = r#"{"number": 7, "guests": [{"name": "Ann"}]}"#;
        let room = Room { number: 7, guests: vec![Guest { name: "Ann".to_owned() }] };
        for reply in [json.to_owned(), format!("```json\n{json}\n```\n"), format!("```\n{json}```")] {
            assert_eq!(Schema::<Room>::new().read(&reply), Ok(room.clone()), "{reply}");
        }
    }

    #[test]
    fn each_error_says_where_and_what() {
        let errors = Schema::<Room>::new()
            .read(r#"{"number": 700, "guests": [{"name": "Ann"}, {"name": "ben", "age": 3}], "view": 1}"#);
        assert_eq!(
            errors.unwrap_err(),
            [
                "at /number: 700 is greater than the maximum of 255",
                "at /guests/1/name: \"ben\" does not match \"^[A-Z]\"",
                "at /guests/1: Additional properties are not allowed ('age' was unexpected)",
                "Additional properties are not allowed ('view' was unexpected)",
            ]
        );
    }

    #[test]
    fn a_reply_that_is_no_json_is_said_to_be_none() {
        let errors = Schema::<Room>::new().read("Sure! Room 7.").unwrap_err();
        assert_eq!(errors, ["the reply is no JSON: expected value at line 1 column 1"]);
    }
}
