//! Journal: what is promised of runs that are written down in a file.

mod conformance;
mod files;
mod growth;
mod leases;
mod processes;
mod runs;
#[path = "../shared/shop.rs"]
mod shop;
mod trouble;
mod versions;
