//! Grammars as text.

use atome_grammar::{compile, derive, fits, Example, MAX_TABLE};

/// A text is refused at a place in it, or becomes a table whose examples are texts of the grammar. Any answers have a grammar, or
/// one whose table is too large.
pub fn grammar(data: &[u8]) {
    // Long ones take time, and have no other code.
    let Some(text) = std::str::from_utf8(data).ok().filter(|text| text.len() < 4000) else { return };
    match compile(text) {
        Err(refusal) => {
            assert!(refusal.place.line <= 1 + text.lines().count() && refusal.place.column > 0, "{refusal}");
            assert!(!refusal.message.is_empty());
        }
        Ok(compiled) => {
            assert!(compiled.table.len() <= MAX_TABLE);
            for example in compiled.facts.examples.iter().filter(|example| !example.contains("<copy>")) {
                // A text that has the word itself is told from a copy by nothing.
                assert_eq!(fits(&compiled.table, b"", example.as_bytes()), Ok(()), "{example:?}");
                assert!(compiled.facts.longest.is_none_or(|longest| example.len() <= longest));
            }
        }
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.contains('\0')).take(9).collect();
    let examples: Vec<Example<'_>> = lines.iter().map(|line| Example { prompt: line, answer: line }).collect();
    if examples.is_empty() {
        return;
    }
    let derived = derive(&examples).text;
    match compile(&derived) {
        Err(refusal) => assert!(refusal.message.contains("the table would have"), "{refusal} in {derived}"),
        Ok(compiled) => {
            for line in lines {
                assert_eq!(fits(&compiled.table, line.as_bytes(), line.as_bytes()), Ok(()), "{line:?} in {derived}");
            }
        }
    }
}
