//! Sources: passages with numbers, as a prompt shows them and as a model names them.

use crate::Passage;

/// The passages, each under its number, counted from 1, and its file.
pub fn numbered<'p>(passages: impl IntoIterator<Item = &'p Passage>) -> String {
    let shown = |(place, passage): (usize, &Passage)| {
        format!("[{}] {}\n{}\n", place + 1, passage.file, passage.text.trim())
    };
    passages.into_iter().enumerate().map(shown).collect::<Vec<_>>().join("\n")
}

/// The places, counted from 0, that a reply ranks highest, best first; `None` when it ranks none of them.
///
/// A reply has a line for each passage: its number, counted from 1, then a score. What else stands there is
/// passed over, as are numbers above `count` and a passage's second line.
pub fn read_ranking(reply: &str, count: usize) -> Option<Vec<usize>> {
    let mut ranked = Vec::<(usize, u32)>::new();
    for line in reply.lines() {
        let mut numbers =
            line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u32>().ok());
        let (Some(number), Some(score)) = (numbers.next(), numbers.next()) else { continue };
        let Some(place) = (number as usize).checked_sub(1).filter(|place| *place < count) else { continue };
        if ranked.iter().all(|(known, _)| *known != place) {
            ranked.push((place, score));
        }
    }
    // Of equal scores the one that the model wrote first.
    ranked.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    (!ranked.is_empty()).then(|| ranked.into_iter().map(|(place, _)| place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_are_shown_with_numbers_from_one() {
        let passage =
            |file: &str| Passage { file: file.to_owned(), number: 7, text: format!("\nall of {file}") };
        let shown = numbered(&[passage("a.md"), passage("b.md")]);
        assert_eq!(shown, "[1] a.md\nall of a.md\n\n[2] b.md\nall of b.md\n");
    }

    #[test]
    fn a_ranking_is_read_whatever_stands_around_its_numbers() {
        assert_eq!(read_ranking("2: 7\n1: 9\n", 3), Some(vec![0, 1]));
        assert_eq!(read_ranking("Sure!\n- Doc: [3], Relevance: 10\n* 1 - 4 of 10", 3), Some(vec![2, 0]));
        assert_eq!(read_ranking("3: 5\n1: 5\n3: 9", 3), Some(vec![2, 0]), "equal scores, a second line");
    }

    #[test]
    fn a_reply_that_ranks_nothing_that_was_shown_is_no_ranking() {
        for reply in ["", "I cannot say.", "4: 9", "0: 9", "1", "99999999999999999999: 1"] {
            assert_eq!(read_ranking(reply, 3), None, "{reply}");
        }
    }
}
