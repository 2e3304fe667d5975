//! Arguments: what is measured, and how often.

use clap::Parser;

use crate::Entry;

/// Measures small works done by workflows, by hand and by other libraries, and prints a table for each.
#[derive(Debug, Parser)]
pub(super) struct Arguments {
    /// Only works whose name starts so, or implementations whose name contains it; several are alternatives
    filters: Vec<String>,

    /// How often each is measured; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rounds: u32,

    /// Prints the names of works and implementations
    #[arg(long)]
    pub(super) list: bool,

    /// Also prints what a workflow adds to the time of `cargo check` and to the size of a program
    #[arg(long)]
    pub(super) with_builds: bool,

    /// Measures one work, once, in this process, and prints the result as JSON
    #[arg(long, requires = "implementation")]
    case: Option<String>,

    /// By this implementation
    #[arg(long = "impl", requires = "case")]
    implementation: Option<String>,

    /// In this size
    #[arg(long, requires = "case")]
    pub(super) n: Option<u64>,

    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    /// The one work and implementation that this process is for.
    pub(super) fn single(&self) -> Option<(&str, &str)> {
        self.case.as_deref().zip(self.implementation.as_deref())
    }

    pub(super) fn wants(&self, entry: &Entry) -> bool {
        self.filters.is_empty()
            || self
                .filters
                .iter()
                .any(|filter| entry.work.name().starts_with(filter) || entry.name.contains(filter))
    }
}
