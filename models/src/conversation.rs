//! How questions and answers are written for the model.

use crate::records::Record;

/// What the model reads before its answer. It knows lower case without marks at the end, which need no weights that
/// way; what is no ASCII becomes a question mark, as the model has 128 tokens.
pub fn prompt(question: &str) -> Vec<u8> {
    let mut bytes = b"Q: ".to_vec();
    let plain = question.trim().trim_end_matches(['?', '.', '!', ' ']);
    let byte = |c: char| if c.is_ascii() && !c.is_ascii_control() { c.to_ascii_lowercase() as u8 } else { b'?' };
    bytes.extend(plain.chars().map(byte));
    bytes.extend(b"\nA: ");
    bytes
}

/// What ends an answer.
pub const END: u8 = b'\n';

/// The longest answer before it is cut off.
pub const LONGEST_ANSWER: usize = 64;

/// A record as the corpus has it.
pub fn record(record: &Record) -> Vec<u8> {
    let mut bytes = prompt(&record.question);
    bytes.extend(record.answer.bytes());
    bytes.push(END);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_how_a_record_begins() {
        let example = Record { question: "Eco on?".to_owned(), answer: "Yes".to_owned() };
        assert_eq!(record(&example), b"Q: eco on\nA: Yes\n");
        assert_eq!(prompt(" \u{fc}\tA!? "), b"Q: ??a\nA: ");
        assert_eq!(prompt(""), b"Q: \nA: ");
    }
}
