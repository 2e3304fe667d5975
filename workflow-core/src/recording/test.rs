//! Test: a recording as a test that plays the run again, with what its steps did in the place of its steps.

use std::fmt::Write;

use super::{Ended, Execution, How, Outcome, Passed, Recording};

impl Recording {
    /// A `#[test]` that plays this run again: what each try of each step took, and what it gave, stand in for the
    /// steps, so that it needs none of what they talk to. It asks that the run ends as it did. It is for feature
    /// `testing`; put it beside the flow, and write how a test makes that.
    ///
    /// ```
    /// # use workflow_core::prelude::*;
    /// # #[event] struct Draft(String);
    /// # struct Greeter;
    /// # #[workflow]
    /// # impl Greeter {
    /// # #[step] async fn write(&self, name: StartEvent<String>) -> Draft { Draft(format!("hello {name}")) }
    /// # #[step] async fn polish(&self, draft: Draft) -> StopEvent<String> { StopEvent(draft.0 + "!") }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut run = Greeter.run("world").record();
    /// let result = (&mut run).await;
    /// let test = run.recording().to_test();
    /// assert!(test.contains(r##".ends(r#"["StopEvent<String>","hello world!"]"#)"##));
    /// # result.unwrap();
    /// # });
    /// ```
    ///
    /// A step that had waited for an event does not wait: what it gave is known. A run that was cancelled, or goes on,
    /// is played as far as it is known. Events that were [cut](Passed::cut) for want of room make a test that says so.
    #[must_use]
    pub fn to_test(&self) -> String {
        let name = self.workflow();
        let mut test = String::new();
        let _ = write!(
            test,
            "#[test]\nfn {}_ends_as_it_was_recorded() {{\n    // How a test makes the flow. Its steps are not run.\n    \
             let flow = || {name};\n    workflow_core::testing::recorded(flow, {})",
            snake_case(name),
            self.start(),
        );
        for execution in self.executions() {
            self.one_try(execution, &mut test);
        }
        match self.outcome() {
            Outcome::Stopped(stop) => {
                let _ = write!(test, "\n        .ends({})", quoted(&pair("", stop)));
            }
            Outcome::Failed { step, error, .. } => {
                let _ = write!(test, "\n        .fails({step:?}, {})", quoted(error));
            }
            Outcome::Stalled { .. } => test.push_str("\n        .stalls()"),
            Outcome::TimedOut { .. } => test.push_str("\n        .times_out()"),
            Outcome::Open | Outcome::Cancelled | Outcome::Refused { .. } => (),
        }
        test.push_str("\n        .run();\n}\n");
        test
    }

    /// The event that opened the run.
    fn start(&self) -> String {
        let took = self.executions().iter().flat_map(Execution::took);
        let start = took.clone().find(|event| event.event().starts_with("StartEvent"));
        start
            .or_else(|| took.clone().next())
            .map_or_else(|| "\"\"".to_owned(), |event| quoted(&pair("", event)))
    }

    fn one_try(&self, execution: &Execution, test: &mut String) {
        let came = execution.took().iter().filter(|event| {
            execution.follows().is_empty()
                && execution.attempt() == 1
                && !event.event().starts_with("StartEvent")
        });
        let came: Vec<String> = came.map(|event| pair("", event)).collect();
        if !came.is_empty() {
            let _ = write!(test, "\n        .received({})", quoted(&format!("[{}]", came.join(","))));
        }
        let (step, took, nanos) = (execution.step(), events(execution.took()), execution.lasted().as_nanos());
        let _ = match execution.ended() {
            Ended::Returned => {
                let gave = events(execution.gave());
                write!(test, "\n        .gave({step:?}, {took}, {}, {gave})", grouped(nanos))
            }
            Ended::Failed { error, .. } => {
                write!(test, "\n        .failed({step:?}, {took}, {}, {})", grouped(nanos), quoted(error))
            }
            Ended::Running | Ended::Dropped => write!(test, "\n        .ran_on({step:?}, {took})"),
        };
    }
}

fn events(passed: &[Passed]) -> String {
    let one = |event: &Passed| {
        let how = match event.how() {
            How::Taken | How::Returned | How::Awaited => "",
            How::Member => "member ",
            How::Sent => "sent ",
            How::Published => "published ",
        };
        pair(how, event)
    };
    quoted(&format!("[{}]", passed.iter().map(one).collect::<Vec<_>>().join(",")))
}

fn pair(how: &str, event: &Passed) -> String {
    format!("[\"{how}{}\",{}]", event.event(), event.json().unwrap_or("null"))
}

/// A raw string literal that holds this text.
fn quoted(text: &str) -> String {
    let longest =
        text.split('"').skip(1).map(|rest| rest.chars().take_while(|sign| *sign == '#').count()).max();
    match longest {
        None => format!("r\"{text}\""),
        Some(signs) => {
            let fence = "#".repeat(signs + 1);
            format!("r{fence}\"{text}\"{fence}")
        }
    }
}

/// A number as one writes a large one.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for sign in name.chars().filter(|sign| sign.is_alphanumeric() || *sign == '_') {
        if sign.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(sign.to_lowercase());
    }
    text
}
