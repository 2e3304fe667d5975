//! Journal: what is promised of runs that are written down in a file.

mod conformance;
mod files;
mod growth;
mod leases;
#[path = "../../../tests/flows/orders.rs"]
mod orders;
mod processes;
mod runs;
mod trouble;
mod versions;
