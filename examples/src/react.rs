//! ReAct: what a model says in an agent that thinks, acts and observes in plain text, read from that text.
//!
//! The form is that of "ReAct: Synergizing Reasoning and Acting in Language Models" (Yao et al., 2022), with the
//! tool and what it gets on two lines. Models often get it almost right, so reading is lenient where it is clear
//! what was meant.

use serde_json::Value;

use crate::Toolbox;
use crate::schema::unfenced;

/// What a model said.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It wants to use a tool.
    Action {
        /// What it thought; may be empty.
        thought: String,
        /// The tool.
        tool: String,
        /// What the tool gets, an object.
        input: Value,
    },
    /// It is done.
    Answer {
        /// What it thought; may be empty.
        thought: String,
        /// The answer, not empty.
        answer: String,
    },
}

/// Why a text is neither. The text is for the model that wrote it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// No line begins with a word that says what to do.
    #[error("no line begins with `Action:` or `Answer:`")]
    NeitherActionNorAnswer,
    /// The answer is there, and nothing in it.
    #[error("nothing follows `Answer:`")]
    EmptyAnswer,
    /// The tool is not named.
    #[error("no tool follows `Action:`")]
    NoTool,
    /// What the tool gets is missing.
    #[error("no line begins with `Action Input:`")]
    NoInput,
    /// What the tool gets is something else.
    #[error("what follows `Action Input:` is no JSON object: {found}")]
    BadInput {
        /// Its beginning.
        found: String,
    },
}

impl Said {
    /// Where a model is to stop: it acts and lets others observe.
    pub const STOP: &str = "Observation:";

    /// How to write, for the model to read: the form, the tools, and an example, which small models need.
    pub fn rules(tools: &Toolbox) -> String {
        let mut rules =
            "You answer questions with these tools, given as name, purpose and JSON schema:\n".to_owned();
        for tool in tools.specs() {
            rules += &format!("{}: {} {}\n", tool.name, tool.description, tool.parameters);
        }
        rules + EXAMPLE
    }

    /// Reads what a model said.
    ///
    /// What follows `Observation:` is dropped: a model that goes on after it makes up what it saw. Words in bold
    /// or in another case are known all the same; JSON may go over several lines or stand in a code fence.
    /// Of several actions the first counts, and so does the first of an action and an answer.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] says what the model has to write instead.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let mut thought = String::new();
        let mut tool = None;
        for (word, body) in sections(text) {
            match (word, &tool) {
                (Word::Thought, None) => thought = body,
                (Word::Observation, _) => break,
                (Word::Answer, None) if body.is_empty() => return Err(Unreadable::EmptyAnswer),
                (Word::Answer, None) => return Ok(Self::Answer { thought, answer: body }),
                (Word::Action, None) if body.is_empty() => return Err(Unreadable::NoTool),
                (Word::Action, None) => tool = Some(body.trim_matches(['`', '"', '*']).to_owned()),
                (Word::Input, Some(tool)) => {
                    return match serde_json::from_str(unfenced(&body)) {
                        Ok(input @ Value::Object(_)) => {
                            Ok(Self::Action { thought, tool: tool.clone(), input })
                        }
                        _ => Err(Unreadable::BadInput { found: body.chars().take(80).collect() }),
                    };
                }
                (Word::Input, None) => return Err(Unreadable::NoTool),
                (_, Some(_)) => return Err(Unreadable::NoInput),
            }
        }
        Err(if tool.is_some() { Unreadable::NoInput } else { Unreadable::NeitherActionNorAnswer })
    }
}

const EXAMPLE: &str = "Use one tool at a time, and write as in this example:

