//! Words: a sentence put together in a constant.
//!
//! `format!` does not run at compile time, and a finding must read the same there and at run time.

/// A short text of fixed room; what does not fit is cut.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; Self::ROOM],
    length: usize,
}

impl Text {
    const ROOM: usize = 640;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::ROOM], length: 0 }
    }

    /// Appends the whole of `part`, or nothing when there is no room for it.
    pub(super) const fn say(mut self, part: &str) -> Self {
        let part = part.as_bytes();
        if self.length + part.len() <= Self::ROOM {
            let mut byte = 0;
            while byte < part.len() {
                self.bytes[self.length + byte] = part[byte];
                byte += 1;
            }
            self.length += part.len();
        }
        self
    }

    /// Appends a name of the user's, in backticks.
    pub(super) const fn name(self, name: &str) -> Self {
        self.say("`").say(name).say("`")
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.length);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}
