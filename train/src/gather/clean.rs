//! From text of any kind to plain text.

use super::html::text_of_html;
use crate::encoding::looks_like_html;

/// Text of a source, with what it took to get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// Plain text: no control characters but tab and line feed, no two blanks in a row, none at the end of a line.
    pub text: String,
    /// Whether tags were stripped.
    pub was_html: bool,
}

/// Strips HTML where there is any, drops control characters but tab and line feed, and folds runs of blanks.
pub fn clean(text: &str) -> Cleaned {
    let was_html = looks_like_html(text);
    let text = if was_html { fold(&text_of_html(text)) } else { fold(text) };
    Cleaned { text, was_html }
}

/// Drops control characters but tab and line feed, makes every line end with a line feed alone, folds runs of blanks
/// into one and drops those at the end of a line.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A blank is written when it is known that something follows on its line.
    let mut blank: Option<char> = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => {
                if character == '\r' && characters.peek() == Some(&'\n') {
                    continue;
                }
                blank = None;
                out.push('\n');
            }
            // A run becomes a space, a tab alone stays one.
            '\t' => blank = Some(if blank.is_none() { '\t' } else { ' ' }),
            blank_of_any_kind if blank_of_any_kind.is_whitespace() && !blank_of_any_kind.is_control() => {
                blank = Some(' ');
            }
            control if control.is_control() || control == '\u{feff}' => {}
            other => {
                out.extend(blank.take());
                out.push(other);
            }
        }
    }
    out
}

/// The longest start of `text` of at most `most` bytes that ends between two characters.
pub fn cap_bytes(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        clean(text).text
    }

    #[test]
    fn control_characters_go_but_tab_and_line_feed_stay() {
        assert_eq!(text("a\0b\x07c\x7fd\x1b[0m\te\nf"), "abcd[0m\te\nf");
        assert_eq!(text("\u{feff}a\u{85}b\u{9f}c"), "abc");
    }

    #[test]
    fn blanks_are_folded() {
        assert_eq!(text("a  b \t c\t\td\te   \n \n  f"), "a b c d\te\n\n f");
        assert_eq!(text("a\u{a0}\u{2003}b"), "a b");
    }

    #[test]
    fn lines_end_with_a_line_feed() {
        assert_eq!(text("a\r\nb\rc\n\rd"), "a\nb\nc\n\nd");
    }

    #[test]
    fn tags_of_pages_go() {
        let cleaned = clean("<html><body><p>a  b</p></body></html>");
        assert_eq!((cleaned.text.trim(), cleaned.was_html), ("a b", true));
        assert_eq!(clean("a <p> b"), Cleaned { text: "a <p> b".to_owned(), was_html: false });
    }

    #[test]
    fn a_cap_cuts_between_characters() {
        let text = "a\u{e4}\u{20ac}\u{1f600}z";
        let lengths: Vec<usize> = (0..=12).map(|most| cap_bytes(text, most).len()).collect();
        assert_eq!(lengths, [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11]);
    }
}
