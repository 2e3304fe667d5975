//! Source: the workflow that is compiled.

use std::fmt::Write;

/// How the steps hang together.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Each step leads to the next.
    Chain,
    /// Groups of five: a tuple, a batch and its join, a fallible step, a join of two.
    Mixed,
}

/// Which attributes are left in.
#[derive(Clone, Copy, Debug)]
pub enum Attributes {
    /// None: structs with derives, and methods.
    None,
    /// `#[event]` alone.
    Events,
    /// `#[event]`, `#[workflow]` and `#[step]`.
    All,
}

/// A workflow of about `steps` steps.
pub fn workflow(form: Form, steps: usize, attributes: Attributes) -> String {
    let mut code = Code { attributes, events: String::new(), steps: String::new() };
    match form {
        Form::Chain => code.chain(steps),
        Form::Mixed => code.mixed(steps.div_ceil(5)),
    }
    let workflow = if let Attributes::All = attributes { "#[workflow]\n" } else { "" };
    let Code { events, steps, .. } = code;
    format!(
        "#![allow(dead_code, unused_imports)]\n\
         use workflow_core::prelude::*;\n\n{events}\nstruct Flow;\n\n{workflow}impl Flow {{\n{steps}}}\n"
    )
}

struct Code {
    attributes: Attributes,
    events: String,
    steps: String,
}

impl Code {
    fn chain(&mut self, steps: usize) {
        let mut taken = "StartEvent<u32>".to_owned();
        for step in 1..steps {
            let event = self.event("Event", step);
            self.step("step", step, &taken, &event, "todo!()");
            taken = event;
        }
        self.step("step", steps, &taken, "StopEvent<u32>", "StopEvent(1)");
    }

    fn mixed(&mut self, groups: usize) {
        let mut taken = "StartEvent<u32>".to_owned();
        for group in 1..=groups {
            let names = ["Left", "Right", "Page", "Pages", "Found"].map(|name| self.event(name, group));
            let [left, right, page, pages, found] = names;
            let next = if group == groups { "StopEvent<u32>".to_owned() } else { self.event("Next", group) };
            self.step("fork", group, &taken, &format!("({left}, {right})"), "todo!()");
            self.step("split", group, &left, &format!("Vec<{page}>"), "vec![]");
            self.step("gather", group, &format!("Vec<{page}>"), &pages, "todo!()");
            self.step("find", group, &right, &format!("Result<{found}, std::fmt::Error>"), "todo!()");
            self.step("join", group, &pages, &next, "todo!()");
            self.steps = self.steps.replace(
                &format!("join_{group}(&self, _: {pages}"),
                &format!("join_{group}(&self, _: {pages}, _: {found}"),
            );
            taken = next;
        }
    }

    fn event(&mut self, name: &str, number: usize) -> String {
        let name = format!("{name}{number}");
        let attribute = match self.attributes {
            Attributes::None => "#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]",
            Attributes::Events | Attributes::All => "#[event]",
        };
        writeln!(self.events, "{attribute}\nstruct {name} {{\n    text: String,\n}}")
            .expect("a string takes all");
        name
    }

    fn step(&mut self, name: &str, number: usize, taken: &str, emitted: &str, body: &str) {
        let attribute = if let Attributes::All = self.attributes { "    #[step]\n" } else { "" };
        writeln!(
            self.steps,
            "{attribute}    async fn {name}_{number}(&self, _: {taken}) -> {emitted} {{\n        {body}\n    }}"
        )
        .expect("a string takes all");
    }
}
