//! Limits: what one would write by hand, from the bare loop to what a library usually does inside.

use crate::Entry;

/// All that is written by hand.
#[must_use]
pub fn entries_of_limits() -> Vec<Entry> {
    Vec::new()
}
