//! Line: an error with all that it comes from, on one line.

use std::error::Error;

/// The texts of an error and of its sources, outermost first, with colons between them.
///
/// Line breaks inside a text become spaces, and a source that only repeats what was said is left out.
pub fn one_line(error: &(dyn Error + 'static)) -> String {
    let mut line = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !line.ends_with(&text) {
            if !line.is_empty() {
                line += ": ";
            }
            line += &text;
        }
        next = error.source();
    }
    line
}
