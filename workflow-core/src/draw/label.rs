//! Label: how wide a text is, and how it is cut when it is too wide.

/// How many columns of a terminal, or of a font with fixed widths, the text takes.
pub(crate) fn columns(text: &str) -> usize {
    #[cfg(feature = "draw")]
    return unicode_width::UnicodeWidthStr::width(text);
    #[cfg(not(feature = "draw"))]
    text.chars().count()
}

/// The text with its middle left out, when it is wider than `room` columns: two names that differ do so
/// at the beginning or at the end.
#[cfg(feature = "draw")]
pub(super) fn cut(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let (head, tail) = (room - room / 3 - 1, room / 3);
    let start: String = fitting(text.chars(), head).collect();
    let end: Vec<char> = fitting(text.chars().rev(), tail).collect();
    format!("{start}…{}", end.into_iter().rev().collect::<String>())
}

/// The characters that come first and take no more than `room` columns.
#[cfg(feature = "draw")]
fn fitting(chars: impl Iterator<Item = char>, room: usize) -> impl Iterator<Item = char> {
    let mut used = 0;
    chars.take_while(move |char| {
        used += unicode_width::UnicodeWidthChar::width(*char).unwrap_or(0);
        used <= room
    })
}
