//! Registry: every workflow that is linked into the program.
//!
//! `#[workflow]` enters each at link time; nobody keeps a list.

use std::fmt;

use crate::graph::Graph;
use crate::{Drawing, GraphError};

/// One workflow of the program.
pub struct Listed {
    name: &'static str,
    module: &'static str,
    graph: fn() -> &'static Graph,
    fields: fn() -> Vec<String>,
    check: fn() -> Result<(), GraphError>,
}

inventory::collect!(Listed);

/// Every workflow that is linked into the program, by name, and those of one name by module.
///
/// A workflow of another crate is linked when something of that crate is used: `use its_crate as _;`.
///
/// ```
/// use workflow_core::prelude::*;
///
/// struct Greeter;
///
/// #[workflow]
/// impl Greeter {
///     #[step]
///     async fn greet(&self, name: StartEvent<String>) -> StopEvent<String> {
///         StopEvent(format!("hello {name}"))
///     }
/// }
///
/// # fn main() -> Result<(), GraphError> {
/// for flow in workflow_core::workflows() {
///     flow.check()?;
///     println!("{}: {} steps", flow.name(), flow.graph().steps.len());
/// }
/// # assert!(workflow_core::workflows().any(|flow| flow.name() == "Greeter"));
/// # Ok(()) }
/// ```
pub fn workflows() -> impl Iterator<Item = &'static Listed> {
    let mut all: Vec<&Listed> = inventory::iter::<Listed>().collect();
    all.sort_by_key(|listed| (listed.name, listed.module));
    all.into_iter()
}

impl Listed {
    /// What `#[workflow]` enters.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: &'static str,
        module: &'static str,
        graph: fn() -> &'static Graph,
        fields: fn() -> Vec<String>,
        check: fn() -> Result<(), GraphError>,
    ) -> Self {
        Self { name, module, graph, fields, check }
    }

    /// The workflow's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The module in which it stands, as a path that begins with its crate.
    #[must_use]
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// Its steps and events, as data.
    #[must_use]
    pub fn graph(&self) -> &'static Graph {
        (self.graph)()
    }

    /// All paths that a run of it can take, as a picture.
    #[must_use]
    pub fn draw(&self) -> Drawing {
        Drawing::new(self.graph()).with_fields(self.fields)
    }

    /// The same as [`Workflow::check`](crate::Workflow::check).
    ///
    /// # Errors
    ///
    /// All findings, in the words of the compiler.
    pub fn check(&self) -> Result<(), GraphError> {
        (self.check)()
    }
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listed").field("name", &self.name).field("module", &self.module).finish()
    }
}
