//! Passed: one event as it was taken or given, written down as far as there is room.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// One event in a recording: its name, and its value as JSON, cut where it is long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    pub(crate) event: Cow<'static, str>,
    pub(crate) how: How,
    /// None when it cannot be written down.
    pub(crate) json: Option<String>,
    /// How many bytes the JSON has that are not there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) cut: usize,
}

/// How an event came to be in an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum How {
    /// The step was given it.
    Taken,
    /// The step returned it.
    Returned,
    /// The step returned it as a member of a batch.
    Member,
    /// The step sent it.
    Sent,
    /// The step gave it to the caller.
    Published,
    /// The step had waited for it.
    Awaited,
}

impl Passed {
    /// The event's name.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Its value as JSON, which is none any more where it is [`cut`](Passed::cut); `None` of an event that cannot
    /// be written down, like a transient one.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }

    /// How many bytes of the JSON are left out at its end.
    #[must_use]
    pub fn cut(&self) -> usize {
        self.cut
    }

    /// How it came to be where it is.
    #[must_use]
    pub fn how(&self) -> How {
        self.how
    }

    /// Name and value, with a sign where something is cut off.
    pub(crate) fn words(&self) -> String {
        match (&self.json, self.cut) {
            (None, _) => format!("{} (cannot be written down)", self.event),
            (Some(json), 0) => format!("{} {json}", self.event),
            (Some(json), cut) => format!("{} {json}… {cut} bytes more", self.event),
        }
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The text up to `room` bytes, never in the middle of a character, and how many bytes are missing.
#[cfg(feature = "runtime")]
pub(crate) fn shortened(mut text: String, room: usize) -> (String, usize) {
    let whole = text.len();
    if whole > room {
        let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
    }
    let cut = whole - text.len();
    (text, cut)
}