Question: How far is it from Berlin to Vienna and back?
Thought: I need the distance first.
Action: distance
Action Input: {\"from\": \"Berlin\", \"to\": \"Vienna\"}
Observation: 523 km
Thought: There and back is twice that.
Action: calculate
Action Input: {\"left\": 523, \"operation\": \"multiply\", \"right\": 2}
Observation: 1046
Thought: I know the answer.
Answer: There and back it is 1046 km.";

#[derive(Clone, Copy)]
enum Word {
    Thought,
    Action,
    Input,
    Observation,
    Answer,
}

const WORDS: [(&str, Word); 6] = [
    ("thought:", Word::Thought),
    ("action:", Word::Action),
    ("action input:", Word::Input),
    ("observation:", Word::Observation),
    ("answer:", Word::Answer),
    ("final answer:", Word::Answer),
];

/// The text cut at the lines that begin with one of the words; what comes before the first counts as a thought.
fn sections(text: &str) -> Vec<(Word, String)> {
    let mut sections = vec![(Word::Thought, String::new())];
    for line in text.lines() {
        let plain = line.replace("**", "");
        let begins = WORDS.iter().find_map(|(name, word)| {
            let (head, rest) = plain.trim_start().split_at_checked(name.len())?;
            head.eq_ignore_ascii_case(name).then_some((*word, rest))
        });
        match begins {
            Some((word, rest)) => sections.push((word, rest.trim().to_owned())),
            None => {
                let (_, body) = sections.last_mut().expect("the first section is there from the start");
                *body += "\n";
                *body += line;
            }
        }
    }
    for (_, body) in &mut sections {
        *body = body.trim().to_owned();
    }
    // Without anything before it, a thought is the model's own.
    if sections[0].1.is_empty() {
        sections.remove(0);
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn action(thought: &str, tool: &str, input: Value) -> Result<Said, Unreadable> {
        Ok(Said::Action { thought: thought.to_owned(), tool: tool.to_owned(), input })
    }

    fn answer(thought: &str, answer: &str) -> Result<Said, Unreadable> {
        Ok(Said::Answer { thought: thought.to_owned(), answer: answer.to_owned() })
    }

    #[test]
    fn an_action_and_an_answer_are_read_with_their_thoughts() {
        assert_eq!(
            Said::read("Thought: I need a sum.\nAction: add\nAction Input: {\"a\": 1}"),
            action("I need a sum.", "add", json!({ "a": 1 }))
        );
        assert_eq!(
            Said::read("Thought: Done.\nAnswer: It is 3,\nor so."),
            answer("Done.", "It is 3,\nor so.")
        );
    }

    #[test]
    fn the_example_is_written_as_it_should_be() {
        for said in EXAMPLE.split("Thought:").skip(1) {
            Said::read(&format!("Thought:{said}")).unwrap();
        }
        let rules = Said::rules(&crate::atlas());
        assert!(rules.contains("\ndistance: Gives the distance between two cities"), "{rules}");
    }

    #[test]
    fn almost_right_is_right() {
        for text in [
            "I need a sum.\n**Action:** `add`\n**Action Input:** {\"a\":\n 1}",
            "thought: I need a sum.\n\nACTION: add\n  action input: ```json\n{\"a\": 1}\n```",
            "Thought: I need a sum.\nAction: add\nAction Input:\n{\"a\": 1}\nObservation: 7\nAnswer: 7",
        ] {
            assert_eq!(Said::read(text), action("I need a sum.", "add", json!({ "a": 1 })), "{text}");
        }
        assert_eq!(Said::read("Final Answer: 3"), answer("", "3"));
    }

    #[test]
    fn what_is_made_up_after_an_observation_does_not_count() {
        let text = "Thought: hm\nObservation: it is 3\nAnswer: 3";
        assert_eq!(Said::read(text), Err(Unreadable::NeitherActionNorAnswer));
    }

    #[test]
    fn what_cannot_be_read_says_what_is_missing() {
        let cases = [
            ("", Unreadable::NeitherActionNorAnswer),
            ("It is 3, obviously.", Unreadable::NeitherActionNorAnswer),
            ("Answer:  ", Unreadable::EmptyAnswer),
            ("Action:\nAction Input: {}", Unreadable::NoTool),
            ("Action Input: {}", Unreadable::NoTool),
            ("Action: add", Unreadable::NoInput),
            ("Action: add\nAnswer: 3", Unreadable::NoInput),
            ("Action: add\nAction Input: 1, 2", Unreadable::BadInput { found: "1, 2".to_owned() }),
            ("Action: add\nAction Input: [1]", Unreadable::BadInput { found: "[1]".to_owned() }),
        ];
        for (text, wanted) in cases {
            assert_eq!(Said::read(text), Err(wanted), "{text}");
        }
    }

    #[test]
    fn letters_of_several_bytes_are_cut_nowhere() {
        for text in ["Äction: x", "ação:\nAnsw\u{fc}r", "思考: 三\nAnswer: 三", "\u{0}\r\n**"] {
            let _ = Said::read(text);
        }
        let long = format!("Action: x\nAction Input: {}", "三".repeat(100));
        assert_eq!(Said::read(&long), Err(Unreadable::BadInput { found: "三".repeat(80) }));
    }
}
