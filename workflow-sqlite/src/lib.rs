//! Workflows that survive: every run is written down in one SQLite file, and goes on after a crash.
//!
//! ```no_run
//! use workflow_core::prelude::*;
//! use workflow_sqlite::SqliteJournal;
//!
//! # struct Shop;
//! # #[workflow] impl Shop {
//! #     #[step] async fn pack(&self, order: StartEvent<u64>) -> StopEvent<String> { StopEvent(format!("order {} is packed", order.0)) }
//! # }
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let journal = SqliteJournal::open("orders.db")?;
//! let result = Shop.run(42u64).id("order-42").journal(&journal).await?;
//! # Ok(()) }
//! ```
//!
//! Killed at any moment and started again with the same id, the run goes on where it was: each fact is on disk before
//! anything follows from it. There is no server; the file opens with `sqlite3 orders.db`, where `SELECT * FROM overview`
//! is a good beginning.
//!
//! After a start, [`SqliteJournal::resume_all`] takes up every run that was left.

mod error;
mod hold;
mod journal;
mod options;
mod order;
mod reader;
mod schema;
mod writer;

pub use error::SqliteError;
pub use journal::SqliteJournal;
pub use options::SqliteOptions;
