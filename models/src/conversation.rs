//! How questions and answers are written for the model.

use crate::records::Record;

/// What the model reads before its answer; what is no ASCII counts as a question mark, as the model has 128 tokens.
pub fn prompt(question: &str) -> Vec<u8> {
    let mut bytes = b"Q: ".to_vec();
    bytes.extend(question.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c as u8 } else { b'?' }));
    bytes.extend(b"\nA: ");
    bytes
}

/// What ends an answer.
pub const END: u8 = b'\n';

/// The longest answer before it is cut off.
pub const LONGEST_ANSWER: usize = 64;

/// A record as the corpus has it.
pub fn record(record: &Record) -> String {
    format!("Q: {}\nA: {}\n", record.question, record.answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_how_a_record_begins() {
        let example = Record { question: "eco on".to_owned(), answer: "yes".to_owned() };
        let written = record(&example);
        assert_eq!(written.strip_prefix(&String::from_utf8(prompt("eco on")).unwrap()), Some("yes\n"));
        assert_eq!(prompt("\u{fc}\n"), b"Q: ??\nA: ");
    }
}
