//! Toolbox: functions that a model may call, each with the schema of its arguments.
//!
//! A tool is a type: its fields are the arguments, its doc comment is what the model reads about it.

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::traced::tool_call;
use crate::{ToolCall, ToolResult, ToolSpec, one_line};

/// A function for models, as the type of its arguments.
///
/// Write `#[serde(deny_unknown_fields)]` on it, so that a model that makes up an argument is told.
pub trait Tool: DeserializeOwned + JsonSchema {
    /// What the model calls it.
    const NAME: &'static str;

    /// Does it, and gives what the model reads then.
    ///
    /// # Errors
    ///
    /// [`ToolError::Refused`] with what to do instead, which the model reads.
    fn call(self) -> Result<String, ToolError>;
}

/// Why a tool gave nothing. The text is for the model that called it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// There is no such tool.
    #[error("there is no tool `{name}`; the tools are {known}")]
    Unknown {
        /// What the model called.
        name: String,
        /// What it can call.
        known: String,
    },
    /// The arguments are others than those of the schema.
    #[error("these are no arguments of `{name}`")]
    Arguments {
        /// The tool.
        name: String,
        /// What is wrong with them.
        source: serde_json::Error,
    },
    /// The arguments are of the right form, and the tool can do nothing with them.
    #[error("{0}")]
    Refused(String),
}

/// The tools of an agent.
#[derive(Clone, Debug, Default)]
pub struct Toolbox {
    tools: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    spec: ToolSpec,
    call: fn(Value) -> Result<String, ToolError>,
}

impl Toolbox {
    /// No tools yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, and this tool.
    #[must_use]
    pub fn with<T: Tool>(mut self) -> Self {
        let mut parameters = schema_for!(T).to_value();
        // The doc comment is the tool's description, and not one of its arguments.
        let description = parameters.as_object_mut().and_then(|schema| schema.remove("description"));
        let description = description.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
        let spec = ToolSpec { name: T::NAME.to_owned(), description, parameters };
        self.tools.push(Entry { spec, call: called::<T> });
        self
    }

    /// What a model is told of the tools.
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.iter().map(|tool| tool.spec.clone()).collect()
    }

    /// Does what the model asks for. What goes wrong is a result too, so that the model can do better.
    pub fn call(&self, call: ToolCall) -> ToolResult {
        let known = self.tools.iter().find(|tool| tool.spec.name == call.name);
        let description = known.map(|tool| tool.spec.description.as_str());
        let given = tool_call(&call, description, || match known {
            Some(tool) => (tool.call)(call.arguments.clone()),
            None => Err(ToolError::Unknown { name: call.name.clone(), known: self.names() }),
        });
        let text = given.unwrap_or_else(|error| format!("error: {}", one_line(&error)));
        ToolResult { id: call.id, text }
    }

    fn names(&self) -> String {
        let names = self.tools.iter().map(|tool| format!("`{}`", tool.spec.name));
        names.collect::<Vec<_>>().join(", ")
    }
}

fn called<T: Tool>(arguments: Value) -> Result<String, ToolError> {
    let tool: T = serde_json::from_value(arguments)
        .map_err(|source| ToolError::Arguments { name: T::NAME.to_owned(), source })?;
    tool.call()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    /// Says a word several times.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Repeat {
        /// What to say.
        word: String,
        times: u8,
    }

    impl Tool for Repeat {
        const NAME: &'static str = "repeat";

        fn call(self) -> Result<String, ToolError> {
            if self.times == 0 {
                return Err(ToolError::Refused("say it at least once".to_owned()));
            }
            Ok(self.word.repeat(self.times.into()))
        }
    }

    fn told(name: &str, arguments: Value) -> String {
        let tools = Toolbox::new().with::<Repeat>();
        let result = tools.call(ToolCall { id: "call_1".to_owned(), name: name.to_owned(), arguments });
        assert_eq!(result.id, "call_1");
        result.text
    }

    #[test]
    fn a_model_is_told_the_doc_comment_and_the_schema_of_the_arguments() {
        let [spec] = &Toolbox::new().with::<Repeat>().specs()[..] else { panic!("one tool") };
        assert_eq!((spec.name.as_str(), spec.description.as_str()), ("repeat", "Says a word several times."));
        assert_eq!(spec.parameters["required"], json!(["word", "times"]));
        assert_eq!(spec.parameters["additionalProperties"], json!(false));
        assert_eq!(spec.parameters["properties"]["word"]["description"], "What to say.");
        assert_eq!(spec.parameters.get("description"), None);
    }

    #[test]
    fn a_call_gives_what_the_tool_gives() {
        assert_eq!(told("repeat", json!({ "word": "ho", "times": 3 })), "hohoho");
    }

    #[test]
    fn what_goes_wrong_with_a_call_is_told_to_the_model() {
        assert_eq!(told("sing", json!({})), "error: there is no tool `sing`; the tools are `repeat`");
        assert_eq!(told("repeat", json!({ "word": "ho", "times": 0 })), "error: say it at least once");
        assert_eq!(
            told("repeat", json!({ "word": "ho" })),
            "error: these are no arguments of `repeat`: missing field `times`"
        );
        assert_eq!(
            told("repeat", json!("{\"word\": \"ho")),
            "error: these are no arguments of `repeat`: invalid type: string \"{\\\"word\\\": \\\"ho\", \
             expected struct Repeat"
        );
    }
}
