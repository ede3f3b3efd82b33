//! Text from elsewhere on its way to a terminal, which takes some characters as orders.

use std::borrow::Cow;

/// Whether a terminal takes `c` as an order: control characters of both blocks but line feed and tab, and those that turn
/// the direction of text, so that a line reads as another one.
pub const fn is_order(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => true,
        _ => false,
    }
}

/// `text` with every order as `\u{1b}` and the like. Everything that a user is told goes through here.
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_order) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_order(c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_shown_and_text_passes() {
        let text = "Grüße,\tΔ 𝄞\u{200d}\n";
        assert!(matches!(safe(text), Cow::Borrowed(same) if same == text));
        assert_eq!(safe("a\x1b]0;b\x07\rc"), "a\\u{1b}]0;b\\u{7}\\u{d}c");
        assert_eq!(safe("\u{9b}1m\u{202e}\u{2066}\u{7f}"), "\\u{9b}1m\\u{202e}\\u{2066}\\u{7f}");
    }
}
